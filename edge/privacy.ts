// What a visitor may ask for about themselves: a copy, settings, the end of it (origin/privacy/PRIVACY.md).
//
// The authority is the profile's token, which the browser keeps in a cookie that no script reads. Here it becomes the
// Bearer token of a request to the origin; a client that holds its token itself sends that. Whoever has no profile shows
// the unit id of their record, if they have one, and gets the record too. Links and plain forms do, without a script.
import { count } from './counters.js';
import type { Env, Settings } from './env.js';
import { isForm, json, problem, Refusal, readBody, seeOther } from './problem.js';
import { recordEngine } from './snapshots.js';
import { originFetch } from './upstream.js';
import {
  forgetCookies,
  loadVisitor,
  type Opened,
  recordText,
  tokenOf,
  unitIdText,
} from './visitor.js';

const MAX_BODY = 4096;
const EXPORT = '/api/privacy/export';
const PROFILE = '/api/privacy/profile';

/** The day on which this began to be so (https://www.w3.org/TR/gpc/, section 4). */
const GPC = { gpc: true, lastUpdate: '2026-11-27' };

export function gpcSupport(): Response {
  const response = json(GPC);
  response.headers.set('cache-control', 'public, max-age=86400');
  return response;
}

/** An answer of the origin's, which is for this visitor alone. */
async function ask(
  request: Request,
  settings: Settings,
  path: string,
  init: RequestInit,
  credentials: Record<string, string>,
): Promise<Response> {
  try {
    const answer = await originFetch(request, settings, path, { ...init, headers: credentials });
    if (answer.status >= 500) count('origin_unreachable');
    const response = new Response(answer.body, answer);
    response.headers.set('cache-control', 'no-store');
    return response;
  } catch {
    count('origin_unreachable');
    throw new Refusal('unavailable', 'The origin cannot be reached: nothing was done.');
  }
}

/**
 * The origin's answer to the profile's holder; undefined when the request comes without a token, or with one that is not
 * valid any more. Who shows a token themselves hears of it when it is not.
 */
async function asHolder(
  request: Request,
  settings: Settings,
  path: string,
  init: RequestInit = {},
): Promise<Response | undefined> {
  if (request.headers.get('authorization') !== null) return ask(request, settings, path, init, {});
  const token = tokenOf(request);
  if (!token) return undefined;
  return unlessUnknown(
    await ask(request, settings, path, init, { authorization: `Bearer ${token}` }),
  );
}

/** The same to whoever has no profile, by the unit id of their record. */
async function asUnit(
  request: Request,
  settings: Settings,
  { engine }: Opened,
  path: string,
  init: RequestInit = {},
): Promise<Response | undefined> {
  if (!engine.visitorState().hasUnitId || !settings.originUrl) return undefined;
  const unitId = unitIdText(engine.visitorRecord());
  return unlessUnknown(await ask(request, settings, path, init, { 'x-visitor-id': unitId }));
}

async function unlessUnknown(answer: Response): Promise<Response | undefined> {
  if (answer.status !== 401) return answer;
  await answer.body?.cancel();
  return undefined;
}

/** The record of the request's own cookie, opened. */
function ownRecord(request: Request): Opened {
  const opened = { engine: recordEngine() };
  loadVisitor(opened, recordText(request.headers.get('cookie')));
  return opened;
}

/** GET /api/privacy/export */
export async function exportProfile(
  request: Request,
  _env: Env,
  _ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const site = request.headers.get('sec-fetch-site');
  if (site === 'cross-site' || site === 'same-site') {
    throw new Refusal('forbidden', 'This can only be asked for from a page of this site.');
  }
  const held = await asHolder(request, settings, EXPORT);
  if (held) return held;
  const opened = ownRecord(request);
  const record = JSON.parse(
    JSON.stringify(opened.engine.visitorState(), (_, value) =>
      ArrayBuffer.isView(value) ? undefined : value,
    ),
  );
  const known = await asUnit(request, settings, opened, EXPORT);
  if (known && !known.ok) return known;
  const response = json({
    format: 'footlight-export',
    formatVersion: 1,
    exportedAt: new Date().toISOString(),
    profile: null,
    ...(known && ((await known.json()) as object)),
    record,
  });
  response.headers.set('content-disposition', 'attachment; filename="footlight-export.json"');
  return response;
}

/** DELETE /api/privacy/profile; POST of a plain form with erase=yes. */
export async function eraseProfile(
  request: Request,
  _env: Env,
  _ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  let next: string | null | undefined;
  if (request.method === 'POST') {
    if (!isForm(request)) throw new Refusal('invalid', 'Send DELETE, or a form with erase=yes.');
    const form = new URLSearchParams(await readBody(request, MAX_BODY));
    if (form.get('erase') !== 'yes') throw new Refusal('invalid', `'erase' is not yes.`);
    next = form.get('next');
  }
  const method = 'DELETE';
  const answer =
    (await asHolder(request, settings, PROFILE, { method })) ??
    (await asUnit(request, settings, ownRecord(request), PROFILE, { method }));
  if (answer?.status === 401) return answer;
  if (answer && !answer.ok) {
    // The cookies stay: with them this can be asked for again.
    await answer.body?.cancel();
    return problem(new Refusal('unavailable', 'The profile could not be erased yet.'));
  }
  let response: Response;
  if (next !== undefined) {
    await answer?.body?.cancel();
    response = seeOther(request, next);
  } else if (answer?.ok) {
    response = answer;
  } else {
    response = json({ success: true, erasure: null }); // the origin knows nobody, or nobody any more
  }
  for (const cookie of forgetCookies()) response.headers.append('set-cookie', cookie);
  // Whatever this site has stored in the browser goes as well, where the browser knows how.
  response.headers.set('clear-site-data', '"storage"');
  return response;
}

/** GET of the choices with their history, GET of the settings. */
export async function readPrivacy(
  request: Request,
  _env: Env,
  _ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const answer = await asHolder(request, settings, new URL(request.url).pathname);
  if (answer) return answer;
  const { personalization, measurement, optedOut } = ownRecord(request).engine.visitorState();
  const training = optedOut ? 'denied' : 'granted';
  const choices = { personalization, measurement, training, optedOut };
  return json(
    request.url.includes('/settings') ? { settings: choices } : { consent: choices, history: [] },
  );
}
