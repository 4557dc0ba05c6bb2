// The questionnaire and the choices: POST /api/profile and POST /api/privacy/consent, as JSON and as plain forms.
//
// Answers go two ways: encoded into the visitor's record here, so that the next page is theirs, and as they are to the
// origin, which keeps the profile. A form needs no JavaScript and ends in 303 back to a page. The profile's token comes
// back as a cookie of its own where the visitor lets the site remember, so that the next answers and choices reach the
// same profile.
import type { Choice } from '../wasm/binding/engine.js';
import { permission } from './consent.js';
import { count } from './counters.js';
import type { Env, Settings } from './env.js';
import { visitorIdOf } from './interactions.js';
import {
  isForm,
  isObject,
  type JsonObject,
  json,
  parseObject,
  problem,
  Refusal,
  readBody,
  seeOther,
} from './problem.js';
import { API_WAIT_MS, currentSnapshot, type Live, recordEngine } from './snapshots.js';
import { originFetch } from './upstream.js';
import {
  loadVisitor,
  newUnitId,
  type Opened,
  recordText,
  tokenCookie,
  tokenOf,
  visitorCookie,
} from './visitor.js';

const MAX_BODY = 65536;
const MAX_FIELDS = 64;
/** Questions whose answer is a list even when it has one value, and by the form's own word: `name[]`. */
const LISTS = new Set(['personal_meaning', 'materials', 'excited_parts', 'preferred_genres']);
const BOOLEANS = new Set(['want_consult']);
/** Fields of a form that are no answers. */
const FORM_FIELDS = new Set(['email', 'next', 'consent']);
const UNSTORED = new Refusal('unavailable', 'The profile could not be stored yet.');
const RETRY_MS = [1000, 5000, 20000];
/** A form's answer waits so long for the profile's token; it then comes with a later questionnaire. */
const TOKEN_WAIT_MS = 1000;

interface ProfilePost {
  answers: JsonObject;
  /** purposes granted together with the answers */
  consent: Changes;
  next: string | null;
  body: JsonObject;
}

export async function postProfile(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const isFormPost = isForm(request);
  const text = await readBody(request, MAX_BODY);
  const post = isFormPost ? profileForm(text) : profileJson(text);
  const live = await currentSnapshot(env, ctx, settings, API_WAIT_MS);
  if (!live) count('no_snapshot');
  const opened = openRecord(live, request);
  applyChoices(opened, post.consent, request, settings);
  const state = opened.engine.visitorState();
  for (const [question, value] of Object.entries(live ? post.answers : {})) {
    live?.engine.answer(question, valuesOf(value)); // what this snapshot does not ask, the origin may
  }
  const visitorId = visitorIdOf(opened, request, settings);
  // Without a snapshot no answer can be encoded (they still reach the origin), but a choice can.
  const isWorthKeeping = live || Object.keys(post.consent).length > 0;
  const mayKeep = !state.optedOut && state.personalization !== 'denied';
  const cookie = isWorthKeeping && mayKeep ? visitorCookie(opened) : undefined;
  const consent = choicesOf(opened); // all of it, for a profile that is made now
  const now = opened.engine.visitorState();
  const mayRemember = permission(now, request.headers, settings.consentMode).remember;
  const body: ProfileBody = {
    anew: JSON.stringify({ ...post.body, visitorId, consent }),
    update: JSON.stringify({ ...post.body, visitorId, consent: post.consent }),
  };
  const stored = storeProfile(body, request, settings);
  let answer: Response;
  let token: string | undefined;
  if (isFormPost) {
    answer = seeOther(request, post.next);
    ctx.waitUntil(stored.then((done) => done !== undefined || storeLater(body, request, settings)));
    // The next page needs nothing of the origin, so an origin that is away keeps nobody waiting long.
    token = (await Promise.race([stored, scheduler.wait(TOKEN_WAIT_MS)]))?.token;
  } else {
    // The answers are in the record and the page is theirs; the status tells a client to send the profile again.
    const done = await stored;
    answer = done?.answer ?? problem(UNSTORED);
    token = done?.token;
  }
  if (cookie) answer.headers.append('set-cookie', cookie);
  if (mayRemember && token && isWithoutToken(request)) {
    answer.headers.append('set-cookie', tokenCookie(token));
  }
  return answer;
}

