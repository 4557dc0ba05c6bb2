// <fl-consent>: asks once for what the visitor allows, and is where a choice can be changed. The page may write its own
// content with controls [data-fl-consent="all|none|personalization|measurement|opt-out"]; a control anywhere with
// data-fl-consent="open" brings it back. It hides while a choice or a signal (GPC, DNT) has answered already.
import { type Choices, type Footlight, hasSignal } from '../sdk/index.js';

const CHOICES: Record<string, Partial<Choices>> = {
  all: { personalization: 'granted', measurement: 'granted', optedOut: false },
  none: { personalization: 'denied', measurement: 'denied', optedOut: false },
  personalization: { personalization: 'granted', measurement: 'denied', optedOut: false },
  measurement: { personalization: 'denied', measurement: 'granted', optedOut: false },
  'opt-out': { personalization: 'denied', measurement: 'denied', optedOut: true },
};

const PLAIN = `<p>May this site choose what it shows you from your answers and what you look at here, and count what helps?</p>
<p><button type="button" data-fl-consent="all">Yes</button> <button type="button" data-fl-consent="personalization">Only choose</button> <button type="button" data-fl-consent="none">No</button></p>`;

export function defineConsent(client: () => Footlight | undefined): void {
  if (customElements.get('fl-consent')) return;
  customElements.define(
    'fl-consent',
    class extends HTMLElement {
      connectedCallback(): void {
        const page = client();
        if (!this.firstElementChild) {
          this.innerHTML = PLAIN;
          // Over the page, so that asking moves nothing.
          this.style.cssText ||=
            'position:fixed;inset:auto 1rem 1rem;z-index:9;padding:1rem;background:Canvas;color:CanvasText;border:1px solid';
        }
        this.setAttribute('role', 'region');
        if (!this.hasAttribute('aria-label')) this.setAttribute('aria-label', 'Privacy');
        this.hidden = !page || isAnswered(page);
      }
    },
  );
  document.addEventListener('click', (event) => {
    const control =
      event.target instanceof Element ? event.target.closest('[data-fl-consent]') : null;
    const page = client();
    if (!control || !page) return;
    const name = control.getAttribute('data-fl-consent') ?? '';
    const choices = CHOICES[name];
    if (!choices && name !== 'open') return;
    event.preventDefault();
    if (choices) page.consent(choices);
    for (const element of document.querySelectorAll<HTMLElement>('fl-consent')) {
      element.hidden = name !== 'open';
    }
  });
}

function isAnswered(page: Footlight): boolean {
  const { personalization, measurement, optedOut } = page.choices();
  return optedOut || hasSignal() || personalization !== 'unset' || measurement !== 'unset';
}
