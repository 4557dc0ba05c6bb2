// What may be done for a visitor (DESIGN.md, section 5), from the choices in the record and the browser's signals.
//
//     a choice in the record    wins over every signal: it was made by this visitor, here
//     Sec-GPC: 1, DNT: 1        no, where no choice was made
//     CONSENT_MODE              otherwise: opt-in no, opt-out yes
//
// A submitted questionnaire is used without a further choice, because the person asked for that service; an opt-out or
// a denied personalization takes that back.
import type { Choice, VisitorState } from '../wasm/binding/engine.js';
import type { Settings } from './env.js';

export interface Permission {
  /** the page may be this visitor's */
  personalize: boolean;
  /** history may be kept in the record */
  remember: boolean;
  /** a unit id may be set, events may leave, exploration may draw */
  measure: boolean;
}

const NOTHING: Permission = { personalize: false, remember: false, measure: false };

export function permission(
  state: VisitorState,
  headers: Headers,
  mode: Settings['consentMode'],
): Permission {
  if (state.optedOut) return NOTHING;
  const { personalization, measurement } = state;
  const isOpen =
    (personalization === 'unset' || measurement === 'unset') &&
    mode === 'opt-out' &&
    !refusesBySignal(headers);
  const remember = allowed(personalization, isOpen);
  const measure = allowed(measurement, isOpen);
  const asked = state.hasAnswers && personalization !== 'denied';
  return { personalize: remember || asked, remember, measure };
}

export function refusesBySignal(headers: Headers): boolean {
  return headers.get('sec-gpc') === '1' || headers.get('dnt') === '1';
}

function allowed(choice: Choice, isOpen: boolean): boolean {
  return choice === 'granted' || (choice === 'unset' && isOpen);
}

// Names that search engines, previews and monitors give themselves. "Cubot" is a telephone.
const CRAWLER =
  /(?<!cu)bot\b|crawl|spider|slurp|mediapartners|facebookexternalhit|embedly|bingpreview|whatsapp\/|pingdom|lighthouse|archiver|validator/i;
const known = new Map<string, boolean>();

/** Crawlers get the default content at the same address, and are counted nowhere but in `crawler`. */
export function isCrawler(headers: Headers): boolean {
  const agent = headers.get('user-agent') ?? '';
  let answer = known.get(agent);
  if (answer === undefined) {
    if (known.size >= 1000) known.clear();
    answer = CRAWLER.test(agent);
    known.set(agent, answer);
  }
  return answer;
}
