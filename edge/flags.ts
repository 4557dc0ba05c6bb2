// The site's flags and experiments for one page view: evaluated here, so that the browser gets results and no rules.
// wasm/binding/page_flags.ts says what rules can speak of; here `country` and `region` come beside it, as the CDN knows
// them.
import { adjustment } from '../wasm/binding/adjust.js';
import type { Arm } from '../wasm/binding/bucket.js';
import type { Evaluation } from '../wasm/binding/flags.js';
import {
  type Attributes,
  attributesOf,
  evaluateFor,
  evaluatePlain,
  type Leave,
  pageFlags,
} from '../wasm/binding/page_flags.js';
import { stick } from '../wasm/binding/sticky.js';
import { scriptJson } from './script.js';
import type { Live } from './snapshots.js';

const NOBODY: Leave = { personalize: false, measure: false };

export interface PageFlags {
  /** what the decision in the page says of them: members of a JSON object, ASCII, after a comma; safe in a script */
  members: string;
  /** the page keeps its own content */
  keepsPage: boolean;
  /** how the page is decided differently (wasm/binding/adjust.ts) */
  adjustment: Uint8Array | undefined;
  /** the visitor's record has changed: it remembers an assignment */
  hasStuck: boolean;
}

export function pageAttributes(
  live: Live,
  request: Request,
  surroundings: number,
  language: string | undefined,
  leave: Leave,
): Attributes {
  const { country, regionCode } = request.cf ?? {};
  return {
    ...attributesOf(live.engine, surroundings, language, leave),
    country: country as string | undefined,
    region: regionCode as string | undefined,
  };
}

/** Undefined for a site without flags. Throws what the engine throws. */
export function evaluate(live: Live, attributes: Attributes, url: string): Evaluation | undefined {
  return live.flags && evaluateFor(live.engine, live.flags, attributes, url);
}

/**
 * Of the engine's current visitor, who is in `arm` of a comparison of snapshots; undefined where there is nothing to say.
 * Throws what the engine throws.
 */
export function evaluateFlags(
  live: Live,
  request: Request,
  surroundings: number,
  language: string | undefined,
  leave: Leave,
  arm: Arm | undefined,
): PageFlags | undefined {
  if (!live.flags && !arm) return undefined;
  const attributes = live.flags && pageAttributes(live, request, surroundings, language, leave);
  const evaluation = attributes && evaluate(live, attributes, request.url);
  const { page, drawn } = pageFlags(live.flags?.keys ?? [], evaluation, arm);
  return {
    members: `,${scriptJson(page).slice(1, -1)}`,
    keepsPage: page.unpersonalized === true,
    adjustment: adjustment(live.engine, page.flags),
    hasStuck: stick(live.engine, drawn),
  };
}

/**
 * For whoever is not known, or may not be, as a JSON object. Undefined for a site without flags.
 */
export function plainFlags(
  live: Live,
  request: Request,
  surroundings: number,
  language: string | undefined,
): string | undefined {
  if (!live.flags) return undefined;
  const attributes = pageAttributes(live, request, surroundings, language, NOBODY);
  const evaluation = evaluatePlain(live.flags, attributes, request.url);
  const { flags } = pageFlags(live.flags.keys, evaluation, undefined).page;
  return scriptJson({ flags, experiments: {} });
}