/** Whoever sends the token themselves keeps it themselves. */
function isWithoutToken(request: Request): boolean {
  return request.headers.get('authorization') === null;
}

interface Stored {
  /** the origin's, to pass on */
  answer: Response;
  token: string | undefined;
}

/** A profile that is known already keeps the choices it has, but for those made now. */
interface ProfileBody {
  anew: string;
  update: string;
}

/** Undefined when the origin does not answer. */
async function storeProfile(
  body: ProfileBody,
  request: Request,
  settings: Settings,
  token = tokenOf(request),
): Promise<Stored | undefined> {
  try {
    const response = await originFetch(request, settings, '/api/profile', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: token || !isWithoutToken(request) ? body.update : body.anew,
    });
    const text = await response.text();
    if (response.status >= 500) {
      count('origin_unreachable');
      return undefined;
    }
    // The profile is gone, or its token too old: these answers begin a new one.
    if (response.status === 401 && token && isWithoutToken(request)) {
      return storeProfile(body, request, settings, '');
    }
    if (!response.ok) count('origin_refused');
    const type = response.headers.get('content-type') ?? 'application/json';
    const answer = new Response(text, {
      status: response.status,
      headers: { 'content-type': type, 'cache-control': 'no-store' },
    });
    const made = response.ok ? (JSON.parse(text) as { token?: unknown }) : {};
    return { answer, token: typeof made.token === 'string' ? made.token : undefined };
  } catch {
    count('origin_unreachable');
    return undefined;
  }
}

/** A form cannot be sent again by a script, so its answers are tried a few times more. */
async function storeLater(
  body: ProfileBody,
  request: Request,
  settings: Settings,
): Promise<boolean> {
  for (const wait of RETRY_MS) {
    await scheduler.wait(wait);
    if (await storeProfile(body, request, settings)) return true;
  }
  count('event_dropped');
  return false;
}

function profileJson(text: string): ProfilePost {
  const body = parseObject(text);
  const answers = body.questionnaireData ?? {};
  if (!isObject(answers) || Object.keys(answers).length > MAX_FIELDS) {
    throw new Refusal('invalid', `'questionnaireData' is not an object of answers.`);
  }
  const consent = isObject(body.consent) ? changesOf(body.consent) : {};
  return { answers, consent, next: null, body };
}

function profileForm(text: string): ProfilePost {
  const form = new URLSearchParams(text);
  const answers: JsonObject = {};
  const names = [...new Set(form.keys())].filter((name) => !FORM_FIELDS.has(name));
  if (names.length > MAX_FIELDS) throw new Refusal('invalid', 'Too many fields.');
  for (const field of names) {
    // A form sends a line's end as two characters; what the person typed, and was limited to, had one.
    const values = form
      .getAll(field)
      .map((value) => value.replaceAll('\r\n', '\n'))
      .filter((value) => value.trim() !== '');
    if (values.length === 0) continue;
    const name = field.replace(/\[\]$/, '');
    if (BOOLEANS.has(name)) answers[name] = /^(?:on|true|yes|1)$/i.test(values[0] ?? '');
    else if (name !== field || LISTS.has(name) || values.length > 1) answers[name] = values;
    else answers[name] = values[0];
  }
  const email = form.get('email')?.trim();
  const consent: Changes = {};
  for (const purpose of form.getAll('consent')) {
    if (purpose === 'personalization' || purpose === 'measurement') consent[purpose] = 'granted';
  }
  return {
    answers,
    consent,
    next: form.get('next'),
    // Nobody is there to put right what is refused, so it must not take the rest with it.
    body: { ...(email && { email }), questionnaireData: answers, lenient: true },
  };
}

function valuesOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value])
    .filter((item) => item !== null && item !== undefined && typeof item !== 'object')
    .map(String)
    .filter((text) => text !== '');
}

interface Changes {
  personalization?: Choice;
  measurement?: Choice;
  /** the origin's to keep: nothing is learned here */
  training?: Choice;
  optedOut?: boolean;
}

