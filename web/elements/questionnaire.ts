// <fl-questionnaire> around a plain form that works without JavaScript (POST /api/profile, 303 to `next`). With it: what
// deciding needs is fetched while the visitor reads (everyone's first, then what the answers so far need, then the
// rest), answers count at once and without a request after the last one, and the origin hears of them in the background.
// Where a worker is in front and the files are late, the form goes the plain way instead. Fields have SPEC.md's names; `email`, `next` and `consent`
// (a checkbox for each purpose: personalization, measurement) are not answers.
//
//   <fl-questionnaire><form method="post" action="/api/profile"> … <input type="hidden" name="next" value="/"></form>
//
// A second questionnaire adds to the first, with JavaScript and without: a question left alone keeps its earlier answer.
// With JavaScript, choices that were made and taken back on this page are taken back.
//
// While it works the element has aria-busy, and a submit button with data-fl-busy="Choosing…" says so.
//
// With the attribute `stay` the slots of this page are filled and nobody goes anywhere, unless nothing can be decided
// here. Its value may be the id of a hidden element with these slots: it is shown in place of the questionnaire (or of
// the ancestor marked data-fl-asked). The event footlight:answered (detail: the decision) says when.
import type { Answers, Footlight, ProfileRest } from '../sdk/index.js';

const DRAFT = 'fl-draft';
/** How long leaving may wait for the receipt; the answers are kept and sent again if it does not come. */
const RECEIPT_MS = 1000;
/** How long somebody who has sent the form waits for the files before it goes the plain way. */
const FILES_MS = 1000;
const NOT_ANSWERS = new Set(['email', 'next', 'consent']);

export function defineQuestionnaire(client: () => Footlight | undefined): void {
  if (customElements.get('fl-questionnaire')) return;
  customElements.define(
    'fl-questionnaire',
    class extends HTMLElement {
      connectedCallback(): void {
        const form = this.querySelector('form');
        const page = client();
        if (!form || !page) return;
        restoreDraft(form);
        const touched = new Set<string>();
        // A failure is no matter: the form still goes the plain way.
        const prefetch = () => page.prefetch(readForm(form, touched).answers).catch(() => {});
        prefetch().then(() => whenIdle(() => page.prefetch().catch(() => {})));
        form.addEventListener('input', ({ target }) => {
          touched.add((target as Element).getAttribute('name') ?? '');
          saveDraft(form, page);
        });
        form.addEventListener('change', prefetch);
        form.addEventListener('submit', (event) => {
          event.preventDefault();
          if (!this.hasAttribute('aria-busy')) void submit(this, form, page, touched);
        });
        addEventListener('pageshow', () => setBusy(this, false)); // come back to
      }
    },
  );
}

async function submit(
  element: HTMLElement,
  form: HTMLFormElement,
  page: Footlight,
  touched: ReadonlySet<string>,
): Promise<void> {
  if (!form.reportValidity()) return;
  setBusy(element, true);
  const { answers, rest, next } = readForm(form, touched);
  if (hasWorker()) {
    const ready = page.prefetch(answers).then(
      () => true,
      () => true, // no network: profile() keeps the answers until there is one
    );
    if (!(await Promise.race([ready, after(FILES_MS)]))) {
      forgetDraft();
      form.submit();
      return;
    }
  }
  let decision: unknown;
  try {
    decision = await page.profile(answers, rest);
  } catch {
    // No engine here. The worker or the origin has the answers, and the next page will be theirs.
  }
  forgetDraft();
  setBusy(element, false);
  element.dispatchEvent(new CustomEvent('footlight:answered', { bubbles: true, detail: decision }));
  if (decision && element.hasAttribute('stay')) return reveal(element);
  if (!next) return;
  await Promise.race([page.posted, after(RECEIPT_MS)]);
  location.assign(next);
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Safari has no requestIdleCallback. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(work);
  else setTimeout(work);
}

/** Whether the form's plain way leads anywhere: a host of files takes no posts. */
function hasWorker(): boolean {
  return document.querySelector<HTMLMetaElement>('meta[name="footlight"]')?.content === 'edge';
}

/** Buttons keep the focus, so they are not `disabled`; submitting again does nothing meanwhile. */
function setBusy(element: HTMLElement, isBusy: boolean): void {
  if (isBusy) element.setAttribute('aria-busy', 'true');
  else element.removeAttribute('aria-busy');
  for (const button of element.querySelectorAll<HTMLElement>('button:not([type="button"])')) {
    const { flBusy, flIdle } = button.dataset;
    if (isBusy) {
      button.setAttribute('aria-disabled', 'true');
      if (flBusy === undefined) continue;
      button.dataset.flIdle = button.textContent ?? '';
      button.textContent = flBusy;
    } else {
      button.removeAttribute('aria-disabled');
      if (flIdle !== undefined) button.textContent = flIdle;
      delete button.dataset.flIdle;
    }
  }
}

