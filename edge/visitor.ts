// The visitor's record in its cookie: __Host-fl, base64url (core/visitor/RECORD.md). The visitor's own to change, so it
// is validated by the engine, never trusted, and it goes no further than here.

import type { RecordEngine } from '../wasm/binding/engine.js';
import { toBase64Url } from '../wasm/binding/manifest.js';
import { count } from './counters.js';

export const COOKIE = '__Host-fl';
/** The bearer token of the visitor's profile. No script reads it; with it a second questionnaire updates the first. */
const TOKEN_COOKIE = '__Host-fl-token';
/** Of experiments between addresses (redirect.ts): "experiment:variant", for the SDK of the page that comes next. */
export const SHAPED_COOKIE = '__Host-fl-shaped';
const MAX_TEXT = 1024;
const MAX_AGE_S = 180 * 86400;

const VALUES = new Int8Array(128).fill(-1);
for (const [i, c] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
].entries()) {
  VALUES[c.charCodeAt(0)] = i;
}

/** The record's text in a Cookie header, or undefined. */
export function recordText(cookies: string | null): string | undefined {
  return cookieValue(cookies, COOKIE);
}

/** The profile's token, or undefined. */
export function tokenOf(request: Request): string | undefined {
  const token = cookieValue(request.headers.get('cookie'), TOKEN_COOKIE);
  return token && /^[\w-]{1,128}$/.test(token) ? token : undefined;
}

function cookieValue(cookies: string | null, name: string): string | undefined {
  if (!cookies) return undefined;
  let from = cookies.indexOf(`${name}=`);
  while (from > 0 && cookies[from - 1] !== ' ' && cookies[from - 1] !== ';') {
    from = cookies.indexOf(`${name}=`, from + 1);
  }
  if (from < 0) return undefined;
  const end = cookies.indexOf(';', from);
  return cookies.slice(from + name.length + 1, end < 0 ? undefined : end);
}

/** What of a Cookie header goes upstream: everything but our own. Empty when nothing is left. */
export function cookiesForUpstream(cookies: string | null): string {
  return (cookies ?? '')
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie && !OWN.test(cookie))
    .join('; ');
}

const OWN = new RegExp(`^(?:${COOKIE}|${TOKEN_COOKIE}|${SHAPED_COOKIE})=`);

/** Whether a Cookie header holds more than our own: the site may know this visitor by other means. */
export function hasForeignCookies(cookies: string | null): boolean {
  const own = recordText(cookies);
  if (own !== undefined && cookies?.length === COOKIE.length + 1 + own.length) return false;
  return cookiesForUpstream(cookies) !== '';
}

/** A live snapshot, or what stands in for one where records are all that is asked about. */
export interface Opened {
  engine: RecordEngine;
}

/** Makes the cookie's record the engine's current visitor; an empty visitor when there is none or it is not valid. */
export function loadVisitor({ engine }: Opened, text: string | undefined): boolean {
  if (text) {
    const record = fromBase64Url(text);
    try {
      if (record) {
        engine.loadVisitor(record);
        return true;
      }
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
    }
    count('record_invalid');
  }
  engine.loadVisitor();
  return false;
}

/** Set-Cookie for the engine's current visitor. */
export function visitorCookie({ engine }: Opened): string {
  const text = toBase64Url(engine.visitorRecord());
  return `${COOKIE}=${text}; Path=/; Max-Age=${MAX_AGE_S}; Secure; SameSite=Lax`;
}

/** Set-Cookie for the profile's token; none takes it away. */
export function tokenCookie(token: string | undefined): string {
  const age = token ? MAX_AGE_S : 0;
  return `${TOKEN_COOKIE}=${token ?? ''}; Path=/; Max-Age=${age}; Secure; HttpOnly; SameSite=Lax`;
}

/** Set-Cookie that take away all of ours. */
export function forgetCookies(): string[] {
  return [COOKIE, SHAPED_COOKIE]
    .map((name) => `${name}=; Path=/; Max-Age=0; Secure; SameSite=Lax`)
    .concat(tokenCookie(undefined));
}

/** The unit id as the origin knows it: the record's bytes 2 to 9 (core/visitor/RECORD.md). */
export function unitIdText(record: Uint8Array): string {
  return toBase64Url(record.subarray(2, 10));
}

/** 64 random bits that name nobody, never zero. */
export function newUnitId(): Uint32Array {
  const id = crypto.getRandomValues(new Uint32Array(2));
  if (!id[0] && !id[1]) id[0] = 1;
  return id;
}

// The engine copies a record before anything else can be decoded; a buffer of its own would cost more than the decoding.
const scratch = new Uint8Array((MAX_TEXT * 3) >> 2);

function fromBase64Url(text: string): Uint8Array | undefined {
  const length = text.length;
  if (length > MAX_TEXT || length % 4 === 1) return undefined;
  const bytes = scratch.subarray(0, (length * 3) >> 2);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    const value = VALUES[text.charCodeAt(i)];
    if (value === undefined || value < 0) return undefined;
    bits = (bits << 6) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 255;
    }
  }
  return bytes;
}
