// Fills marked-up slots in the DOM by the rules of edge/PAGE.md: the same HTML as the worker makes of the same decision.
//
// Nothing may jump. Cards that stay as they are keep their nodes, and with them focus, playback and loaded images. What
// nobody asked for just now, such as the first decision of a page that somebody is looking at, is put in only where it
// moves nothing in view: where it needs less height the rest is held free, where it needs more it waits until the slot
// is out of view.
import type { DecisionData } from '../../wasm/binding/decider.js';
import {
  attributeRules,
  attributeValue,
  canFill,
  classRules,
  type Fields,
  fieldHolds,
  fieldText,
} from '../../wasm/binding/fields.js';

/** The card as the page wrote it, by container: a filled card may have lost elements and attributes. */
const templates = new WeakMap<Element, Element>();
const waiting = new WeakMap<Element, IntersectionObserver>();
/** What the page itself had in a container before it was filled here; filling makes new nodes and changes none of these. */
const defaults = new WeakMap<Element, readonly Node[]>();

/** For a container without a card of its own. */
export function setTemplate(container: Element, card: Element): void {
  templates.set(container, card);
}

export interface FillOptions {
  fields: (entry: DecisionData['slots'][string][number]) => Fields | undefined;
  /** Whether the visitor has just asked for this, so that the page may move. Default false. */
  asked?: boolean;
}

/** The containers of a page, outermost only, one for each slot name. */
export function findSlots(root: ParentNode = document): Map<string, HTMLElement> {
  const slots = new Map<string, HTMLElement>();
  for (const container of root.querySelectorAll<HTMLElement>('[data-fl-slot]')) {
    const name = container.dataset.flSlot ?? '';
    const nested = container.parentElement?.closest('[data-fl-slot]');
    if (!nested && !slots.has(name)) slots.set(name, container);
  }
  return slots;
}

/** What a container asks decide() for. */
export function slotRequest(
  name: string,
  container: HTMLElement,
): { slot: string; limit?: number } {
  const limit = Number.parseInt(container.dataset.flLimit ?? '', 10);
  return limit > 0 ? { slot: name, limit } : { slot: name };
}

/** Fills every slot of the page that the decision has something for; none in apprentice mode, or where a flag says so. */
export function fillPage(decision: DecisionData, options: FillOptions): void {
  if (decision.apprentice || decision.unpersonalized) return;
  for (const [name, container] of findSlots()) {
    const items = (decision.slots[name] ?? []).map(options.fields);
    const known = items.filter((item) => item !== undefined);
    if (known.length) fillSlot(container, known, decision.version, options.asked);
  }
}

/**
 * Gives every slot back what the page had written there. False when one of them had been filled before it arrived here:
 * then only the site has it.
 */
export function restorePage(): boolean {
  let isWhole = true;
  for (const container of findSlots().values()) {
    waiting.get(container)?.disconnect();
    if (!container.hasAttribute('data-fl-filled')) continue;
    const nodes = defaults.get(container);
    if (nodes) {
      keepFocus(container, () => container.replaceChildren(...nodes));
      container.removeAttribute('data-fl-filled');
    } else isWhole = false;
  }
  return isWhole;
}

export function fillSlot(
  container: HTMLElement,
  items: readonly Fields[],
  version: number,
  asked = false,
): void {
  const template = templateOf(container);
  if (!template) return;
  waiting.get(container)?.disconnect();
  const cards = items
    .map((item) => renderCard(template, item))
    .filter((card) => card !== undefined);
  if (!cards.length) return;
  const mark = () => {
    container.setAttribute('data-fl-filled', `${version}`);
    container.dispatchEvent(new CustomEvent('footlight:filled', { bubbles: true }));
  };
  const now = [...container.childNodes];
  if (!container.hasAttribute('data-fl-filled')) defaults.set(container, now);
  if (now.length === cards.length && cards.every((card, i) => card.isEqualNode(now[i] ?? null))) {
    mark();
    return;
  }
  const free = asked || !mayBePainted() || !isInView(container) || !container.firstElementChild;
  const before = container.getBoundingClientRect().height;
  keepFocus(container, () => replaceCards(container, cards));
  if (!free && !holdHeight(container, before)) {
    container.replaceChildren(...now);
    fillWhenOutOfView(container, () => fillSlot(container, items, version, true));
    return;
  }
  mark();
}

/** One card, unless its own condition fails. Its root gets data-fl-id; data-fl-* stay, for filling again. */
export function renderCard(template: Element, fields: Fields): Element | undefined {
  const condition = template.getAttribute('data-fl-if')?.trim();
  if (condition && !fieldHolds(fields, condition)) return undefined;
  const card = template.cloneNode(true) as Element;
  fillElement(card, fields);
  for (const element of card.querySelectorAll(
    '[data-fl-text],[data-fl-attr],[data-fl-if],[data-fl-class]',
  )) {
    // What lies in a removed element or under a filled text has left the card with it.
    if (card.contains(element)) fillElement(element, fields);
  }
  card.setAttribute('data-fl-id', fieldText(fields, 'id') ?? '');
  return card;
}

