// The worker: what is asked for, and by whom it is answered. Fails open: whatever goes wrong with a page, the visitor
// gets the site's own.
import { homepage, recommendations } from './api.js';
import { count } from './counters.js';
import { type Env, type Settings, settingsOf } from './env.js';
import { serveFile } from './files.js';
import { postInteraction, postInteractions, takeInProxied } from './interactions.js';
import { answerOfrep, OFREP } from './ofrep.js';
import { eraseProfile, exportProfile, gpcSupport, readPrivacy } from './privacy.js';
import { problem, Refusal, readBody, requireSameOrigin } from './problem.js';
import { postConsent, postProfile } from './profile.js';
import { servePage } from './serve.js';
import { retire } from './snapshots.js';
import { originFetch, passThrough } from './upstream.js';

const MAX_BODY = 65536;
const GPC = '/.well-known/gpc.json';
/** Comes from nobody in particular (web/privacy/reporting.ts). */
const PRIVATE_REPORT = '/api/personalization/private-report';
/** Cannot be a page, so its conditions and ranges reach the site. */
const ASSET =
  /\.(?:avif|css|gif|ico|jpe?g|js|json|map|mjs|mp[34]|pdf|png|svg|txt|wasm|webm|webp|woff2?|xml|zip)$/i;

type Handler = (
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
) => Promise<Response>;

const API: Record<string, Handler> = {
  'GET /api/personalization/homepage': homepage,
  'GET /api/personalization/recommendations': recommendations,
  'POST /api/personalization/interaction': postInteraction,
  'POST /api/personalization/interactions': postInteractions,
  'POST /api/profile': postProfile,
  'GET /api/privacy/consent': readPrivacy,
  'POST /api/privacy/consent': postConsent,
  'GET /api/privacy/settings': readPrivacy,
  'PUT /api/privacy/settings': postConsent,
  'GET /api/privacy/export': exportProfile,
  'DELETE /api/privacy/profile': eraseProfile,
  'POST /api/privacy/profile': eraseProfile,
};

/** They answer whoever holds a token as well, because what they do reaches the browser's cookies. */
const OWN = new Set<Handler>([postProfile, postConsent, readPrivacy, exportProfile, eraseProfile]);

export default {
  fetch(request, env, ctx) {
    const path = pathOf(request.url);
    const settings = settingsOf(env);
    if (path.startsWith('/_fl/')) return answerFile(path.slice(5), request, env, ctx, settings);
    if (path === GPC) return gpcSupport();
    if (isApi(path)) return answerApi(path, request, env, ctx, settings);
    const { method } = request;
    if ((method !== 'GET' && method !== 'HEAD') || ASSET.test(path)) {
      return passThrough(request, settings);
    }
    try {
      const answer = servePage(request, env, ctx, settings);
      if (answer instanceof Response) return answer;
      return answer.catch(() => failOpen(request, settings));
    } catch {
      return failOpen(request, settings);
    }
  },
} satisfies ExportedHandler<Env>;

function failOpen(request: Request, settings: Settings): Promise<Response> {
  count('page_failed_open');
  count('page_error');
  return passThrough(request, settings);
}

/** Without URL: this is asked for every page, and needs no more than a place to start and one to end. */
function pathOf(url: string): string {
  const start = url.indexOf('/', 8); // behind "https://"
  const end = url.indexOf('?', start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

/** Other paths under /api belong to the site. */
function isApi(path: string): boolean {
  return (
    path === '/api/profile' ||
    path.startsWith('/api/profile/') ||
    path.startsWith('/api/personalization/') ||
    path.startsWith('/api/privacy/') ||
    path === OFREP ||
    path.startsWith(`${OFREP}/`)
  );
}

async function answerFile(
  name: string,
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  try {
    if (request.method === 'GET' || request.method === 'HEAD') {
      const response = await serveFile(name, request, env, ctx, settings);
      if (response) return request.method === 'GET' ? response : new Response(null, response);
    }
    return problem(new Refusal('not_found'));
  } catch (error) {
    return failed(error);
  }
}

async function answerApi(
  path: string,
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  try {
    const { method } = request;
    const changes = method !== 'GET' && method !== 'HEAD';
    if (changes) requireSameOrigin(request);
    if (path.startsWith(OFREP) && method === 'POST') {
      return await answerOfrep(path, request, env, ctx, settings);
    }
    const handler = API[`${method} ${path}`];
    const isKnown = request.headers.get('authorization') !== null;
    if (handler && (OWN.has(handler) || !isKnown))
      return await handler(request, env, ctx, settings);
    if (!isKnown && path !== PRIVATE_REPORT) throw new Refusal('not_found');
    return await proxied(path, request, env, ctx, settings);
  } catch (error) {
    return failed(error);
  }
}

/** What needs authority is the origin's to answer. */
async function proxied(
  path: string,
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const { method, url } = request;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const body = hasBody ? await readBody(request, MAX_BODY) : undefined;
  const type = request.headers.get('content-type') ?? 'application/json';
  const query = url.indexOf('?');
  let answer: Response;
  try {
    answer = await originFetch(request, settings, path + (query < 0 ? '' : url.slice(query)), {
      method,
      ...(body !== undefined && { body, headers: { 'content-type': type } }),
    });
  } catch {
    count('origin_unreachable');
    throw new Refusal('unavailable', 'The origin cannot be reached.');
  }
  const response = new Response(answer.body, answer);
  response.headers.set('cache-control', 'no-store');
  if (answer.ok && body !== undefined && /\/interactions?$/.test(path)) {
    const cookie = await takeInProxied(body, request, env, ctx, settings).catch(() => undefined);
    if (cookie) response.headers.append('set-cookie', cookie);
  }
  return response;
}

function failed(error: unknown): Response {
  if (error instanceof Refusal) return problem(error);
  const isTrap = error instanceof WebAssembly.RuntimeError;
  if (isTrap) retire();
  count(isTrap ? 'engine_trap' : 'api_error');
  return problem(new Refusal('internal'));
}
