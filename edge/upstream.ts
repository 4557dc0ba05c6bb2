// The two places behind the worker: the site (pages) and the Footlight origin (API). Neither sees the visitor's record.
import { count } from './counters.js';
import type { Settings } from './env.js';
import { cookiesForUpstream } from './visitor.js';

const TIMEOUT_MS = 10000;
/** They ask for a part of a page, or whether it is still the same; the page the visitor gets is not the site's. */
const OF_OTHER_BYTES = [
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'range',
  'if-range',
];

/** The site's own answer, or 502 when there is none: then there is no page to fall back to. */
export function passThrough(request: Request, settings: Settings): Promise<Response> {
  return fetch(siteRequest(request, settings, false)).catch(() => {
    count('site_unreachable');
    return new Response('The site cannot be reached.\n', {
      status: 502,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    });
  });
}

/** The request as the site gets it. `isPage`: its answer may be changed on the way back. */
export function siteRequest(request: Request, settings: Settings, isPage: boolean): Request {
  const headers = withoutRecord(request.headers);
  if (isPage) for (const name of OF_OTHER_BYTES) headers.delete(name);
  const { method, body } = request;
  return new Request(siteUrl(request.url, settings, headers), {
    method,
    headers,
    body,
    redirect: 'manual',
  });
}

/** Asks for a page as everybody gets it: nothing in the request comes from a visitor. */
export function sharedPageRequest(url: string, settings: Settings, validators: Headers): Request {
  const headers = new Headers(validators);
  headers.set('accept', 'text/html');
  return new Request(siteUrl(url, settings, headers), { headers, redirect: 'manual' });
}

function siteUrl(url: string, settings: Settings, headers: Headers): string {
  if (!settings.siteUrl) return url;
  const { host, protocol, pathname, search } = new URL(url);
  headers.set('x-forwarded-host', host);
  headers.set('x-forwarded-proto', protocol.slice(0, -1));
  return settings.siteUrl + pathname + search;
}

/** Rejects when the origin does not answer in time. */
export function originFetch(
  request: Request,
  settings: Settings,
  path: string,
  init: RequestInit & { headers?: Record<string, string> } = {},
): Promise<Response> {
  if (!settings.originUrl) return Promise.reject(new Error('no origin'));
  const headers = new Headers(init.headers);
  // The address is the rate limiter's; nobody but the platform may name it.
  const address = request.headers.get('cf-connecting-ip');
  if (address) headers.set('x-forwarded-for', address);
  for (const name of ['authorization', 'x-user-id', 'accept-language', 'sec-gpc', 'dnt']) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return fetch(settings.originUrl + path, {
    ...init,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

function withoutRecord(from: Headers): Headers {
  const headers = new Headers(from);
  const cookies = cookiesForUpstream(from.get('cookie'));
  if (cookies) headers.set('cookie', cookies);
  else headers.delete('cookie');
  return headers;
}
