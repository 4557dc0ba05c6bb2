// What a page view's request says of its surroundings (wasm/binding/surroundings.ts): the device by its User-Agent, the
// visitor's clock by the time zone that the CDN knows, where the visitor came from by Referer. Nothing of it is kept but
// the word, and that goes no further than a decision and the events about it.
import { clockOf, deviceOf, referrerOf } from '../wasm/binding/surroundings.js';

const MAX_KNOWN = 1000;
const QUARTER_MS = 900000; // every zone's hours begin with one

interface Clock {
  untilMs: number;
  word: number;
}

const devices = new Map<string, number>();
const clocks = new Map<string, Clock>();

/** Of a request for a page. */
export function surroundingsOf(request: Request): number {
  const { url } = request;
  const start = url.indexOf('//') + 2;
  const end = url.indexOf('/', start);
  const host = url.slice(start, end < 0 ? undefined : end);
  return (
    visitorSurroundings(request) | (referrerOf(request.headers.get('referer') ?? '', host) << 12)
  );
}

/** Of a request that a page makes: its Referer is that page, so where the visitor came from is not known. */
export function visitorSurroundings(request: Request): number {
  return device(request.headers.get('user-agent') ?? '') | clock(request.cf?.timezone);
}

function device(userAgent: string): number {
  let found = devices.get(userAgent);
  if (found === undefined) {
    if (devices.size >= MAX_KNOWN) devices.clear();
    found = deviceOf(userAgent);
    devices.set(userAgent, found);
  }
  return found;
}

function clock(timezone: unknown): number {
  if (typeof timezone !== 'string') return 0;
  const now = Date.now();
  let found = clocks.get(timezone);
  if (!found || now >= found.untilMs) {
    if (clocks.size >= MAX_KNOWN) clocks.clear();
    found = { untilMs: now - (now % QUARTER_MS) + QUARTER_MS, word: clockIn(timezone, now) };
    clocks.set(timezone, found);
  }
  return found.word;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** 0 for a zone that nobody knows. */
function clockIn(timezone: string, now: number): number {
  try {
    const parts = new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone,
      hour: '2-digit',
      hourCycle: 'h23',
      weekday: 'short',
    }).formatToParts(now);
    const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
    return clockOf(Number(part('hour')), DAYS.indexOf(part('weekday')));
  } catch {
    return 0;
  }
}
