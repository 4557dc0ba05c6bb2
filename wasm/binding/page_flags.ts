// The site's flags and experiments for one page view, wherever they are evaluated: in the worker, or in the browser of a
// site without one.
//
// What rules can speak of (attributes): `id`, the visitor's random unit id, only where they allow measuring, because who
// has none is in no experiment; `segment`, `engagementLevel`; `device`, `dayPart`, `weekday`, `referrer` as decisions have
// them; `language`, the page's; the page's address; and at the edge `country` and `region` as the CDN knows them.
import type { Arm } from './bucket.js';
import type { DecisionData } from './decider.js';
import type { Engine } from './engine.js';
import type { Assignment, Evaluation, Flags } from './flags.js';
import { stickyOf } from './sticky.js';
import { DAY_PARTS, DEVICES, REFERRERS } from './surroundings.js';
import type { Json } from './values.js';

/** The flag that says whether a page is filled at all: false leaves it as the site wrote it. */
const PERSONALIZATION = 'personalization';
/** Flags that act on the page before anybody reads them; the others are the site's to read. */
const ACTS = /^(?:personalization$|weights$|slot:|holdout:)/;

export type Attributes = Record<string, Json | undefined>;

/** What a page is told of its flags; members without content are left out. */
export type PageFlags = Pick<
  DecisionData,
  'flags' | 'experiments' | 'behind' | 'shaped' | 'unpersonalized'
>;

/** What of the visitor rules may speak of. */
export interface Leave {
  personalize: boolean;
  /** with the unit id, and so with experiments, whatever the record holds */
  measure: boolean;
}

/** What is known of a page view and, as far as it is allowed, of the engine's current visitor. */
export function attributesOf(
  engine: Engine,
  surroundings: number,
  language: string | undefined,
  { personalize, measure }: Leave,
): Attributes {
  return {
    ...(personalize && {
      id: (measure && engine.unitId()) || undefined,
      segment: engine.segment(),
      engagementLevel: engine.engagementLevel(),
    }),
    device: DEVICES[surroundings & 15] || undefined,
    dayPart: DAY_PARTS[(surroundings >> 4) & 15] || undefined,
    weekday: (surroundings >> 8) & 15 || undefined,
    referrer: REFERRERS[(surroundings >> 12) & 15] || undefined,
    language,
  };
}

/** With what the record of the engine's current visitor remembers. Throws what the engine throws. */
export function evaluateFor(
  engine: Engine,
  flags: Flags,
  attributes: Attributes,
  url: string,
): Evaluation {
  const { id } = attributes;
  const sticky =
    typeof id === 'string' && flags.stickyExperiments.length > 0
      ? stickyOf(engine, flags, id)
      : undefined;
  const now = Math.floor(Date.now() / 1000);
  return flags.evaluate({ attributes, url, ...(sticky && { sticky }) }, now);
}

/** For whoever is not known, or may not be: without an id, and so without experiments. */
export function evaluatePlain(flags: Flags, attributes: Attributes, url: string): Evaluation {
  return flags.evaluate({ attributes, url, disabled: true }, Math.floor(Date.now() / 1000));
}

/** What the page is told, and what was drawn. `arm`: of a comparison of snapshots, when there is one. */
export function pageFlags(
  keys: readonly string[],
  evaluation: Evaluation | undefined,
  arm: Arm | undefined,
): { page: PageFlags & { flags: Record<string, Json> }; drawn: readonly Assignment[] } {
  const flags: Record<string, Json> = {};
  const experiments: Record<string, string> = arm ? { [arm.experiment]: arm.variant } : {};
  const behind: Record<string, string> = {};
  const shaped: string[] = arm ? [arm.experiment] : [];
  const drawn: Assignment[] = [];
  for (const key of evaluation ? keys : []) {
    const { value, assignment } = (evaluation as Evaluation).feature(key);
    flags[key] = value;
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
  return {
    page: {
      flags,
      experiments,
      ...(Object.keys(behind).length > 0 && { behind }),
      ...(shaped.length > 0 && { shaped }),
      ...(flags[PERSONALIZATION] === false && { unpersonalized: true as const }),
    },
    drawn,
  };
}
