// The signed manifest that names a site's snapshots (DESIGN.md, section 4), checked with WebCrypto.
//
// Envelope: {"payload": base64(JSON of Manifest), "signature": base64(Ed25519 over the payload's decoded bytes),
// "keyId": first 16 hex digits of SHA-256(public key)}. The files it names are served as <sha256> in lower-case hex.

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
}

export interface Trust {
  /** Ed25519 public key, base64 of 32 bytes */
  publicKey: string;
  /** the highest version already seen for this key, or the configured minimum */
  minVersion?: number;
  /** Unix time in seconds */
  now: number;
}

const ENGINE_MAJOR = 1;

/** Throws an Error whose message is a stable code: forged, malformed, expired, stale, unsupported. */
export async function verifyManifest(envelope: string, trust: Trust): Promise<Manifest> {
  let payload: Uint8Array<ArrayBuffer>;
  let signature: Uint8Array<ArrayBuffer>;
  let manifest: Manifest;
  try {
    const parts = JSON.parse(envelope) as { payload: string; signature: string };
    payload = fromBase64(parts.payload);
    signature = fromBase64(parts.signature);
  } catch {
    throw new Error('malformed');
  }
  const key = await crypto.subtle.importKey('raw', fromBase64(trust.publicKey), 'Ed25519', false, [
    'verify',
  ]);
  if (!(await crypto.subtle.verify('Ed25519', key, signature, payload))) throw new Error('forged');
  try {
    manifest = JSON.parse(new TextDecoder().decode(payload)) as Manifest;
  } catch {
    throw new Error('malformed');
  }
  if (manifest.format !== 1 || Number.parseInt(manifest.minEngine, 10) !== ENGINE_MAJOR) {
    throw new Error('unsupported');
  }
  if (manifest.expiresAt <= trust.now) throw new Error('expired');
  if (manifest.version < (trust.minVersion ?? 0)) throw new Error('stale');
  return manifest;
}

/** Whether the bytes are the file the manifest names. */
export async function matches(
  file: PublishedFile,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (bytes.length !== file.bytes) return false;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...hash].map((b) => b.toString(16).padStart(2, '0')).join('') === file.sha256;
}

/** Standard or URL-safe alphabet, with or without padding. Throws on anything else. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

/** URL-safe, without padding: the text of a visitor record in a cookie. */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
