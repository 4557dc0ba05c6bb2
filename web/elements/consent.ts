// <fl-consent>: asks once for what the visitor allows, and is where a choice can be changed. The page may write its own
// content with controls [data-fl-consent="all|none|personalization|measurement|opt-out"]; a control anywhere with
// data-fl-consent="open" brings it back. It hides while a choice or a signal (GPC, DNT) has answered already, wherever
// that was given: here, in a form, in another tab.
//
// What holds now is shown, too: the choice's controls, and the buttons of plain forms (POST /api/privacy/consent), are
// pressed; [data-fl-when="allowed"] and [data-fl-when="refused"] are there while personalization is not, or is, refused.
import { type Choices, type Footlight, hasSignal, type Purpose } from '../sdk/index.js';

const CHOICES: Record<string, Partial<Choices>> = {
  all: { personalization: 'granted', measurement: 'granted', optedOut: false },
  none: { personalization: 'denied', measurement: 'denied', optedOut: false },
  personalization: { personalization: 'granted', measurement: 'denied', optedOut: false },
  measurement: { personalization: 'denied', measurement: 'granted', optedOut: false },
  'opt-out': { personalization: 'denied', measurement: 'denied', optedOut: true },
};

const PURPOSES: readonly Purpose[] = ['personalization', 'measurement'];

const PLAIN = `<p>May this site choose what it shows you from your answers and what you look at here, and count what helps?</p>
<p><button type="button" data-fl-consent="all">Yes</button> <button type="button" data-fl-consent="personalization">Only choose</button> <button type="button" data-fl-consent="none">No</button></p>`;

/** Whether somebody has asked for the question, so that it stays although it has been answered. */
let isOpened = false;
let afterYes: (() => void) | undefined;

/** Asks for what the visitor has just tried to do; `work` is done once they allow it. */
export function askConsent(page: Footlight, work: () => void): void {
  afterYes = work;
  isOpened = true;
  showConsent(page);
  document.querySelector<HTMLElement>('fl-consent [data-fl-consent]')?.focus();
}

export function defineConsent(client: () => Footlight | undefined): void {
  if (customElements.get('fl-consent')) return;
  const show = () => {
    const page = client();
    if (page) showConsent(page);
  };
  customElements.define(
    'fl-consent',
    class extends HTMLElement {
      connectedCallback(): void {
        if (!this.firstElementChild) {
          this.innerHTML = PLAIN;
          // Over the page, so that asking moves nothing.
          this.style.cssText ||=
            'position:fixed;inset:auto 1rem 1rem;z-index:9;padding:1rem;background:Canvas;color:CanvasText;border:1px solid';
        }
        this.setAttribute('role', 'region');
        if (!this.hasAttribute('aria-label')) this.setAttribute('aria-label', 'Privacy');
        this.hidden = true;
        show();
      }
    },
  );
  show();
  client()?.on(show);
  for (const name of ['footlight:answered', 'visibilitychange']) {
    document.addEventListener(name, show);
  }
  for (const name of ['pageshow', 'storage']) addEventListener(name, show);
  document.addEventListener('click', (event) => {
    const control =
      event.target instanceof Element ? event.target.closest('[data-fl-consent]') : null;
    const page = client();
    if (!control || !page) return;
    const name = control.getAttribute('data-fl-consent') ?? '';
    const choices = CHOICES[name];
    if (!choices && name !== 'open') return;
    event.preventDefault();
    isOpened = !choices;
    if (choices) {
      page.consent(choices);
      if (page.allows('personalization')) afterYes?.();
      afterYes = undefined;
    }
    showConsent(page);
  });
}

function showConsent(page: Footlight): void {
  const choices = page.choices();
  const { personalization, measurement, optedOut } = choices;
  const isAnswered =
    optedOut || hasSignal() || personalization !== 'unset' || measurement !== 'unset';
  for (const element of document.querySelectorAll<HTMLElement>('fl-consent')) {
    element.hidden = isAnswered && !isOpened;
  }
  const isRefused = optedOut || personalization === 'denied';
  for (const element of document.querySelectorAll<HTMLElement>('[data-fl-when]')) {
    element.hidden = (element.dataset.flWhen === 'refused') !== isRefused;
  }
  const press = (control: Element, isHeld: boolean) =>
    control.setAttribute('aria-pressed', `${isHeld}`);
  for (const [name, meant] of Object.entries(CHOICES)) {
    const keys = Object.keys(meant) as (keyof Choices)[];
    const isHeld = keys.every((key) => meant[key] === choices[key]);
    for (const control of document.querySelectorAll(`button[data-fl-consent="${name}"]`)) {
      press(control, isHeld);
    }
  }
  for (const purpose of PURPOSES) {
    const buttons = document.querySelectorAll<HTMLButtonElement>(
      `form[action$="/api/privacy/consent"] button[name="${purpose}"]`,
    );
    for (const button of buttons) press(button, button.value === choices[purpose]);
  }
}
