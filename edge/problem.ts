// Errors of the API: RFC 9457 problem+json with a stable code, and the checks that every request body passes.
import { count } from './counters.js';

/** The origin's codes (origin/http/problem.cc), as far as the worker refuses for itself. */
const KINDS = {
  bad_json: [400, 'The body is not valid JSON.'],
  invalid: [422, 'The body is not what this operation takes.'],
  bad_parameter: [400, 'A parameter is not valid.'],
  forbidden: [403, 'These credentials do not allow this.'],
  not_found: [404, 'There is nothing here.'],
  too_large: [413, 'The body is too large.'],
  unavailable: [503, 'The service cannot answer now.'],
  no_snapshot: [503, 'Nothing has been published yet.'],
  internal: [500, 'Something went wrong here.'],
} as const;

export class Refusal extends Error {
  constructor(
    readonly code: keyof typeof KINDS,
    readonly detail?: string,
    /** JSON pointer into the body */
    readonly pointer?: string,
  ) {
    super(code);
  }
}

/** Answers are data: no browser makes a page of them, whatever is in them. */
const DATA = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

export function problem({ code, detail, pointer }: Refusal): Response {
  count('request_refused');
  const [status, title] = KINDS[code];
  const body = { type: `urn:footlight:problem:${code}`, title, status, code, detail, pointer };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', ...DATA },
  });
}

export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...DATA },
  });
}

/**
 * Throws a Refusal when a page of another site makes a visitor's browser send this. What is no browser sends neither
 * header, and carries nobody's cookie either.
 */
export function requireSameOrigin(request: Request): void {
  const site = request.headers.get('sec-fetch-site');
  const origin = request.headers.get('origin');
  const isSame =
    site === null
      ? origin === null || origin === new URL(request.url).origin
      : site === 'same-origin';
  if (!isSame) {
    throw new Refusal('forbidden', 'This can only be asked for from a page of this site.');
  }
}

/** Throws a Refusal when the body is longer than `limit` bytes, whatever its headers say. */
export async function readBody(request: Request, limit: number): Promise<string> {
  const refusal = new Refusal('too_large', `A body may have at most ${limit} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw refusal;
  if (!request.body) return '';
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > limit) throw refusal;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

export type JsonObject = Record<string, unknown>;

export function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal('bad_json');
  }
  if (!isObject(value)) throw new Refusal('invalid', 'The body is not an object.');
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isForm(request: Request): boolean {
  const type = request.headers.get('content-type') ?? '';
  return /^\s*application\/x-www-form-urlencoded\b/i.test(type);
}

/** 303 to where a form wants to go, when that is on this site. */
export function seeOther(request: Request, next: string | null): Response {
  let location = '/';
  try {
    const here = new URL(request.url);
    const target = new URL(next || '/', here);
    if (target.origin === here.origin) location = target.pathname + target.search + target.hash;
  } catch {
    // not a URL
  }
  // "//host" is a path here, and another host to the browser that reads it.
  if (/^\/[/\\]/.test(location)) location = '/';
  return new Response(null, {
    status: 303,
    headers: { location, 'cache-control': 'no-store' },
  });
}
