// The live snapshot: found by its signed manifest, verified, loaded into an engine, and swapped under no request.
//
// A request takes `live` once and works with it without awaiting in between; a refresh runs behind the answer and puts a
// new object in its place. What is forged, malformed, expired, older or truncated is refused and counted, and the good
// one stays, even past its own expiry: a site that cannot publish keeps what it has.

import engineModule from '../build/wasm/engine.wasm';
import { Engine } from '../wasm/binding/engine.js';
import { type Manifest, matches, verifyManifest } from '../wasm/binding/manifest.js';
import { type Counter, count } from './counters.js';
import type { Env, Settings } from './env.js';
import { Words } from './words.js';

/** How long the first requests of an isolate wait for the snapshot before they take the page as it is. */
const FIRST_WAIT_MS = 400;
const FETCH_TIMEOUT_MS = 5000;
const MAX_MANIFEST_BYTES = 1 << 20;
const MAX_SNAPSHOT_BYTES = 32 << 20;

export interface Live {
  engine: Engine;
  manifest: Manifest;
  /** the envelope as it was published, for browsers */
  envelope: string;
  words(locale: string | undefined): Words;
}

let live: Live | undefined;
let highestVersion = 0;
let lastCheckMs = 0;
let checking = false;

/** The live snapshot, or undefined when there is none (yet). Looks for a newer one behind the answer when it is time. */
export function currentSnapshot(env: Env, ctx: ExecutionContext, settings: Settings) {
  const now = Date.now();
  if (now - lastCheckMs < settings.snapshotRefreshMs) return live;
  const isFirst = lastCheckMs === 0;
  if (!isFirst && checking && now - lastCheckMs < 4 * FETCH_TIMEOUT_MS) return live;
  lastCheckMs = now;
  checking = true;
  const done = refresh(env, settings).finally(() => {
    checking = false;
  });
  ctx.waitUntil(done);
  if (!isFirst) return live;
  // A promise belongs to the request that made it, so only the request that looks can wait.
  return Promise.race([done, scheduler.wait(FIRST_WAIT_MS)]).then(() => live);
}

/** After a trap memory may be in any state, so the instance is given up and the snapshot loaded anew. */
export function retire(): void {
  live = undefined;
  lastCheckMs = 1; // not the first: nobody waits for an engine that has just failed
}

/** A published file by its SHA-256, checked against that name. */
export async function publishedFile(env: Env, settings: Settings, sha256: string) {
  const bytes = await load(env, settings, sha256);
  if (!bytes) return undefined;
  return (await matches({ sha256, bytes: bytes.length }, bytes)) ? bytes : undefined;
}

async function refresh(env: Env, settings: Settings): Promise<void> {
  let failure: Counter = 'manifest_missing';
  try {
    const envelope = await loadManifest(env, settings);
    if (envelope === undefined) {
      count(failure);
      return;
    }
    const now = Math.floor(Date.now() / 1000);
    const minVersion = Math.max(highestVersion, settings.minVersion);
    failure = 'manifest_malformed';
    const manifest = await verifyManifest(envelope, {
      publicKey: settings.publicKey,
      minVersion,
      now,
    });
    if (live?.manifest.version === manifest.version) {
      live.envelope = envelope; // the same version may be signed again with a later expiry
      live.manifest = manifest;
      return;
    }
    failure = 'snapshot_missing';
    const bytes = await load(env, settings, manifest.snapshot.sha256);
    if (!bytes) {
      count(failure);
      return;
    }
    failure = 'snapshot_corrupt';
    if (!(await matches(manifest.snapshot, bytes))) {
      count(failure);
      return;
    }
    const engine = Engine.load(engineModule, bytes);
    // Another refresh may have been quicker.
    if (live && live.manifest.version >= manifest.version) return;
    highestVersion = manifest.version;
    live = makeLive(engine, manifest, envelope);
    count('snapshot_loaded');
  } catch (error) {
    count(REFUSALS[error instanceof Error ? error.message : ''] ?? failure);
  } finally {
    if (live && live.manifest.expiresAt * 1000 <= Date.now()) count('snapshot_overdue');
  }
}

const REFUSALS: Record<string, Counter> = {
  forged: 'manifest_forged',
  malformed: 'manifest_malformed',
  expired: 'manifest_expired',
  stale: 'manifest_stale',
  unsupported: 'manifest_unsupported',
};

function makeLive(engine: Engine, manifest: Manifest, envelope: string): Live {
  const byLocale = new Map<string, Words>();
  return {
    engine,
    manifest,
    envelope,
    words(locale) {
      const key = locale ?? '';
      let words = byLocale.get(key);
      if (!words) {
        // <html lang> is the site's own, but a page could be made to say anything.
        if (byLocale.size >= 32) byLocale.clear();
        words = new Words(engine, locale);
        byLocale.set(key, words);
      }
      return words;
    },
  };
}

async function loadManifest(env: Env, settings: Settings): Promise<string | undefined> {
  const stored = await env.FOOTLIGHT?.get('manifest', { type: 'text', cacheTtl: 30 });
  if (stored) return stored;
  const response = await fetchPublished(settings, 'manifest.json', MAX_MANIFEST_BYTES);
  return response?.text();
}

async function load(env: Env, settings: Settings, sha256: string) {
  const stored = await env.FOOTLIGHT?.get(`snapshot/${sha256}`, { type: 'arrayBuffer' });
  if (stored) return new Uint8Array(stored);
  const response = await fetchPublished(settings, sha256, MAX_SNAPSHOT_BYTES);
  return response && new Uint8Array(await response.arrayBuffer());
}

async function fetchPublished(settings: Settings, name: string, maxBytes: number) {
  if (!settings.originUrl) return undefined;
  const response = await fetch(`${settings.originUrl}/snapshots/${name}`, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (response.ok && Number(response.headers.get('content-length') ?? 0) <= maxBytes)
    return response;
  await response.body?.cancel();
  return undefined;
}
