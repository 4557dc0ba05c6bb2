// A page on its way to a visitor: from kept pieces when it can be kept, through HTMLRewriter otherwise, and as it is
// whenever nothing is known of the visitor or anything fails.
//
// Kept pages are answered without asking the site. Behind an answer the site is asked at most every PAGE_REVALIDATE_S
// whether the page is still the same; only after a long pause does a visitor wait for that.
import type { Arm } from '../wasm/binding/bucket.js';
import type { DecideOptions, SlotRequest } from '../wasm/binding/engine.js';
import { handOver } from './assemble.js';
import { armOf } from './canary.js';
import { isCrawler, type Permission, permission, refusesBySignal } from './consent.js';
import { count } from './counters.js';
import { readDecision } from './decision.js';
import type { Env, Settings } from './env.js';
import { evaluateFlags, type PageFlags, plainFlags } from './flags.js';
import {
  headOf,
  isExplicitlyPublic,
  isHtml,
  isKeepable,
  isUtf8,
  MAX_PAGE_BYTES,
  ownHeaders,
  readUpTo,
  validatorsOf,
} from './html.js';
import { type KeptPage, KeptPages } from './kept.js';
import { FLAGS_START, Page, SCRIPT_END } from './pages.js';
import { turnOf } from './redirect.js';
import { currentSnapshot, type Live, retire } from './snapshots.js';
import { fillStream } from './stream.js';
import { surroundingsOf } from './surroundings.js';
import { passThrough, sharedPageRequest, siteRequest } from './upstream.js';
import {
  COOKIE,
  hasForeignCookies,
  loadVisitor,
  newUnitId,
  recordText,
  visitorCookie,
} from './visitor.js';

/** A page unasked for this long is checked before it is shown. */
const MAX_STALE_MS = 60000;
/** How long one check may take before another request tries. */
const CHECK_MS = 15000;
const PLAIN_TTL_MS = 60000;

const kept = new KeptPages();

export function keptPages(): { pages: number; bytes: number } {
  return { pages: kept.size, bytes: kept.bytes };
}

