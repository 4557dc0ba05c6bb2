// Interactions: into the visitor's record at once, to the origin behind the answer, each only as far as allowed.
//
//     POST /api/personalization/interaction     answered from the record; forwarded in batches
//     POST /api/personalization/interactions    for the SDK, which keeps its events until the origin's receipt: taken
//                                               into the record at once, then waits, and names the ids that have one
//                                               in `receipts`. With ?wait=0 it answers as the single form does.
//
// An event that waits here dies with the isolate, so what must not be lost goes through the batch form.
import {
  ACTIONS,
  CONTENT_TYPES,
  FEEDBACKS,
  type InteractionInput,
} from '../wasm/binding/engine.js';
import {
  DAY_PARTS,
  DEVICES,
  packSurroundings,
  REFERRERS,
  type Surroundings,
} from '../wasm/binding/surroundings.js';
import { liveFor } from './api.js';
import { isCrawler, permission } from './consent.js';
import { count } from './counters.js';
import type { Env, Settings } from './env.js';
import { isObject, type JsonObject, json, parseObject, Refusal, readBody } from './problem.js';
import type { Live } from './snapshots.js';
import { visitorSurroundings } from './surroundings.js';
import { originFetch } from './upstream.js';
import { newUnitId, type Opened, unitIdText, visitorCookie } from './visitor.js';

const MAX_BODY = 8192;
const MAX_BATCH_BODY = 65536;
const MAX_BATCH = 200;
const MAX_QUEUE = 2000;
const MAX_REMEMBERED = 20000;
const FLUSH_MS = 250;
const MAX_GOAL = 100;
const MAX_DURATION_MS = 86400000;

/** Where it was shown and why, as the decision said: the origin then knows what was recommended, and with which chance. */
interface Shown {
  slot?: string;
  reason?: string;
  /** 0 is the first card */
  position?: number;
  propensity?: number;
  confidence?: number;
  snapshotVersion?: number;
  /** the page view's surroundings as one word */
  context?: number;
}

/** What is about no content, or about more than one: that a variant was seen, that a goal of the site's was reached. */
interface OfExperiments {
  experiment?: string;
  variant?: string;
  goal?: string;
  value?: number;
}

interface Event extends Omit<InteractionInput, 'action' | 'contentId'>, Shown, OfExperiments {
  eventId: string;
  /** missing where it is about no content */
  contentId?: string;
  action: (typeof FORWARDED)[number];
  contentType?: string;
  occurredAt: string;
  visitorId: string;
}

export interface Taken {
  updatedProfile: { engagementLevel: number; personalizationScore: number };
  /** Set-Cookie, when the record changed and may be kept */
  cookie: string | undefined;
}

export async function postInteraction(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const input = parseInteraction(parseObject(await readBody(request, MAX_BODY)), '');
  const live = await liveFor(request, env, ctx, settings);
  // By itself it is about a page of now, and these show what is in the snapshot.
  if (input.contentId !== undefined && live.engine.findItem(input.contentId) < 0) {
    throw new Refusal('invalid', 'There is no such content.', '/contentId');
  }
  const visitorId = visitorIdOf(live, request, settings);
  const taken = takeIn(live, request, [input], settings);
  if (visitorId) forward([leaving(input, visitorId, request)], request, ctx, settings);
  return answer({ success: true, updatedProfile: taken.updatedProfile }, taken.cookie);
}

export async function postInteractions(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const inputs = parseBatch(await readBody(request, MAX_BATCH_BODY));
  const live = await liveFor(request, env, ctx, settings);
  const visitorId = visitorIdOf(live, request, settings);
  // The visitor's record is this request's to change, whether or not the origin hears of it.
  const { updatedProfile, cookie } = takeIn(live, request, inputs, settings);
  if (!visitorId) {
    // Nothing may leave, so there is nothing to wait for: the receipt says that nobody need keep these.
    const receipts = inputs.map(({ eventId }) => eventId);
    return answer({ success: true, receipts, updatedProfile }, cookie);
  }
  const events = inputs.map((input) => leaving(input, visitorId, request));
  if (new URL(request.url).searchParams.get('wait') === '0') {
    forward(events, request, ctx, settings);
    return answer({ success: true, receipts: [], updatedProfile }, cookie, 202);
  }
  const receipts = [...new Set(await send(events, request, settings))];
  const status = receipts.length > 0 ? 200 : 202;
  return answer({ success: true, receipts, updatedProfile }, cookie, status);
}

