// What a visitor may ask for about themselves: a copy, settings, the end of it (origin/privacy/PRIVACY.md).
//
// The authority is the profile's token, which the browser keeps in a cookie that no script reads. Here it becomes the
// Bearer token of a request to the origin; a client that holds its token itself sends that. Whoever has no profile gets
// what this site has of them all the same: the record in their own cookie. Links and plain forms do, without a script.
import { count } from './counters.js';
import type { Env, Settings } from './env.js';
import { isForm, json, problem, Refusal, readBody, seeOther } from './problem.js';
import { recordEngine } from './snapshots.js';
import { originFetch } from './upstream.js';
import { forgetCookies, loadVisitor, recordText, tokenOf, unitIdText } from './visitor.js';

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

/** The origin's answer to the profile's holder; undefined when the request comes without a token. */
async function asHolder(
  request: Request,
  settings: Settings,
  path: string,
  init: RequestInit & { headers?: Record<string, string> } = {},
): Promise<Response | undefined> {
  const token = tokenOf(request);
  const isOwn = request.headers.get('authorization') === null;
  if (isOwn && !token) return undefined;
  try {
    const answer = await originFetch(request, settings, path, {
      ...init,
      headers: { ...init.headers, ...(isOwn && { authorization: `Bearer ${token}` }) },
    });
    if (answer.status >= 500) count('origin_unreachable');
    const response = new Response(answer.body, answer);
    response.headers.set('cache-control', 'no-store');
    return response;
  } catch {
    count('origin_unreachable');
    throw new Refusal('unavailable', 'The origin cannot be reached: nothing was done.');
  }
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
  const answer = await asHolder(request, settings, EXPORT);
  // A token that is not valid any more is no profile's.
  const isOwn = request.headers.get('authorization') === null;
  if (answer && (answer.status !== 401 || !isOwn)) return answer;
  await answer?.body?.cancel();
  const opened = { engine: recordEngine() };
  loadVisitor(opened, recordText(request.headers.get('cookie')));
  const record = opened.engine.visitorState();
  // With it an admin can find what the origin keeps under its hash. It is authority for nothing: 64 bits are too few.
  const unitId = record.hasUnitId ? unitIdText(opened.engine.visitorRecord()) : null;
  const response = json({
    format: 'footlight-export',
    formatVersion: 1,
    exportedAt: new Date().toISOString(),
    profile: null,
    record: {
      ...JSON.parse(
        JSON.stringify(record, (_, value) => (ArrayBuffer.isView(value) ? undefined : value)),
      ),
      unitId,
    },
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
  const answer = await asHolder(request, settings, PROFILE, { method: 'DELETE' });
  if (answer && !answer.ok && answer.status !== 401) {
    // The token stays: with it this can be asked for again.
    await answer.body?.cancel();
    return problem(new Refusal('unavailable', 'The profile could not be erased yet.'));
  }
  // Who shows a token themselves hears of it when it is not valid.
  if (answer?.status === 401 && request.headers.get('authorization') !== null) return answer;
  let response: Response;
  if (next !== undefined) {
    await answer?.body?.cancel();
    response = seeOther(request, next);
  } else if (answer?.ok) {
    response = answer;
  } else {
    await answer?.body?.cancel();
    response = json({ success: true, erasure: null }); // there was no profile, or there is none any more
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
  const opened = { engine: recordEngine() };
  loadVisitor(opened, recordText(request.headers.get('cookie')));
  const { personalization, measurement, optedOut } = opened.engine.visitorState();
  const training = optedOut ? 'denied' : 'granted';
  const choices = { personalization, measurement, training, optedOut };
  return json(
    request.url.includes('/settings') ? { settings: choices } : { consent: choices, history: [] },
  );
}
