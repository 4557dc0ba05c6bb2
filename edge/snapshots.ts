// The live snapshot: found by its signed manifest, verified, loaded into an engine, and swapped under no request.
//
// A request takes `live` once and works with it without awaiting in between; a refresh runs behind the answer and puts a
// new object in its place. What is forged, malformed, expired, older or truncated is refused and counted, and the good
// one stays, even past its own expiry: a site that cannot publish keeps what it has.

import engineModule from '../build/wasm/engine_full.wasm';
import { Engine, type RecordEngine } from '../wasm/binding/engine.js';
import { Flags } from '../wasm/binding/flags.js';
import { type Manifest, matches, type Signed, verifyManifest } from '../wasm/binding/manifest.js';
import { checkManifest } from '../wasm/binding/manifest_check.js';
import { type Counter, count } from './counters.js';
import type { Env, Settings } from './env.js';
import { readUpTo } from './html.js';
import { Words } from './words.js';

/** How long the first requests of an isolate wait for the snapshot before they take the page as it is. */
const PAGE_WAIT_MS = 400;
/** What has no default waits longer: an answer that is not taken into the record now is lost to it. */
export const API_WAIT_MS = 4000;
/** A promise belongs to the request that made it, so whoever waits for another request's check has to look again. */
const LOOK_MS = 20;
const FETCH_TIMEOUT_MS = 5000;
const MAX_MANIFEST_BYTES = 1 << 20;
const MAX_SNAPSHOT_BYTES = 32 << 20;

export interface Live {
  engine: Engine;
  /** of a site that has any */
  flags: Flags | undefined;
  manifest: Signed;
  /** the envelope as it was published, for browsers */
  envelope: string;
  /** a second snapshot, for a share of the visitors (canary.ts) */
  canary: { live: Live; experiment: string; share: number } | undefined;
  words(locale: string | undefined): Words;
}

let live: Live | undefined;
/** By the key that signed: a new key begins its own count. */
const highestVersions = new Map<string, number>();
let lastCheckMs = 0;
let checking = false;
/** Whether a check has ended in this isolate, however. Until then pages wait. */
let hasChecked = false;
let records: RecordEngine | undefined;

/**
 * The live snapshot, or undefined when there is none (yet). Looks for a newer one behind the answer when it is time. A
 * promise only while there is none: a page waits for the isolate's first check, the API for any.
 */
export function currentSnapshot(
  env: Env,
  ctx: ExecutionContext,
  settings: Settings,
  waitMs = PAGE_WAIT_MS,
) {
  const now = Date.now();
  if (now - lastCheckMs < settings.snapshotRefreshMs && live) return live;
  const mustWait = waitMs > PAGE_WAIT_MS;
  const age = now - lastCheckMs;
  // The API asks again sooner than pages do: what is posted between two checks finds its snapshot all the same.
  const isDue = age >= (mustWait && !live ? 0 : settings.snapshotRefreshMs);
  let done: Promise<void> | undefined;
  if (isDue && !(checking && age < 4 * FETCH_TIMEOUT_MS)) {
    lastCheckMs = now;
    checking = true;
    done = refresh(env, settings).finally(() => {
      checking = false;
      hasChecked = true;
    });
    ctx.waitUntil(done);
  }
  if (live || !checking || (hasChecked && !mustWait)) return live;
  return Promise.race([done ?? checkEnds(waitMs), scheduler.wait(waitMs)]).then(() => live);
}

async function checkEnds(waitMs: number): Promise<void> {
  for (let waited = 0; checking && waited < waitMs; waited += LOOK_MS) {
    await scheduler.wait(LOOK_MS);
  }
}

/** What reads and writes records when there is no snapshot: a choice is the visitor's, whatever is published. */
export function recordEngine(): RecordEngine {
  records ??= Engine.withoutSnapshot(engineModule);
  return records;
}

/** After a trap memory may be in any state, so the instance is given up and the snapshot loaded anew. */
export function retire(): void {
  live = undefined;
  records = undefined;
  lastCheckMs = 0;
  hasChecked = true; // no page waits for an engine that has just failed
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
    const minVersion = (key: string) =>
      Math.max(highestVersions.get(key) ?? 0, settings.minVersion);
    failure = 'manifest_malformed';
    const trust = { publicKey: settings.publicKey, minVersion, now };
    const manifest = await verifyManifest(envelope, trust, checkManifest);
    const isSameKey = live?.manifest.publicKey === manifest.publicKey;
    if (isSameKey && live?.manifest.version === manifest.version) {
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
    const second = await loadCanary(env, settings, manifest);
    // Another refresh may have been quicker.
    if (isSameKey && live && live.manifest.version >= manifest.version) return;
    highestVersions.set(manifest.publicKey, manifest.version);
    live = makeLive(engine, manifest, envelope);
    if (second && manifest.canary) {
      const { experiment, share } = manifest.canary;
      live.canary = { live: makeLive(second, manifest, envelope), experiment, share };
    }
    count('snapshot_loaded');
  } catch (error) {
    count(REFUSALS[error instanceof Error ? error.message : ''] ?? failure);
  } finally {
    if (live && live.manifest.expiresAt * 1000 <= Date.now()) count('snapshot_overdue');
  }
}

/** Without it everybody gets what is live: a canary that cannot be had fails nobody's page. */
async function loadCanary(env: Env, settings: Settings, { canary }: Manifest) {
  if (!canary) return undefined;
  try {
    const bytes = await load(env, settings, canary.snapshot.sha256);
    if (bytes && (await matches(canary.snapshot, bytes))) return Engine.load(engineModule, bytes);
  } catch {
    // counted below
  }
  count('canary_missing');
  return undefined;
}

const REFUSALS: Record<string, Counter> = {
  forged: 'manifest_forged',
  malformed: 'manifest_malformed',
  expired: 'manifest_expired',
  stale: 'manifest_stale',
  unsupported: 'manifest_unsupported',
};

function makeLive(engine: Engine, manifest: Signed, envelope: string): Live {
  const byLocale = new Map<string, Words>();
  const flags = engine.hasFlags() ? new Flags(engine.flagExports) : undefined;
  engine.renew();
  return {
    engine,
    flags,
    manifest,
    envelope,
    canary: undefined,
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
  const bytes = await fetchPublished(settings, 'manifest.json', MAX_MANIFEST_BYTES);
  return bytes && new TextDecoder().decode(bytes);
}

async function load(env: Env, settings: Settings, sha256: string) {
  const stored = await env.FOOTLIGHT?.get(`snapshot/${sha256}`, { type: 'arrayBuffer' });
  if (stored) return new Uint8Array(stored);
  return fetchPublished(settings, sha256, MAX_SNAPSHOT_BYTES);
}

/** Undefined when there is no such file, or a longer one. Rejects when the origin is away. */
async function fetchPublished(settings: Settings, name: string, maxBytes: number) {
  if (!settings.originUrl) return undefined;
  const response = await fetch(`${settings.originUrl}/snapshots/${name}`, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  const { body } = response;
  if (response.ok && body && Number(response.headers.get('content-length') ?? 0) <= maxBytes) {
    const { bytes, rest } = await readUpTo(body, maxBytes);
    if (!bytes) await rest.cancel();
    return bytes;
  }
  await body?.cancel();
  if (response.status >= 500) throw new Error(`the origin: ${response.status}`);
  return undefined;
}