/** For an interaction that the origin has answered itself (with Authorization): the record learns it all the same. */
export async function takeInProxied(
  text: string,
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<string | undefined> {
  const body = parseObject(text);
  const inputs = 'interactions' in body ? parseBatch(text) : [parseInteraction(body, '')];
  return takeIn(await liveFor(request, env, ctx, settings), request, inputs, settings).cookie;
}

/** Takes events into the engine's current visitor, which is the request's. Each event id counts once. */
function takeIn(live: Live, request: Request, events: readonly Input[], settings: Settings): Taken {
  const { engine } = live;
  const { remember: mayRemember } = permission(
    engine.visitorState(),
    request.headers,
    settings.consentMode,
  );
  const now = Math.floor(Date.now() / 1000);
  let changed = false;
  for (const event of events) {
    const { action, contentId } = event;
    if (action === 'exposure' || action === 'would_show' || wasTaken(event.eventId)) continue;
    if (contentId === undefined) continue;
    if (!engine.interact({ ...event, action, contentId }, now)) continue; // the item is in no page any more
    count('interaction_taken');
    changed = true;
    if (mayRemember) remember(event.eventId);
  }
  return {
    updatedProfile: {
      engagementLevel: engine.engagementLevel(),
      personalizationScore: engine.personalizationScore(),
    },
    cookie: changed && mayRemember ? visitorCookie(live) : undefined,
  };
}

type Input = Omit<Event, 'visitorId'>;

/** As the origin gets it. Who does not say what the page view was like has its request to speak for it. */
function leaving(input: Input, visitorId: string, request: Request): Event {
  const context = input.context ?? visitorSurroundings(request);
  return { ...input, visitorId, ...(context && { context }) };
}

function parseBatch(text: string): Input[] {
  const { interactions } = parseObject(text);
  if (!Array.isArray(interactions) || interactions.length > MAX_BATCH) {
    throw new Refusal('invalid', `'interactions' is not a list of at most ${MAX_BATCH}.`);
  }
  return interactions.map((value, i) => parseInteraction(value, `/interactions/${i}`));
}

function parseInteraction(value: unknown, pointer: string): Input {
  const bad = (field: string, what: string) =>
    new Refusal('invalid', `${what}.`, `${pointer}/${field}`);
  if (!isObject(value)) throw bad('', 'An interaction is an object');
  const { contentId, contentType, action, duration, feedback, eventId, occurredAt, slot, reason } =
    value as JsonObject;
  if (!isOneOf(FORWARDED, action)) throw bad('action', `An action is ${FORWARDED.join(', ')}`);
  const about = ofExperiments(value as JsonObject, action, bad);
  if (!isText(contentId) && (contentId != null || !about)) {
    throw bad('contentId', 'The id of the content is missing');
  }
  if (feedback != null && !isOneOf(FEEDBACKS, feedback)) {
    throw bad('feedback', 'Feedback is positive, negative or neutral');
  }
  if (duration != null && !(typeof duration === 'number' && duration >= 0)) {
    throw bad('duration', 'A duration is a number of milliseconds');
  }
  for (const [field, text] of Object.entries({ eventId, slot, reason })) {
    if (text != null && !isText(text))
      throw bad(field, 'A text of 1 to 255 characters is expected');
  }
  if (contentType != null && !isOneOf(TYPES, contentType)) {
    throw bad('contentType', `A content type is ${TYPES.join(', ')}`);
  }
  if (occurredAt != null && !isTime(occurredAt)) {
    throw bad('occurredAt', 'A time such as 2026-01-02T10:00:00Z is expected');
  }
  const shown: Shown = {};
  for (const [field, most] of SHOWN) {
    let number = (value as JsonObject)[field];
    if (field === 'context' && isObject(number)) number = wordOf(number, bad);
    if (number == null) continue;
    const isWhole = most === 1 || Number.isInteger(number);
    if (typeof number !== 'number' || !(number >= 0 && number <= most) || !isWhole) {
      throw bad(field, `A ${most === 1 ? '' : 'whole '}number from 0 to ${most} is expected`);
    }
    shown[field] = number;
  }
  if (isText(slot)) shown.slot = slot;
  if (isText(reason)) shown.reason = reason;
  const input: Input = {
    eventId: isText(eventId) ? eventId : crypto.randomUUID(),
    ...(isText(contentId) && { contentId }),
    action,
    ...about,
    occurredAt: isTime(occurredAt) ? occurredAt : new Date().toISOString(),
    ...shown,
  };
  if (isOneOf(TYPES, contentType)) input.contentType = contentType;
  if (typeof duration === 'number')
    input.duration = Math.min(Math.round(duration), MAX_DURATION_MS);
  if (feedback) input.feedback = feedback;
  return input;
}

/** What an event says of experiments and goals, as the origin takes it (origin/ingest/interaction.cc). */
function ofExperiments(
  { experiment, variant, goal, value, contentId }: JsonObject,
  action: string,
  bad: (field: string, what: string) => Refusal,
): OfExperiments | undefined {
  if (experiment != null) {
    if (!isText(experiment)) throw bad('experiment', 'The key of an experiment is a text');
    if (!isText(variant)) throw bad('variant', 'The key of the variant is missing');
    if (action !== 'exposure') throw bad('action', 'An experiment has exposures only');
    if (contentId != null) throw bad('contentId', 'An exposure to a variant has no content');
    return { experiment, variant };
  }
  if (goal == null) return undefined;
  if (!isText(goal) || goal.length > MAX_GOAL) {
    throw bad('goal', `A goal is a text of 1 to ${MAX_GOAL} characters`);
  }
  if (action !== 'convert') throw bad('action', 'A goal is reached by convert');
  if (value == null) return { goal };
  if (typeof value !== 'number' || !(Math.abs(value) <= 1e12)) {
    throw bad('value', 'A value is a number');
  }
  return { goal, value };
}

/** The object form of `context`: unknown names and values are refused, as at the origin (origin/ingest/context.cc). */
function wordOf(context: JsonObject, bad: (field: string, what: string) => Refusal): number {
  const names: Record<string, readonly unknown[]> = {
    device: DEVICES,
    dayPart: DAY_PARTS,
    weekday: [1, 2, 3, 4, 5, 6, 7],
    referrer: REFERRERS,
  };
  for (const [name, given] of Object.entries(context)) {
    if (!given || !names[name]?.includes(given)) {
      throw bad(`context/${name}`, 'What is known of a page view has other names or values');
    }
  }
  return packSurroundings(context as Surroundings);
}

const FORWARDED = [...ACTIONS, 'exposure', 'would_show'] as const;
const TYPES = [...CONTENT_TYPES, 'featured_project'] as const;
const SHOWN = [
  ['position', 1000],
  ['propensity', 1],
  ['confidence', 1],
  ['snapshotVersion', 9e15],
  ['context', 65535],
] as const;

/** As the origin reads it (origin/store/document.cc). */
function isTime(value: unknown): value is string {
  return (
    isText(value) &&
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 255;
}

function isOneOf<T extends string>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}

/**
 * The unit id as the origin knows it, set now when there is none; undefined when nothing may leave. In the record it is
 * from the next Set-Cookie on.
 */
export function visitorIdOf(
  { engine }: Opened,
  request: Request,
  settings: Settings,
): string | undefined {
  const state = engine.visitorState();
  if (isCrawler(request.headers)) return undefined;
  if (!permission(state, request.headers, settings.consentMode).measure) return undefined;
  if (!state.hasUnitId) engine.setUnitId(newUnitId());
  return unitIdText(engine.visitorRecord());
}

const queue: Event[] = [];
let isFlushing = false;

function forward(
  events: Event[],
  request: Request,
  ctx: ExecutionContext,
  settings: Settings,
): void {
  if (!settings.originUrl) return;
  queue.push(...events);
  const excess = queue.length - MAX_QUEUE;
  if (excess > 0) {
    queue.splice(0, excess);
    count('event_dropped', excess);
  }
  if (isFlushing) return;
  isFlushing = true;
  ctx.waitUntil(flush(request, settings));
}

async function flush(request: Request, settings: Settings): Promise<void> {
  try {
    await scheduler.wait(FLUSH_MS); // what comes meanwhile goes along
    while (queue.length > 0) {
      const batch = queue.splice(0, MAX_BATCH);
      const receipts = new Set(await send(batch, request, settings));
      const missing = batch.filter(({ eventId }) => !receipts.has(eventId));
      if (missing.length === 0) continue;
      // They go with the next visitor's events; the origin counts each id once.
      queue.unshift(...missing);
      return;
    }
  } finally {
    isFlushing = false;
  }
}

/** Event ids with the origin's receipt. Never rejects. */
async function send(
  interactions: readonly Event[],
  request: Request,
  settings: Settings,
): Promise<string[]> {
  const ids = interactions.map(({ eventId }) => eventId);
  try {
    const response = await originFetch(
      new Request(request.url), // a batch is many visitors': nothing of this one's request goes along
      settings,
      '/api/personalization/interactions',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ interactions }),
      },
    );
    const text = await response.text();
    if (response.status >= 500 || response.status === 429) {
      count('origin_unreachable');
      return [];
    }
    count('interaction_forwarded', ids.length);
    if (!response.ok) {
      count('origin_refused', ids.length);
      return ids; // asking again would be refused again
    }
    const { receipts, refused } = JSON.parse(text) as { receipts?: unknown; refused?: unknown };
    if (Array.isArray(refused)) count('origin_refused', refused.length);
    return Array.isArray(receipts) ? receipts.filter(isText) : ids;
  } catch {
    count('origin_unreachable');
    return [];
  }
}

// The SDK repeats what it has no receipt for. Best effort: another isolate does not know, and counts its points once
// more (the history holds an item once all the same); the origin counts each id once.
let taken = new Set<string>();
let takenBefore = new Set<string>();

function wasTaken(eventId: string): boolean {
  return taken.has(eventId) || takenBefore.has(eventId);
}

function remember(eventId: string): void {
  taken.add(eventId);
  if (taken.size < MAX_REMEMBERED) return;
  takenBefore = taken;
  taken = new Set();
}

function answer(body: unknown, cookie: string | undefined, status = 200): Response {
  const response = json(body, status);
  if (cookie) response.headers.append('set-cookie', cookie);
  return response;
}
