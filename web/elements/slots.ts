// <fl-hero>, <fl-projects>, <fl-testimonials>, <fl-services>: a slot (edge/PAGE.md) for pages that do not mark theirs
// up. What stands inside is the default content and its first element the template; an element left empty brings a
// plain template, but then nothing is held free for it before it is filled: give it a min-height.
//
//   <fl-projects limit="3"></fl-projects>
import { setTemplate } from '../sdk/fill.js';

const REASON = '<p class="fl-why" data-fl-if="matchReason" data-fl-text="matchReason"></p>';

const TEMPLATES = {
  hero: `<div class="fl-card"><h1 data-fl-text="title"></h1><p data-fl-text="subtitle"></p><a data-fl-if="ctaText" data-fl-attr="href:ctaUrl" data-fl-text="ctaText"></a></div>`,
  projects: `<article class="fl-card"><h3><a data-fl-attr="href:url" data-fl-text="title"></a></h3><p data-fl-if="format" data-fl-text="format"></p><p data-fl-text="logline"></p>${REASON}</article>`,
  testimonials: `<figure class="fl-card"><blockquote data-fl-text="quote"></blockquote><figcaption data-fl-text="author"></figcaption>${REASON}</figure>`,
  services: `<article class="fl-card" data-fl-class="fl-highlight:highlight"><h3 data-fl-text="name"></h3><p data-fl-text="description"></p>${REASON}</article>`,
} as const;

type SlotName = keyof typeof TEMPLATES;

class SlotElement extends HTMLElement {
  static slotName: SlotName;

  connectedCallback(): void {
    const name = (this.constructor as typeof SlotElement).slotName;
    // What the page says wins: the worker reads the same attributes.
    this.dataset.flSlot ??= name;
    const limit = this.getAttribute('limit');
    if (limit) this.dataset.flLimit ??= limit;
    if (!this.style.display) this.style.display = 'block';
    if (!this.firstElementChild) setTemplate(this, template(name));
  }
}

function template(name: SlotName): Element {
  const holder = document.createElement('template');
  holder.innerHTML = TEMPLATES[name];
  return holder.content.firstElementChild as Element;
}

export function defineSlots(): void {
  for (const name of Object.keys(TEMPLATES) as SlotName[]) {
    if (customElements.get(`fl-${name}`)) continue;
    customElements.define(
      `fl-${name}`,
      class extends SlotElement {
        static override slotName = name;
      },
    );
  }
}
