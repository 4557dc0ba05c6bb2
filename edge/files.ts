// What browsers fetch from the worker below /_fl: the published files, and what it says of itself. The SDK, the elements
// and the engine are static assets (wrangler.toml): the platform has answered with them before the worker is asked.
import { COUNTERS, count } from './counters.js';
import type { Env, Settings } from './env.js';
import { json, Refusal } from './problem.js';
import { keptPages } from './serve.js';
import { API_WAIT_MS, currentSnapshot, publishedFile } from './snapshots.js';

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
  if (/^[0-9a-f]{64}$/.test(name)) return published(name, request, env, settings);
  return undefined;
}

/** Packs, compressed once. They never change, so they outlive an origin that is away; the oldest goes first. */
const packs = new Map<string, ArrayBuffer>();
const MAX_PACKS_BYTES = 8 << 20;
/** What is longer is no pack, and compressing it would cost more time than a request has. */
const MAX_PACK_BYTES = 1 << 20;
let packsBytes = 0;

async function published(sha256: string, request: Request, env: Env, settings: Settings) {
  const headers = new Headers({
    'content-type': 'application/octet-stream',
    'cache-control': 'public, max-age=31536000, immutable',
    etag: `"${sha256}"`,
    vary: 'Accept-Encoding',
  });
  let packed = packs.get(sha256);
  if (!packed) {
    const bytes = await publishedFile(env, settings, sha256).catch(() => {
      count('origin_unreachable');
      throw new Refusal('unavailable', 'The origin cannot be reached.');
    });
    if (!bytes) return undefined;
    if (bytes.length > MAX_PACK_BYTES) return new Response(bytes, { headers });
    const plain = new Response(bytes).body as ReadableStream<Uint8Array>;
    packed = await new Response(plain.pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
    keepPack(sha256, packed);
  }
  return unpackedAsNeeded(packed, request, headers);
}

function keepPack(sha256: string, packed: ArrayBuffer): void {
  if (packs.has(sha256)) return; // another request was quicker
  packs.set(sha256, packed);
  packsBytes += packed.byteLength;
  for (const [oldest, { byteLength }] of packs) {
    if (packsBytes <= MAX_PACKS_BYTES) break;
    packs.delete(oldest);
    packsBytes -= byteLength;
  }
}

/** A file that is kept compressed, as the client takes it. */
function unpackedAsNeeded(packed: ArrayBuffer, request: Request, headers: Headers): Response {
  if (/\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')) {
    headers.set('content-encoding', 'gzip');
    return new Response(packed, { headers, encodeBody: 'manual' });
  }
  const stream = new Response(packed).body as ReadableStream<Uint8Array>;
  return new Response(stream.pipeThrough(new DecompressionStream('gzip')), { headers });
}