function reveal(element: HTMLElement): void {
  const shown = document.getElementById(element.getAttribute('stay') ?? '');
  if (!shown) return;
  (element.closest<HTMLElement>('[data-fl-asked]') ?? element).hidden = true;
  shown.hidden = false;
  scrollTo({ top: 0, behavior: 'instant' }); // also where the page scrolls smoothly
  // Where a screen reader goes on.
  shown.querySelector<HTMLElement>('h1,h2,[tabindex]')?.focus({ preventScroll: true });
}

interface FormContent {
  answers: Answers;
  rest: ProfileRest;
  next?: string;
}

/**
 * What the plain form would send, and what only a script can tell: a question that was `touched` and is empty now has its
 * earlier answer taken back.
 */
export function readForm(form: HTMLFormElement, touched: ReadonlySet<string>): FormContent {
  const data = new FormData(form);
  const texts = (name: string) => data.getAll(name).map(String);
  const answers: Answers = {};
  for (const [field, controls] of fieldsOf(form)) {
    const values = texts(field).filter(Boolean);
    const name = field.replace(/\[\]$/, '');
    const first = controls[0];
    const isBox = first instanceof HTMLInputElement && first.type === 'checkbox';
    const isList = first instanceof HTMLSelectElement ? first.multiple : isBox && !isSwitch(first);
    if (!values.length && !touched.has(field)) continue;
    if (isList) answers[name] = values;
    else if (isBox) answers[name] = first.checked;
    else if (values[0] !== undefined) answers[name] = values[0];
  }
  const consent: NonNullable<ProfileRest['consent']> = {};
  for (const purpose of texts('consent')) {
    if (purpose === 'personalization' || purpose === 'measurement') consent[purpose] = 'granted';
  }
  const email = texts('email')[0];
  const next = texts('next')[0];
  return {
    answers,
    rest: { ...(email && { email }), ...(Object.keys(consent).length > 0 && { consent }) },
    ...(next && isLocal(next) && { next }),
  };
}

function isSwitch(box: HTMLInputElement): boolean {
  return box.value === 'true' || box.value === 'on';
}

function fieldsOf(form: HTMLFormElement): Map<string, Element[]> {
  const fields = new Map<string, Element[]>();
  for (const control of form.elements) {
    const name = control.getAttribute('name');
    if (!name || NOT_ANSWERS.has(name)) continue;
    fields.set(name, [...(fields.get(name) ?? []), control]);
  }
  return fields;
}

/** Only a place on this site: a form must not become a redirect to anywhere. */
function isLocal(next: string): boolean {
  try {
    return new URL(next, location.href).origin === location.origin;
  } catch {
    return false;
  }
}

/** Answers half given survive a reload, in this tab alone, for those who let this site remember. */
function saveDraft(form: HTMLFormElement, page: Footlight): void {
  if (!page.allows('personalization')) return;
  const fields = [...new FormData(form)].filter(([name]) => name !== 'next');
  withSession((session) => session.setItem(DRAFT, JSON.stringify(fields)));
}

function restoreDraft(form: HTMLFormElement): void {
  withSession((session) => {
    const fields = JSON.parse(session.getItem(DRAFT) ?? '[]') as [string, string][];
    for (const control of form.elements) {
      const name = control.getAttribute('name');
      const values = fields.filter(([field]) => field === name).map(([, value]) => value);
      if (!values.length) continue;
      if (control instanceof HTMLInputElement && /^(?:checkbox|radio)$/.test(control.type)) {
        control.checked = values.includes(control.value);
      } else if (control instanceof HTMLSelectElement) {
        for (const option of control.options) option.selected = values.includes(option.value);
      } else if (
        control instanceof HTMLTextAreaElement ||
        (control instanceof HTMLInputElement && control.type !== 'hidden')
      ) {
        control.value = values[0] ?? '';
      }
    }
  });
}

function forgetDraft(): void {
  withSession((session) => session.removeItem(DRAFT));
}

function withSession(work: (session: Storage) => void): void {
  try {
    work(sessionStorage);
  } catch {
    // refused, or not ours: then there is no draft
  }
}
