// What the visitor does with the cards of a page, as interactions: seen (half of it for a second), clicked, engaged
// (time on the page that a card led to), converted ([data-fl-convert]) and judged ([data-fl-feedback]). track() leaves
// out what is not allowed; a judgement, which the visitor means to have an effect, asks for leave instead.
import type { Footlight, Interaction } from '../sdk/index.js';
import { askConsent } from './consent.js';

const VIEW_MS = 1000;
/** Shorter stays say nothing. */
const MIN_ENGAGED_MS = 3000;
/** sessionStorage: the card that led to the page that is opened next. */
const OPENED = 'fl-opened';

/** What was seen or acted on, and where the decision had put it. */
type Content = Omit<Interaction, 'action' | 'duration' | 'feedback'>;
type Deed = Pick<Interaction, 'action' | 'duration' | 'feedback'>;

export function watch(page: Footlight): void {
  const track = (content: Content, deed: Deed) => page.track({ ...content, ...deed });
  watchViews(page, (content) => track(content, { action: 'view' }));
  watchPage(page);
  logApprentice(page);
  watchStay(page, (content, duration) => track(content, { action: 'engage', duration }));

  const onClick = (event: Event) => {
    const target = event.target instanceof Element ? event.target : undefined;
    const control = target?.closest('a,button,[role=button],summary');
    if (!control) return;
    if (!(control.closest('form') && isSubmit(control))) reach(page, control);
    const content = contentOf(page, control);
    const judged = control.getAttribute('data-fl-feedback');
    const converted = control.hasAttribute('data-fl-convert');
    const asFound = content ?? (converted ? opened() : undefined);
    if (!asFound) return;
    if (judged !== null) {
      if (judged !== 'positive' && judged !== 'negative' && judged !== 'neutral') return;
      const judge = () => {
        track(asFound, { action: 'engage', feedback: judged });
        const buttons = control.parentElement?.querySelectorAll('[data-fl-feedback]') ?? [];
        for (const button of buttons) button.setAttribute('aria-pressed', `${button === control}`);
        // "Not for me" is heard at once; praise leaves the page as it is, with its button pressed.
        if (judged === 'negative') page.decide().catch(() => {});
      };
      // Nobody may see a button pressed that has done nothing.
      if (page.allows('personalization') || page.allows('measurement')) judge();
      else askConsent(page, judge);
      return;
    }
    // A control that opens the reason is about Footlight, not about the item.
    if (control.matches('[data-fl-why],summary')) return;
    track(asFound, { action: converted ? 'convert' : 'click' });
    if (control instanceof HTMLAnchorElement) remember(page, control, asFound);
  };
  page.on((decision) => {
    if (decision) return;
    for (const button of document.querySelectorAll('[data-fl-feedback][aria-pressed]')) {
      button.removeAttribute('aria-pressed'); // what was judged is forgotten
    }
  });
  document.addEventListener('click', onClick, true);
  document.addEventListener('auxclick', onClick, true);
  document.addEventListener('submit', ({ target }) => {
    if (!(target instanceof Element)) return;
    reach(page, target);
    if (!target.matches('[data-fl-convert]')) return;
    const content = contentOf(page, target) ?? opened();
    if (content) track(content, { action: 'convert' });
  });
  // A telephone may never say pagehide; hidden is the last that is sure to come.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') void page.flush();
  });
}

function contentOf(page: Footlight, element: Element): Content | undefined {
  const named = element.getAttribute('data-fl-convert');
  const card = element.closest('[data-fl-id]');
  const contentId = named || card?.getAttribute('data-fl-id');
  if (!contentId) return undefined;
  const content: Content = { contentId };
  const { slots = {}, version } = page.decision ?? {};
  const own = card?.closest('[data-fl-filled][data-fl-slot]')?.getAttribute('data-fl-slot') ?? '';
  for (const [slot, entries] of Object.entries(slots)) {
    const position = entries.findIndex(({ id }) => id === contentId);
    const entry = entries[position];
    if (!entry) continue;
    content.contentType = entry.type;
    if (slot !== own || version === undefined) continue;
    const { propensity, confidence, matchReason } = entry;
    Object.assign(content, { slot, position, propensity, confidence, snapshotVersion: version });
    if (matchReason) content.reason = matchReason;
  }
  const typeOfCard = card?.getAttribute('data-fl-type');
  if (typeOfCard) content.contentType = typeOfCard;
  return content;
}

