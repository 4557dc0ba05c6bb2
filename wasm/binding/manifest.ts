// The signed manifest that names a site's snapshots (DESIGN.md, section 4), checked with WebCrypto.
//
// Envelope: {"payload": base64(JSON of Manifest), "signature": base64(Ed25519 over the payload's decoded bytes),
// "keyId": first 16 hex digits of SHA-256(public key)}. The files it names are served as <sha256> in lower-case hex.
import { toHex } from './hex.js';

export interface PublishedFile {
  sha256: string;
  bytes: number;
}

export interface Manifest {
  format: 1;
  site: string;
  /** monotonic; a rollback is a new version with older content */
  version: number;
  /** Unix time in seconds */
  createdAt: number;
  expiresAt: number;
  /** snapshot format an engine must read, "1.0" */
  minEngine: string;
  snapshot: PublishedFile;
  /** for the browser, by segment index; entry 0 is everyone */
  packs: (PublishedFile & { segment: number })[];
  /** the site's flags as the snapshot holds them, for browsers without a worker in front */
  flags?: PublishedFile;
  /** a second snapshot, for a share of the visitors */
  canary?: Canary;
}

/** Whose bucket lies below `share` gets it (origin/publish/manifest.h). */
export interface Canary {
  experiment: string;
  /** above 0, at most .5 */
  share: number;
  snapshot: PublishedFile;
  packs: (PublishedFile & { segment: number })[];
}

/** `publicKey`: the one of Trust's that signed it. */
export type Signed = Manifest & { publicKey: string };

export interface Trust {
  /** Ed25519 public keys, base64 of 32 bytes, with commas between: keys rotate (origin/publish/signing_key.h) */
  publicKey: string;
  /** the highest version already seen of what a key has signed, or the configured minimum */
  minVersion?: (publicKey: string) => number;
  /** Unix time in seconds */
  now: number;
}

/**
 * Throws an Error whose message is a stable code: forged, malformed, expired, stale, unsupported. `check` looks at all
 * that a good signature vouches for (manifest_check.ts). A browser does without, because bytes count there: a version or
 * an expiry that is no number is refused here, and a file that is none is not found.
 */
export async function verifyManifest(
  envelope: string,
  trust: Trust,
  check?: (manifest: unknown) => void,
): Promise<Signed> {
  let manifest: Signed | undefined;
  let publicKey = '';
  try {
    const parts = JSON.parse(envelope) as { payload: string; signature: string };
    const payload = fromBase64(parts.payload);
    const signature = fromBase64(parts.signature);
    for (publicKey of trust.publicKey.split(',')) {
      const raw = fromBase64(publicKey);
      const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
      if (await crypto.subtle.verify('Ed25519', key, signature, payload)) {
        manifest = JSON.parse(new TextDecoder().decode(payload)) as Signed;
        break;
      }
    }
  } catch {
    throw new Error('malformed');
  }
  if (manifest === undefined) throw new Error('forged');
  check?.(manifest);
  // Written so that what is no number is refused.
  if (manifest.format !== 1 || manifest.minEngine !== '1.0') throw new Error('unsupported');
  if (!(manifest.expiresAt > trust.now)) throw new Error('expired');
  if (!(manifest.version >= (trust.minVersion?.(publicKey) ?? 0))) throw new Error('stale');
  return { ...manifest, publicKey };
}

/** Whether the bytes are the file the manifest names. */
export async function matches(
  file: PublishedFile,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (bytes.length !== file.bytes) return false;
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))) === file.sha256;
}

/** Standard or URL-safe alphabet, with or without padding. Throws on anything else. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/\s/g, '.').replaceAll('-', '+').replaceAll('_', '/')); // atob takes spaces
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

/** URL-safe, without padding: the text of a visitor record in a cookie. */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
