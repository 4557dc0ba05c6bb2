// Everything that a signed manifest has to be, for verifyManifest() where bytes do not count. A signature says who wrote
// it, not that it makes sense: a version that is no number would end the protection against rollbacks for good.
// origin/publish/manifest.cc checks the same in the same order; tests/golden/manifest_cases.json holds both to it.

/** The snapshot format that engine.wasm reads: kMajor and kMinor of core/snapshot/layout.h. */
const MAJOR = 1;
const MINOR = 0;

/** Throws an Error whose message is a stable code: malformed or unsupported. */
export function checkManifest(manifest: unknown): void {
  const { format, minEngine, site, version, createdAt, expiresAt, snapshot, packs, flags, canary } =
    objectOf(manifest);
  must(isWhole(format) && typeof minEngine === 'string');
  const [, major, minor] = /^(\d{1,9})\.(\d{1,9})$/.exec(minEngine as string) ?? [];
  const isReadable = Number(major) === MAJOR && Number(minor) <= MINOR;
  if (format !== 1 || !isReadable) throw new Error('unsupported');
  must(typeof site === 'string');
  must([version, createdAt, expiresAt].every((value) => isWhole(value)));
  must(isFile(snapshot));
  checkPacks(packs);
  must(flags === undefined || isFile(flags));
  if (canary === undefined) return;
  const second = objectOf(canary);
  must(typeof second.experiment === 'string' && typeof second.share === 'number');
  must((second.share as number) > 0 && (second.share as number) <= 0.5 && isFile(second.snapshot));
  checkPacks(second.packs);
}

function checkPacks(packs: unknown): void {
  must(Array.isArray(packs));
  for (const pack of packs as unknown[]) {
    must(isFile(pack) && isWhole(objectOf(pack).segment, 0xffffffff));
  }
}

function must(holds: boolean): void {
  if (!holds) throw new Error('malformed');
}

function objectOf(value: unknown): Record<string, unknown> {
  must(typeof value === 'object' && value !== null);
  return value as Record<string, unknown>;
}

function isWhole(value: unknown, max = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

/** The name becomes a path, so nothing but a hash may pass. */
function isFile(value: unknown): boolean {
  const { sha256, bytes } = objectOf(value);
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) && isWhole(bytes);
}
