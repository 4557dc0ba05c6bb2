// What browsers fetch from the worker: the SDK, the elements, the engine, and the published files.
import elements from '../build/edge/elements.js.gz';
import engine from '../build/edge/engine.wasm.gz';
import sdk from '../build/edge/sdk.js.gz';
import { COUNTERS } from './counters.js';
import type { Env, Settings } from './env.js';
import { json } from './problem.js';
import { keptPages } from './serve.js';
import { API_WAIT_MS, currentSnapshot, publishedFile } from './snapshots.js';

const FILES: Record<string, { bytes: ArrayBuffer; type: string }> = {
  'sdk.js': { bytes: sdk, type: 'text/javascript; charset=utf-8' },
  'elements.js': { bytes: elements, type: 'text/javascript; charset=utf-8' },
  'engine.wasm': { bytes: engine, type: 'application/wasm' },
};
const tags = new Map<string, string>();

/** `name` is what follows /_fl/; undefined when there is no such file. */
export async function serveFile(
  name: string,
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
): Promise<Response | undefined> {
  if (name === 'status') {
    const live = await currentSnapshot(env, ctx, settings);
    return json({ version: live?.manifest.version ?? null, kept: keptPages(), counters: COUNTERS });
  }
  if (name === 'manifest.json') {
    const live = await currentSnapshot(env, ctx, settings, API_WAIT_MS);
    if (!live) return undefined;
    return new Response(live.envelope, {
      headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
    });
  }
  if (name === 'key') {
    // For pages that do not name the key themselves: they come from this worker, so they trust it with that as well.
    return new Response(settings.publicKey, {
      headers: { 'content-type': 'text/plain', 'cache-control': 'no-cache' },
    });
  }
  if (/^[0-9a-f]{64}$/.test(name)) return published(name, env, settings);
  const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  return file && bundled(name, file, request);
}

async function published(sha256: string, env: Env, settings: Settings) {
  const bytes = await publishedFile(env, settings, sha256);
  if (!bytes) return undefined;
  return new Response(bytes, {
    headers: {
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
      etag: `"${sha256}"`,
    },
  });
}

/** Bundled files change with a deployment: asked for again, answered with 304. */
async function bundled(
  name: string,
  file: { bytes: ArrayBuffer; type: string },
  request: Request,
): Promise<Response> {
  let tag = tags.get(name);
  if (!tag) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', file.bytes));
    tag = [...digest.subarray(0, 16)].map((b) => b.toString(16).padStart(2, '0')).join('');
    tags.set(name, tag);
  }
  // A cache on the way may have compressed it anew and weakened the tag.
  const headers = new Headers({
    'content-type': file.type,
    'cache-control': 'public, max-age=60, stale-while-revalidate=86400',
    etag: `"${tag}"`,
    vary: 'Accept-Encoding',
  });
  if (request.headers.get('if-none-match')?.includes(tag)) {
    return new Response(null, { status: 304, headers });
  }
  if (/\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')) {
    headers.set('content-encoding', 'gzip');
    return new Response(file.bytes, { headers, encodeBody: 'manual' });
  }
  const packed = new Response(file.bytes).body as ReadableStream<Uint8Array>;
  return new Response(packed.pipeThrough(new DecompressionStream('gzip')), { headers });
}