export async function postConsent(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const text = await readBody(request, MAX_BODY);
  const form = isForm(request) ? new URLSearchParams(text) : undefined;
  const changes = changesOf(form ? Object.fromEntries(form) : parseObject(text));
  // A choice needs no vocabulary, so nobody waits for a snapshot and no refusal is lost without one.
  const found = currentSnapshot(env, ctx, settings);
  const opened = openRecord(found instanceof Promise ? undefined : found, request);
  applyChoices(opened, changes, request, settings);
  const consent = choicesOf(opened);
  const response = form ? seeOther(request, form.get('next')) : json({ success: true, consent });
  response.headers.append('set-cookie', visitorCookie(opened));
  const token = tokenOf(request);
  if (token || !isWithoutToken(request)) {
    // In force here already; the origin hears of it without the visitor waiting.
    ctx.waitUntil(forwardConsent(JSON.stringify(changes), request, settings, token));
  }
  if (token && (consent.optedOut || consent.personalization === 'denied')) {
    response.headers.append('set-cookie', tokenCookie(undefined));
  }
  return response;
}

/** The profile at the origin follows the choice, also when the origin is away for a while. */
async function forwardConsent(
  body: string,
  request: Request,
  settings: Settings,
  token: string | undefined,
): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    ...(token && { authorization: `Bearer ${token}` }),
  };
  for (const wait of [0, ...RETRY_MS]) {
    if (wait) await scheduler.wait(wait);
    const init = { method: 'POST', headers, body };
    const answer = await originFetch(request, settings, '/api/privacy/consent', init).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    if (answer && answer.status < 500 && answer.status !== 429) {
      if (!answer.ok) count('origin_refused');
      return;
    }
    count('origin_unreachable');
  }
  count('event_dropped');
}

/** The request's visitor, in the live snapshot's engine or, without one, in an engine that knows records alone. */
function openRecord(live: Live | undefined, request: Request): Opened {
  const opened = live ?? { engine: recordEngine() };
  loadVisitor(opened, recordText(request.headers.get('cookie')));
  return opened;
}

function choicesOf({ engine }: Opened): Required<Omit<Changes, 'training'>> {
  const { personalization, measurement, optedOut } = engine.visitorState();
  return { personalization, measurement, optedOut };
}

/** Choices by name: granted, denied, unset, or true and false. */
function changesOf(body: JsonObject): Changes {
  const changes: Changes = {};
  for (const purpose of ['personalization', 'measurement', 'training'] as const) {
    const value = body[purpose];
    if (value === undefined) continue;
    const choice = CHOICES.get(value);
    if (!choice) throw new Refusal('invalid', `'${purpose}' is granted or denied.`);
    changes[purpose] = choice;
  }
  const optOut = body.optedOut ?? body.opt_out;
  if (optOut !== undefined) {
    const choice = CHOICES.get(optOut);
    if (!choice) throw new Refusal('invalid', `'optedOut' is true or false.`);
    changes.optedOut = choice === 'granted';
  }
  return changes;
}

const CHOICES = new Map<unknown, Choice>([
  ['granted', 'granted'],
  ['denied', 'denied'],
  ['unset', 'unset'],
  [true, 'granted'],
  [false, 'denied'],
  ['true', 'granted'],
  ['false', 'denied'],
  ['on', 'granted'],
]);

/** Whoever denies personalization is forgotten; whoever denies measurement loses the unit id. */
function applyChoices(
  { engine }: Opened,
  changes: Changes,
  request: Request,
  settings: Settings,
): void {
  const before = engine.visitorState();
  const personalization = changes.personalization ?? before.personalization;
  const measurement = changes.measurement ?? before.measurement;
  // Granting personalization is the later choice, and takes an earlier opt-out back.
  const optedOut = changes.optedOut ?? (before.optedOut && changes.personalization !== 'granted');
  if (optedOut || personalization === 'denied') engine.loadVisitor();
  engine.setConsent('personalization', personalization);
  engine.setConsent('measurement', measurement);
  engine.setOptOut(optedOut);
  const state = engine.visitorState();
  const { measure } = permission(state, request.headers, settings.consentMode);
  if (!measure) engine.setUnitId(null);
  else if (!state.hasUnitId) engine.setUnitId(newUnitId());
}