/** Answers GET and HEAD for everything that may be a page. At once, without a promise, when it is kept and fresh. */
export function servePage(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Response | Promise<Response> {
  const text = recordText(request.headers.get('cookie'));
  if (request.method !== 'GET' || !isOpen(request, text, settings) || isCrawler(request.headers)) {
    return serveKept(request, env, ctx, settings);
  }
  const live = currentSnapshot(env, ctx, settings);
  return live instanceof Promise
    ? live.then((found) => turnOrServe(request, env, ctx, settings, text, found))
    : turnOrServe(request, env, ctx, settings, text, live);
}

/** An experiment between addresses comes before anything is asked of the page's own. */
function turnOrServe(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
  text: string | undefined,
  live: Live | undefined,
): Response | Promise<Response> {
  if (!live?.flags?.listed) return serveKept(request, env, ctx, settings);
  try {
    const visitor = openVisitor(live, text, request, settings);
    const turn = visitor && turnOf(visitor.live, request, visitor.surroundings, visitor.permission);
    if (!turn) return serveKept(request, env, ctx, settings);
    const cookies = [turn.cookie, visitor.cookie].filter((cookie) => cookie !== undefined);
    if (turn.location === undefined) return withCookies(request, env, ctx, settings, cookies);
    count('page_redirected');
    const headers = new Headers({ location: turn.location, 'cache-control': 'private, no-store' });
    for (const cookie of cookies) headers.append('set-cookie', cookie);
    return new Response(null, { status: 302, headers });
  } catch (error) {
    engineFailed(error);
    return serveKept(request, env, ctx, settings);
  }
}

/** The page as it would be, with what the experiment has to remember. */
async function withCookies(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
  cookies: readonly string[],
): Promise<Response> {
  // A unit id that was made just now must be the one that the page is decided with.
  const own = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`))?.split(';', 1)[0];
  const asked = own ? new Request(request, { headers: new Headers(request.headers) }) : request;
  if (own) {
    const sent = request.headers.get('cookie');
    asked.headers.set('cookie', sent ? `${sent}; ${own}` : own);
  }
  const page = await serveKept(asked, env, ctx, settings);
  const response = new Response(page.body, page);
  for (const cookie of cookies) response.headers.append('set-cookie', cookie);
  response.headers.set('cache-control', 'private, no-cache');
  return response;
}

function serveKept(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Response | Promise<Response> {
  const url = request.url;
  const cookies = request.headers.get('cookie');
  const found = kept.get(url);
  const isShared = !hasForeignCookies(cookies) && request.headers.get('authorization') === null;
  const usable = found && (isShared || found.isPublic) ? found : undefined;
  const age = usable ? Date.now() - usable.checkedAtMs : 0;
  if (usable?.page && age <= settings.pageRevalidateMs) {
    return answerKept(request, usable, usable.page, cookies, env, ctx, settings);
  }
  return serveChecked(request, env, ctx, settings, usable, age, isShared);
}

async function serveChecked(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
  found: KeptPage | undefined,
  age: number,
  isShared: boolean,
): Promise<Response> {
  const url = request.url;
  const cookies = request.headers.get('cookie');
  if (found) {
    const current = await checked(url, found, age, ctx, settings);
    if (current?.page) {
      return answerKept(request, current, current.page, cookies, env, ctx, settings);
    }
    if (current) return passThrough(request, settings);
  }
  if (request.method !== 'GET') return passThrough(request, settings);

  const response = await fetch(siteRequest(request, settings, true));
  if (!isHtml(response)) return response;
  let html: ReadableStream<Uint8Array> = response.body as ReadableStream<Uint8Array>;
  const isPublic = isExplicitlyPublic(response.headers);
  if ((isShared || isPublic) && isKeepable(response.headers)) {
    const { bytes, rest } = await readUpTo(html, MAX_PAGE_BYTES);
    if (bytes) {
      const made = await keep(url, bytes, response.headers, isPublic, settings);
      if (made.page) return answerKept(request, made, made.page, cookies, env, ctx, settings);
      return new Response(bytes, response);
    }
    html = rest;
  }
  const { head, rest } = await headOf(html);
  if (!isUtf8(response.headers, head)) return new Response(rest, response);
  return answerStreamed(request, response, rest, cookies, env, ctx, settings);
}

/** The kept page, checked against the site now or behind the answer; undefined when it is gone. */
async function checked(
  url: string,
  found: KeptPage,
  age: number,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<KeptPage | undefined> {
  if (!found.page) {
    if (age <= PLAIN_TTL_MS) return found;
    kept.delete(url);
    return undefined;
  }
  const now = Date.now();
  if (now < found.checkingUntilMs) return found;
  found.checkingUntilMs = now + CHECK_MS;
  const check = revalidate(url, found, settings).catch(() => count('site_unreachable'));
  if (age <= MAX_STALE_MS && settings.pageRevalidateMs > 0) {
    ctx.waitUntil(check);
    return found;
  }
  await check;
  return kept.get(url);
}

async function revalidate(url: string, found: KeptPage, settings: Settings): Promise<void> {
  const response = await fetch(sharedPageRequest(url, settings, found.validators));
  count('page_revalidated');
  found.checkingUntilMs = 0;
  if (response.status >= 500) {
    await response.body?.cancel();
    count('site_unreachable'); // the page as it was is better than the site's error
    return;
  }
  if (response.status === 304) {
    found.checkedAtMs = Date.now();
    return;
  }
  if (isHtml(response) && isKeepable(response.headers)) {
    const { bytes, rest } = await readUpTo(
      response.body as ReadableStream<Uint8Array>,
      MAX_PAGE_BYTES,
    );
    if (bytes) {
      await keep(url, bytes, response.headers, isExplicitlyPublic(response.headers), settings);
      return;
    }
    await rest.cancel();
  } else await response.body?.cancel();
  kept.delete(url);
}

/** Takes a page apart, unless it is the one that is kept already. What cannot be taken apart is kept as it is. */
async function keep(
  url: string,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Headers,
  isPublic: boolean,
  settings: Settings,
): Promise<KeptPage> {
  const now = Date.now();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hash = String.fromCharCode(...digest);
  const before = kept.get(url);
  const isSame = before?.hash === hash;
  let page: Page | undefined;
  try {
    page = isSame ? before.page : await Page.takeApart(bytes);
  } catch {
    count('page_error'); // it passes through, and takes the place of what was kept before
  }
  const isOurs = page?.requests.length && isUtf8(headers, bytes);
  const made: KeptPage = {
    page: isOurs ? page : undefined,
    headers: ownHeaders(headers),
    validators: validatorsOf(headers),
    hash,
    isPublic,
    checkedAtMs: now,
    checkingUntilMs: 0,
    usedAt: 0,
  };
  if (!isSame) count('page_kept');
  kept.set(url, made, settings.pageCacheBytes);
  return made;
}

function answerKept(
  request: Request,
  current: KeptPage,
  page: Page,
  cookies: string | null,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Response | Promise<Response> {
  const text = recordText(cookies);
  if (!mayBePersonal(request, text, settings)) {
    count('page_default');
    if (isCrawler(request.headers)) return respond(request, current, page);
    // Nobody waits for flags alone: the first answers of an isolate come without.
    const live = currentSnapshot(env, ctx, settings);
    return answerPlain(request, current, page, live instanceof Promise ? undefined : live);
  }
  const live = currentSnapshot(env, ctx, settings);
  return live instanceof Promise
    ? live.then((found) => answerPersonal(request, current, page, text, found, settings))
    : answerPersonal(request, current, page, text, live, settings);
}

/** The page as the site wrote it, with what the flags say to whoever is not known. */
function answerPlain(
  request: Request,
  current: KeptPage,
  page: Page,
  live: Live | undefined,
): Response {
  if (!live?.flags) return respond(request, current, page);
  try {
    const flags = plainFlags(live, request, surroundingsOf(request), page.lang);
    if (flags) return respond(request, current, page, page.withFlags(flags));
  } catch (error) {
    engineFailed(error);
  }
  return respond(request, current, page);
}

function answerPersonal(
  request: Request,
  current: KeptPage,
  page: Page,
  text: string | undefined,
  live: Live | undefined,
  settings: Settings,
): Response {
  try {
    const visitor = live && openVisitor(live, text, request, settings);
    if (visitor) {
      let { cookie } = visitor;
      const { live: own, surroundings, arm, permission } = visitor;
      const body = page.join(own, ({ requests, lang }) => {
        // Before the decision: both go through the engine's one buffer.
        const flags = evaluateFlags(own, request, surroundings, lang, permission, arm);
        if (flags?.hasStuck) cookie = visitorCookie(own);
        return own.engine.adjusted(flags?.adjustment, () => {
          const bytes = own.engine.decideBytes(requests, optionsFor(lang, visitor));
          return readDecision(own.engine, bytes, surroundings, flags);
        });
      });
      count('page_joined');
      return respond(request, current, page, body, cookie);
    }
    if (live) {
      count('page_default');
      return answerPlain(request, current, page, live);
    }
    failOpen('no_snapshot');
  } catch (error) {
    engineFailed(error);
  }
  return respond(request, current, page);
}

/** `body`: undefined for the page as it is; other bytes are gone afterwards. */
function respond(
  request: Request,
  current: KeptPage,
  page: Page,
  body?: Uint8Array<ArrayBuffer>,
  cookie?: string,
): Response {
  const init = { headers: current.headers };
  let response: Response;
  if (request.method === 'HEAD') response = new Response(null, init);
  else response = body ? handOver(body, init) : new Response(page.original, init);
  if (cookie) response.headers.append('set-cookie', cookie);
  return response;
}

async function answerStreamed(
  request: Request,
  response: Response,
  html: ReadableStream<Uint8Array>,
  cookies: string | null,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const headers = ownHeaders(response.headers);
  for (const cookie of response.headers.getSetCookie()) headers.append('set-cookie', cookie);
  const cacheControl = response.headers.get('cache-control') ?? '';
  if (/no-store/i.test(cacheControl)) headers.set('cache-control', cacheControl);
  const text = recordText(cookies);
  let body = html;
  if (mayBePersonal(request, text, settings)) {
    const found = currentSnapshot(env, ctx, settings);
    const live = found instanceof Promise ? await found : found;
    try {
      const visitor = live && openVisitor(live, text, request, settings);
      if (visitor) {
        const { live: own, surroundings, arm, permission } = visitor;
        // What sticks has to be known before the headers leave, and so before the page's language is.
        const early = own.flags?.stickyExperiments.length
          ? evaluateFlags(own, request, surroundings, undefined, permission, arm)
          : undefined;
        const cookie = early?.hasStuck ? visitorCookie(own) : visitor.cookie;
        if (cookie) headers.append('set-cookie', cookie);
        const record = early?.hasStuck ? recordText(cookie as string) : visitor.text;
        let flags: PageFlags | undefined; // once for the page, whatever the clock does meanwhile
        const decideNow = (requests: readonly SlotRequest[], lang: string | undefined) => {
          // Other requests may have used the engine since the last chunk.
          loadVisitor(own, record);
          try {
            flags ??= evaluateFlags(own, request, surroundings, lang, permission, arm);
            return own.engine.adjusted(flags?.adjustment, () => {
              const decision = own.engine.decideIndexes(requests, optionsFor(lang, visitor));
              return { ...decision, flags };
            });
          } catch (error) {
            engineFailed(error);
            throw error;
          }
        };
        body = fillStream(html, own, decideNow, ({ failed }) => {
          if (!failed) count('page_streamed');
        });
      } else if (live) {
        count('page_default');
        body = plainStream(live, request, html);
      } else failOpen('no_snapshot');
    } catch (error) {
      engineFailed(error);
    }
  } else {
    count('page_default');
    if (!isCrawler(request.headers)) {
      const live = currentSnapshot(env, ctx, settings);
      if (live && !(live instanceof Promise)) body = plainStream(live, request, html);
    }
  }
  return new Response(body, { status: response.status, headers });
}

/** As answerPlain(), for a page that is not kept. Its language is not known before it has flowed. */
function plainStream(
  live: Live,
  request: Request,
  html: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  let flags: string | undefined;
  try {
    flags = plainFlags(live, request, surroundingsOf(request), undefined);
  } catch (error) {
    engineFailed(error);
  }
  if (!flags) return html;
  const script = FLAGS_START + flags + SCRIPT_END;
  const rewriter = new HTMLRewriter().on('body', {
    element: (body) => void body.append(script, { html: true }),
  });
  return rewriter.transform(new Response(html)).body as ReadableStream<Uint8Array>;
}

interface OpenVisitor {
  /** what this visitor is answered with, and their part in a comparison of snapshots */
  live: Live;
  arm: Arm | undefined;
  permission: Permission;
  /** the record, also when it was made just now */
  text: string | undefined;
  /** to set, when the record was made just now */
  cookie: string | undefined;
  surroundings: number;
}

/** Whether it is worth asking the engine. Crawlers see what everybody sees who is not known. */
function mayBePersonal(request: Request, text: string | undefined, settings: Settings): boolean {
  if (!isOpen(request, text, settings)) return false;
  if (!isCrawler(request.headers)) return true;
  count('crawler');
  return false;
}

function isOpen(request: Request, text: string | undefined, settings: Settings): boolean {
  return (
    text !== undefined || (settings.consentMode === 'opt-out' && !refusesBySignal(request.headers))
  );
}

/** Makes the visitor current in the engine; undefined when the page is to stay as it is. */
function openVisitor(
  live: Live,
  text: string | undefined,
  request: Request,
  settings: Settings,
): OpenVisitor | undefined {
  const isKnown = loadVisitor(live, text);
  const state = live.engine.visitorState();
  const allowed = permission(state, request.headers, settings.consentMode);
  if (!allowed.personalize) return undefined;
  const surroundings = surroundingsOf(request);
  let own = text;
  let cookie: string | undefined;
  if (!isKnown) {
    if (allowed.measure) live.engine.setUnitId(newUnitId());
    cookie = visitorCookie(live);
    own = recordText(cookie);
  }
  // Who may not be measured is in no experiment, whatever their record still holds.
  const arm = allowed.measure ? armOf(live, own) : { live, arm: undefined };
  return { ...arm, permission: allowed, text: own, cookie, surroundings };
}

function optionsFor(lang: string | undefined, visitor: OpenVisitor): DecideOptions {
  const now = Math.floor(Date.now() / 1000);
  const explore = visitor.permission.measure;
  const { surroundings } = visitor;
  return lang ? { now, explore, surroundings, locale: lang } : { now, explore, surroundings };
}

function engineFailed(error: unknown): void {
  if (error instanceof WebAssembly.RuntimeError) {
    failOpen('engine_trap');
    retire();
  } else failOpen('page_error');
}

function failOpen(reason: 'no_snapshot' | 'engine_trap' | 'page_error'): void {
  count('page_failed_open');
  count(reason);
}
