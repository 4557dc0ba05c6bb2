// The site's flags and experiments for one page view: evaluated here, so that the browser gets results and no rules.
//
// What rules can speak of (attributes): `id`, the visitor's random unit id, only where they allow measuring, because who
// has none is in no experiment; `segment`, `engagementLevel`; `device`, `dayPart`, `weekday`, `referrer` as decisions have
// them; `country` and `region` as the CDN knows them; `language`, the page's; and the page's address.

import type { Assignment, Evaluation } from '../wasm/binding/flags.js';
import { DAY_PARTS, DEVICES, REFERRERS } from '../wasm/binding/surroundings.js';
import type { Json } from '../wasm/binding/values.js';
import { adjustment } from './adjust.js';
import type { Arm } from './canary.js';
import { scriptJson } from './script.js';
import type { Live } from './snapshots.js';
import { stick, stickyOf } from './sticky.js';

/** The flag that says whether a page is filled at all: false leaves it as the site wrote it. */
const PERSONALIZATION = 'personalization';
/** Flags that act on the page before anybody reads them; the others are the site's to read. */
const ACTS = /^(?:personalization$|weights$|slot:|holdout:)/;

export interface PageFlags {
  /** what the decision in the page says of them: members of a JSON object, ASCII, after a comma; safe in a script */
  members: string;
  /** the page keeps its own content */
  keepsPage: boolean;
  /** how the page is decided differently (adjust.ts) */
  adjustment: Uint8Array | undefined;
  /** the visitor's record has changed: it remembers an assignment */
  hasStuck: boolean;
}

/** What is known of a page view. Of the engine's current visitor where `known`, else of nobody in particular. */
export function pageAttributes(
  live: Live,
  request: Request,
  surroundings: number,
  language: string | undefined,
  known: boolean,
): Record<string, Json | undefined> {
  const { engine } = live;
  const { country, regionCode } = request.cf ?? {};
  return {
    ...(known && {
      id: engine.unitId() ?? undefined,
      segment: engine.segment(),
      engagementLevel: engine.engagementLevel(),
    }),
    device: DEVICES[surroundings & 15] || undefined,
    dayPart: DAY_PARTS[(surroundings >> 4) & 15] || undefined,
    weekday: (surroundings >> 8) & 15 || undefined,
    referrer: REFERRERS[(surroundings >> 12) & 15] || undefined,
    country: country as string | undefined,
    region: regionCode as string | undefined,
    language,
  };
}

/** Undefined for a site without flags. Throws what the engine throws. */
export function evaluate(
  live: Live,
  attributes: Record<string, Json | undefined>,
  url: string,
): Evaluation | undefined {
  const { flags, engine } = live;
  if (!flags) return undefined;
  const { id } = attributes;
  const sticky =
    typeof id === 'string' && flags.stickyExperiments.length > 0
      ? stickyOf(engine, flags, id)
      : undefined;
  const now = Math.floor(Date.now() / 1000);
  return flags.evaluate({ attributes, url, ...(sticky && { sticky }) }, now);
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
  arm: Arm | undefined,
): PageFlags | undefined {
  if (!live.flags) return arm && pageFlags(live, undefined, arm);
  const attributes = pageAttributes(live, request, surroundings, language, true);
  return pageFlags(live, evaluate(live, attributes, request.url), arm);
}

function pageFlags(
  live: Live,
  evaluation: Evaluation | undefined,
  arm: Arm | undefined,
): PageFlags {
  const values: Record<string, Json> = {};
  const experiments: Record<string, string> = arm ? { [arm.experiment]: arm.variant } : {};
  const behind: Record<string, string> = {};
  const shaped: string[] = arm ? [arm.experiment] : [];
  const drawn: Assignment[] = [];
  let keepsPage = false;
  for (const key of (evaluation && live.flags?.keys) ?? []) {
    const { value, assignment } = (evaluation as Evaluation).feature(key);
    values[key] = value;
    if (key === PERSONALIZATION && value === false) keepsPage = true;
    if (!assignment?.inExperiment) continue;
    const { experiment, variant, hashUsed } = assignment;
    experiments[experiment] = variant;
    if (!hashUsed) continue; // forced: that is a look at it, and no exposure
    drawn.push(assignment);
    if (ACTS.test(key)) shaped.push(experiment);
    else behind[key] = experiment;
  }
  for (const assignment of evaluation?.experiments() ?? []) {
    if (!assignment.inExperiment) continue;
    experiments[assignment.experiment] = assignment.variant;
    if (assignment.hashUsed) drawn.push(assignment);
  }
  const members =
    `,"flags":${scriptJson(values)},"experiments":${scriptJson(experiments)}` +
    (Object.keys(behind).length > 0 ? `,"behind":${scriptJson(behind)}` : '') +
    (shaped.length > 0 ? `,"shaped":${scriptJson(shaped)}` : '') +
    (keepsPage ? ',"unpersonalized":true' : '');
  return {
    members,
    keepsPage,
    adjustment: adjustment(live.engine, values),
    hasStuck: stick(live.engine, drawn),
  };
}

/**
 * For whoever is not known, or may not be: the flags' values without an id, and so without experiments, as a JSON object.
 * Undefined for a site without flags.
 */
export function plainFlags(
  live: Live,
  request: Request,
  surroundings: number,
  language: string | undefined,
): string | undefined {
  if (!live.flags) return undefined;
  const attributes = pageAttributes(live, request, surroundings, language, false);
  const evaluation = live.flags.evaluate(
    { attributes, url: request.url, disabled: true },
    Math.floor(Date.now() / 1000),
  );
  const values: Record<string, Json> = {};
  for (const key of live.flags.keys) values[key] = evaluation.feature(key).value;
  return `{"flags":${scriptJson(values)},"experiments":{}}`;
}
