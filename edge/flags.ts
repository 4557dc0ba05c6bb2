// The site's flags and experiments for one page view: evaluated here, so that the browser gets results and no rules.
//
// What rules can speak of (attributes): `id`, the visitor's random unit id, only where they allow measuring, because who
// has none is in no experiment; `segment`, `engagementLevel`; `device`, `dayPart`, `weekday`, `referrer` as decisions have
// them; `country` and `region` as the CDN knows them; `language`, the page's; and the page's address.

import { DAY_PARTS, DEVICES, REFERRERS } from '../wasm/binding/surroundings.js';
import type { Json } from '../wasm/binding/values.js';
import { scriptJson } from './script.js';
import type { Live } from './snapshots.js';

/** The flag that says whether a page is filled at all: false leaves it as the site wrote it. */
const PERSONALIZATION = 'personalization';

export interface PageFlags {
  /** what the decision in the page says of them: members of a JSON object, ASCII, after a comma; safe in a script */
  members: string;
  /** the page keeps its own content */
  keepsPage: boolean;
}

/** Of the engine's current visitor; undefined for a site without flags. Throws what the engine throws. */
export function evaluateFlags(
  live: Live,
  request: Request,
  surroundings: number,
  language: string | undefined,
): PageFlags | undefined {
  const { flags, engine } = live;
  if (!flags) return undefined;
  const { country, regionCode } = request.cf ?? {};
  const id = engine.unitId();
  const attributes: Record<string, Json | undefined> = {
    id: id ?? undefined,
    segment: engine.segment(),
    engagementLevel: engine.engagementLevel(),
    device: DEVICES[surroundings & 15] || undefined,
    dayPart: DAY_PARTS[(surroundings >> 4) & 15] || undefined,
    weekday: (surroundings >> 8) & 15 || undefined,
    referrer: REFERRERS[(surroundings >> 12) & 15] || undefined,
    country: country as string | undefined,
    region: regionCode as string | undefined,
    language,
  };
  const now = Math.floor(Date.now() / 1000);
  const evaluation = flags.evaluate({ attributes, url: request.url }, now);
  const values: Record<string, Json> = {};
  const experiments: Record<string, string> = {};
  let keepsPage = false;
  for (const key of flags.keys) {
    const { value, assignment } = evaluation.feature(key);
    values[key] = value;
    if (assignment?.inExperiment) experiments[assignment.experiment] = assignment.variant;
    if (key === PERSONALIZATION && value === false) keepsPage = true;
  }
  for (const { experiment, variant, inExperiment } of evaluation.experiments()) {
    if (inExperiment) experiments[experiment] = variant;
  }
  const members =
    `,"flags":${scriptJson(values)},"experiments":${scriptJson(experiments)}` +
    (keepsPage ? ',"unpersonalized":true' : '');
  return { members, keepsPage };
}
