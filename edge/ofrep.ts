// OFREP, the OpenFeature Remote Evaluation Protocol 0.1, answered here from the snapshot:
//
//     POST /ofrep/v1/evaluate/flags          all of them, with an ETag
//     POST /ofrep/v1/evaluate/flags/{key}    one
//
// `context` comes over what is known of the request and of the visitor whose cookie it carries. Who asks for somebody
// else names them by `targetingKey`. The answers are the origin's (origin/http/flag_api.cc).
import type { Evaluation, FlagResult, Source } from '../wasm/binding/flags.js';
import { toHex } from '../wasm/binding/hex.js';
import type { Json } from '../wasm/binding/values.js';
import { liveFor } from './api.js';
import { permission } from './consent.js';
import type { Env, Settings } from './env.js';
import { evaluate, pageAttributes } from './flags.js';
import { isObject, readBody } from './problem.js';
import type { Live } from './snapshots.js';
import { visitorSurroundings } from './surroundings.js';

export const OFREP = '/ofrep/v1/evaluate/flags';
const MAX_BODY = 65536;
const REASONS: Record<Source, string> = {
  unknownFeature: 'DEFAULT',
  cyclicPrerequisite: 'DEFAULT',
  override: 'STATIC',
  prerequisite: 'DISABLED',
  force: 'TARGETING_MATCH',
  experiment: 'SPLIT',
  defaultValue: 'DEFAULT',
};

interface Answer {
  status: number;
  body: object;
}

export async function answerOfrep(
  path: string,
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response> {
  const key = decodeURIComponent(path.slice(OFREP.length + 1));
  const context = contextOf(await readBody(request, MAX_BODY), key);
  if (!context.ok) return respond(context.answer);
  const live = await liveFor(request, env, ctx, settings);
  const evaluation = evaluationFor(live, request, context.attributes, settings);
  if (key) return respond(answerOf(evaluation, key));
  const flags = (live.flags?.keys ?? []).map((one) => answerOf(evaluation, one).body);
  const text = JSON.stringify({ flags });
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  const etag = `"${toHex(new Uint8Array(digest)).slice(0, 32)}"`;
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'private, no-cache',
    etag,
  };
  return request.headers.get('if-none-match') === etag
    ? new Response(null, { status: 304, headers: { etag } })
    : new Response(text, { headers });
}

function respond({ status, body }: Answer): Response {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return new Response(JSON.stringify(body), { status, headers });
}

function failure(key: string, errorCode: string, errorDetails: string, status: number): Answer {
  return { status, body: { ...(key && { key }), errorCode, errorDetails } };
}

type Context = { ok: true; attributes: Record<string, Json> } | { ok: false; answer: Answer };

function contextOf(text: string, key: string): Context {
  const bad = (code: string, details: string): Context => ({
    ok: false,
    answer: failure(key, code, details, 400),
  });
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return bad('PARSE_ERROR', 'the body is not JSON');
  }
  const context = isObject(body) ? body.context : undefined;
  if (!isObject(context)) return bad('INVALID_CONTEXT', '`context` must be an object');
  const { targetingKey, ...rest } = context as Record<string, Json>;
  if (targetingKey === undefined) return { ok: true, attributes: rest };
  if (typeof targetingKey !== 'string') {
    return bad('INVALID_CONTEXT', '`targetingKey` must be text');
  }
  return { ok: true, attributes: { ...rest, targetingKey, id: rest.id ?? targetingKey } };
}

function evaluationFor(
  live: Live,
  request: Request,
  context: Record<string, Json>,
  settings: Settings,
): Evaluation | undefined {
  const allowed = permission(live.engine.visitorState(), request.headers, settings.consentMode);
  const known = pageAttributes(live, request, visitorSurroundings(request), undefined, allowed);
  const url =
    typeof context.url === 'string' ? context.url : (request.headers.get('referer') ?? '');
  return evaluate(live, { ...known, ...context }, url);
}

function answerOf(evaluation: Evaluation | undefined, key: string): Answer {
  const result = evaluation?.feature(key);
  if (!result || result.source === 'unknownFeature') {
    return failure(key, 'FLAG_NOT_FOUND', `flag \`${key}\` is not there`, 404);
  }
  if (result.source === 'cyclicPrerequisite') {
    return failure(key, 'GENERAL', `flag \`${key}\` is its own prerequisite`, 400);
  }
  return { status: 200, body: success(key, result) };
}

function success(key: string, { value, source, assignment, ruleId }: FlagResult): object {
  return {
    key,
    reason: REASONS[source],
    ...(value !== null && { value }),
    ...(assignment && { variant: assignment.variant }),
    metadata: {
      source,
      ...(assignment && { experiment: assignment.experiment }),
      ...(ruleId && { ruleId }),
    },
  };
}