function fillElement(element: Element, fields: Fields): void {
  const read = (name: string) => element.getAttribute(`data-fl-${name}`)?.trim();
  const condition = read('if');
  if (condition && !fieldHolds(fields, condition)) {
    element.remove();
    return;
  }
  if (!canFill(element.localName)) return;
  for (const rule of attributeRules(read('attr') ?? '')) {
    const value = attributeValue(fields, rule);
    if (value === undefined) element.removeAttribute(rule.name);
    else element.setAttribute(rule.name, value);
  }
  for (const { name, field } of classRules(read('class') ?? '')) {
    if (!fieldHolds(fields, field)) continue;
    const classes = (element.getAttribute('class') ?? '').trim();
    element.setAttribute('class', (classes && `${classes} ` + name) || name);
  }
  const text = read('text');
  if (text) element.textContent = fieldText(fields, text) ?? '';
}

function templateOf(container: HTMLElement): Element | undefined {
  let template = templates.get(container);
  if (template) return template;
  // The worker leaves the page's card behind where filled ones may have lost a part of it.
  const name = container.dataset.flSlot ?? '';
  const kept = document.querySelector<HTMLTemplateElement>(
    `template[data-fl-template=${JSON.stringify(name)}]`,
  )?.content.firstElementChild;
  const card = kept ?? container.firstElementChild;
  if (!card) return undefined;
  template = document.importNode(card, true);
  if (!kept && container.hasAttribute('data-fl-filled')) forgetItem(template);
  templates.set(container, template);
  return template;
}

/** A filled card as template: without what it has of one item beyond what filling sets anew. */
function forgetItem(template: Element): void {
  template.removeAttribute('data-fl-id');
  for (const element of [template, ...template.querySelectorAll('[data-fl-class]')]) {
    for (const { name } of classRules(element.getAttribute('data-fl-class') ?? '')) {
      element.classList.remove(name);
    }
  }
}

function replaceCards(container: HTMLElement, cards: readonly Element[]): void {
  for (const node of [...container.childNodes]) {
    if (!(node instanceof Element)) node.remove();
  }
  cards.forEach((card, i) => {
    const old = container.children[i];
    if (!old) container.append(card);
    else if (!old.isEqualNode(card)) old.replaceWith(card);
  });
  while (container.children.length > cards.length) container.lastElementChild?.remove();
}

/** Focus goes to the element in the same place of the card in the same place. */
function keepFocus(container: HTMLElement, change: () => void): void {
  const path: number[] = [];
  const focused = document.activeElement;
  for (let e = focused; e && e !== container; e = e.parentElement) {
    path.unshift(e.parentElement ? [...e.parentElement.children].indexOf(e) : 0);
  }
  const inside = focused !== container && container.contains(focused);
  change();
  if (!inside || container.contains(focused)) return;
  let target: Element | undefined = container;
  for (const index of path) target = target?.children[index];
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}

/** Whether the container takes no more room than before; if it takes less, the rest stays free until a resize. */
function holdHeight(container: HTMLElement, before: number): boolean {
  const after = container.getBoundingClientRect().height;
  if (after > before + 0.5) return false;
  if (after < before - 0.5) {
    const { boxSizing } = getComputedStyle(container);
    const { minHeight } = container.style;
    const edges = boxSizing === 'border-box' ? 0 : before - contentHeight(container, before);
    container.style.minHeight = `${before - edges}px`;
    addEventListener('resize', () => (container.style.minHeight = minHeight), { once: true });
  }
  return true;
}

function contentHeight(container: HTMLElement, height: number): number {
  const style = getComputedStyle(container);
  const edges = [
    style.paddingTop,
    style.paddingBottom,
    style.borderTopWidth,
    style.borderBottomWidth,
  ];
  return edges.reduce((left, edge) => left - (Number.parseFloat(edge) || 0), height);
}

function fillWhenOutOfView(container: HTMLElement, fill: () => void): void {
  const observer = new IntersectionObserver(([entry]) => {
    // It tells of a frame that is past: by now the slot may be back.
    if (!entry || entry.isIntersecting || isInView(container)) return;
    observer.disconnect();
    fill();
  });
  waiting.set(container, observer);
  observer.observe(container);
}

/** Whether more height would move what is in view; above it, it does so only where the browser does not make up for it. */
function isInView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  const anchored = getComputedStyle(document.documentElement).overflowAnchor === 'auto';
  return top < innerHeight && (bottom > 0 || !anchored);
}

/** A browser tells of a paint only after it: the first frame may be on its way to the screen, or half the page there. */
function mayBePainted(): boolean {
  return document.visibilityState === 'visible' || performance.getEntriesByType('paint').length > 0;
}