/** `[data-fl-goal]`, with a `data-fl-value` or not: a link or button by a click, a form by being sent. */
function reach(page: Footlight, element: Element): void {
  const goal = element.getAttribute('data-fl-goal');
  if (!goal) return;
  const value = Number.parseFloat(element.getAttribute('data-fl-value') ?? '');
  page.trackConversion(goal, Number.isFinite(value) ? value : undefined);
}

function isSubmit(control: Element): boolean {
  return control instanceof HTMLButtonElement && control.type === 'submit';
}

/** At least half of it, or half of the window, in view for a second without a break. `look` says whether that is all. */
function whenSeen(look: (target: Element) => boolean): IntersectionObserver {
  const timers = new Map<Element, ReturnType<typeof setTimeout>>();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio, intersectionRect } of entries) {
        clearTimeout(timers.get(target));
        if (intersectionRatio < 0.5 && intersectionRect.height < innerHeight / 2) continue;
        const ripe = () => {
          if (!document.hidden && look(target)) observer.unobserve(target);
        };
        timers.set(target, setTimeout(ripe, VIEW_MS));
      }
    },
    { threshold: [0, 0.25, 0.5, 0.75] },
  );
  return observer;
}

/** Once a card and page view. */
function watchViews(page: Footlight, seen: (content: Content) => void): void {
  const done = new Set<string>();
  const observer = whenSeen((target) => {
    const content = contentOf(page, target);
    if (!content || done.has(content.contentId)) return false;
    done.add(content.contentId);
    seen(content);
    return true;
  });
  const observe = (root: ParentNode) => {
    for (const card of root.querySelectorAll('[data-fl-id]')) observer.observe(card);
  };
  observe(document);
  document.addEventListener('footlight:filled', ({ target }) => observe(target as Element));
}

/**
 * A page that experiments act on has been seen when one of its slots has, filled or not, so that every variant is
 * counted alike; a page without slots when it was looked at for a second.
 */
function watchPage(page: Footlight): void {
  const slots = document.querySelectorAll('[data-fl-slot]');
  const observer = whenSeen(() => {
    page.expose();
    return true;
  });
  for (const slot of slots.length > 0 ? slots : [document.body]) observer.observe(slot);
}

/**
 * Apprentice mode: what the slots would have shown, once for each decision. The page's own cards stand, and what the
 * visitor does with them is tracked as ever.
 */
function logApprentice(page: Footlight): void {
  const told = new Set<string>();
  const log = (decision = page.decision) => {
    if (!decision?.apprentice) return;
    for (const [slot, entries] of Object.entries(decision.slots)) {
      for (const [position, { id, type, propensity, confidence }] of entries.entries()) {
        const key = `${slot} ${position} ${id}`;
        if (told.has(key)) continue;
        told.add(key);
        page.track({
          contentId: id,
          contentType: type,
          action: 'would_show',
          slot,
          position,
          propensity,
          confidence,
          snapshotVersion: decision.version,
        });
      }
    }
  };
  page.on(log);
  log();
}

/** How long the page of an item was looked at, told whenever it is left. */
function watchStay(page: Footlight, stayed: (content: Content, duration: number) => void): void {
  const marked = document.querySelector('[data-fl-engage][data-fl-id]');
  const content = marked ? contentOf(page, marked) : opened();
  if (!content) return;
  let since = document.hidden ? 0 : performance.now();
  document.addEventListener('visibilitychange', () => {
    const now = performance.now();
    if (!document.hidden) since = now;
    else if (since && now - since >= MIN_ENGAGED_MS) {
      stayed(content, Math.round(now - since));
      since = 0;
    }
  });
}

function remember(page: Footlight, link: HTMLAnchorElement, content: Content): void {
  if (link.origin !== location.origin) return;
  if (!page.allows('measurement') && !page.allows('personalization')) return;
  try {
    sessionStorage.setItem(OPENED, JSON.stringify({ path: link.pathname, content }));
  } catch {
    // no storage: the stay is not measured
  }
}

function opened(): Content | undefined {
  try {
    const { path, content } = JSON.parse(sessionStorage.getItem(OPENED) ?? '{}');
    return path === location.pathname ? content : undefined;
  } catch {
    return undefined;
  }
}
