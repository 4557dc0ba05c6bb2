// SPEC.md's reading endpoints, answered here from the visitor's record. The same core decides as at the origin, so the
// same record gives the same answer.
import type { IndexedDecision, IndexedEntry, SlotRequest } from '../wasm/binding/engine.js';
import { armOf } from './canary.js';
import { permission } from './consent.js';
import { count } from './counters.js';
import type { Env, Settings } from './env.js';
import { evaluateFlags } from './flags.js';
import { json, Refusal } from './problem.js';
import { API_WAIT_MS, currentSnapshot, type Live } from './snapshots.js';
import { visitorSurroundings } from './surroundings.js';
import { loadVisitor, recordText } from './visitor.js';

const DEFAULT_LIMIT = 6;
const MAX_LIMIT = 24;
/** SPEC.md's types, and the slot that chooses among each. */
const SLOT_OF_TYPE: Record<string, string> = {
  project: 'projects',
  featured_project: 'projects',
  service: 'services',
  testimonial: 'testimonials',
  resource: 'resources',
  deck: 'decks',
  case_study: 'case_studies',
};
const DEFAULT_TYPES = ['project', 'service', 'testimonial', 'resource'];

/** The live snapshot with the request's visitor in it, or a Refusal: an API without a decision has no default. */
export async function liveFor(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Live> {
  const live = await currentSnapshot(env, ctx, settings, API_WAIT_MS);
  if (!live) {
    count('no_snapshot');
    throw new Refusal('no_snapshot');
  }
  const text = recordText(request.headers.get('cookie'));
  loadVisitor(live, text);
  const state = live.engine.visitorState();
  const { measure } = permission(state, request.headers, settings.consentMode);
  return measure ? armOf(live, text).live : live;
}

export async function homepage(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const live = await liveFor(request, env, ctx, settings);
  const locale = localeOf(request);
  const names = ['hero', 'projects', 'testimonials', 'services'];
  const requests = names.map((slot) => ({ slot }));
  const decision = decideFor(live, request, requests, true, settings);
  const items = (name: string) => itemsOf(live, decision, name, locale);
  count('api_answered');
  return json({
    ...(decision.apprentice && { apprentice: true }),
    hero: items('hero')[0] ?? null,
    featuredProjects: items('projects'),
    testimonials: items('testimonials'),
    services: items('services'),
  });
}

export async function recommendations(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const asked = query.getAll('type').flatMap((type) => type.split(','));
  const types = asked.length > 0 ? asked : DEFAULT_TYPES;
  const slots = types.map((type) => {
    const slot = SLOT_OF_TYPE[type];
    if (!slot)
      throw new Refusal('bad_parameter', `'type' is not one of ${DEFAULT_TYPES.join(', ')}.`);
    return slot;
  });
  const limit = limitOf(query.get('limit'));
  const live = await liveFor(request, env, ctx, settings);
  const requests = [...new Set(slots)].map((slot) => ({ slot, limit }));
  const decision = decideFor(live, request, requests, false, settings);
  const entries = decision.slots.flatMap((slot) => slot.entries);
  entries.sort((a, b) => b.confidence - a.confidence || a.item - b.item);
  const locale = localeOf(request);
  count('api_answered');
  return json({
    recommendations: entries.slice(0, limit).map((entry) => itemOf(live, entry, locale)),
  });
}

/** What the current visitor gets, as far as they allow it. */
export function decideFor(
  live: Live,
  request: Request,
  requests: readonly SlotRequest[],
  explore: boolean,
  settings: Settings,
): IndexedDecision {
  const state = live.engine.visitorState();
  const allowed = permission(state, request.headers, settings.consentMode);
  const surroundings = visitorSurroundings(request);
  const locale = localeOf(request);
  const flags = allowed.personalize
    ? evaluateFlags(live, request, surroundings, locale, allowed, undefined)
    : undefined;
  return live.engine.adjusted(flags?.adjustment, () =>
    live.engine.decideIndexes(requests, {
      now: Math.floor(Date.now() / 1000),
      explore: explore && allowed.measure,
      // An API has no page whose own content could stand: as for somebody unknown.
      personalize: allowed.personalize && !flags?.keepsPage,
      surroundings,
    }),
  );
}

export function itemsOf(
  live: Live,
  decision: IndexedDecision,
  slot: string,
  locale: string | undefined,
): Record<string, unknown>[] {
  const entries = decision.slots.find(({ name }) => name === slot)?.entries ?? [];
  return entries.map((entry) => itemOf(live, entry, locale));
}

function itemOf(live: Live, entry: IndexedEntry, locale: string | undefined) {
  const { engine } = live;
  return {
    id: engine.itemUuid(entry.item),
    type: engine.itemType(entry.item),
    ...engine.itemBody(entry.item, locale),
    matchReason: live.words(locale).reason(entry).text,
    confidence: entry.confidence / 10000,
    engagementRate: entry.engagementRate === 65535 ? null : entry.engagementRate / 10000,
  };
}

/** ?locale=de, else the first of Accept-Language, else the site's own. */
export function localeOf(request: Request): string | undefined {
  const asked = /[?&]locale=([A-Za-z0-9-]{2,35})/.exec(request.url)?.[1];
  const first = request.headers.get('accept-language')?.split(/[,;]/, 1)[0]?.trim();
  return asked ?? (first && /^[A-Za-z0-9-]{2,35}$/.test(first) ? first : undefined);
}

function limitOf(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1)
    throw new Refusal('bad_parameter', `'limit' is not a number from 1 to ${MAX_LIMIT}.`);
  return Math.min(limit, MAX_LIMIT);
}
