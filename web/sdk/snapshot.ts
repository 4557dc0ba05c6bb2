// The site's published files as a browser reads them: the signed manifest, the engine, and the pack of the visitor's
// segment (a few kilobytes). Packs are named by their hash, so a browser's cache can hold them for ever; each is
// fetched once per page however often it is asked for.
import type { Flags } from '../../wasm/binding/flags.js';
import {
  matches,
  type PublishedFile,
  type Signed,
  verifyManifest,
} from '../../wasm/binding/manifest.js';

/** What evaluates flags, or obeys them: fetched only where one of the two is to be done here. */
export type Rules = typeof import('./flags.js');

export interface Snapshot {
  manifest: Signed;
  module: WebAssembly.Module;
  /** then `module` is engine_full.wasm */
  rules: Rules | undefined;
  /** of a site without a worker, where it has any */
  flags: Flags | undefined;
  /** A segment without a pack of its own gets everyone's. `canary`: of the second snapshot, where there is one. */
  pack(segment: number, canary: boolean): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Rejects when anything is missing, forged, expired or older than `minVersion`. Without a key only a worker may be asked
 * for it: the page itself came from there, and it has checked the manifest. A host of files proves nothing about itself.
 * `obeys`: the worker's word on flags changes how this page is decided.
 */
export async function openSnapshot(
  base: string,
  publicKey: string | undefined,
  atEdge: boolean,
  minVersion: (publicKey: string) => number,
  obeys: boolean,
): Promise<Snapshot> {
  const packs = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  const getText = async (name: string) => (await get(`${base}/${name}`, 'no-cache')).text();
  const [envelope, key] = await Promise.all([
    getText('manifest.json'),
    publicKey ?? (atEdge ? getText('key') : ''),
  ]);
  const manifest = await verifyManifest(envelope, { publicKey: key, minVersion, now: nowS() });
  const { canary, flags } = manifest;
  const pack = async (segment: number, isCanary: boolean) => {
    const files = (isCanary && canary) || manifest;
    // A signed manifest has one for everyone.
    const file = (files.packs.find((one) => one.segment === segment) ??
      files.packs[0]) as PublishedFile;
    const bytes = packs.get(file.sha256) ?? fetchFile(base, file);
    packs.set(file.sha256, bytes);
    return bytes;
  };
  const isFull = atEdge ? obeys : flags || canary;
  const [module, rules, program] = await Promise.all([
    WebAssembly.compileStreaming(fetch(`${base}/engine${isFull ? '_full' : ''}.wasm`)),
    isFull && import('./flags.js'),
    !atEdge && flags && fetchFile(base, flags),
    pack(0, false), // the first that is needed
  ]);
  return {
    manifest,
    module,
    pack,
    rules: rules || undefined,
    flags: (rules && program && rules.openFlags(module, program)) || undefined,
  };
}

/** A cache or a host that holds other bytes under this name is asked once more, past the cache. */
async function fetchFile(base: string, file: PublishedFile): Promise<Uint8Array<ArrayBuffer>> {
  for (const cache of ['force-cache', 'reload'] as const) {
    const answer = await get(`${base}/${file.sha256}`, cache);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (await matches(file, bytes)) return bytes;
  }
  throw new Error('forged');
}

async function get(url: string, cache: RequestCache): Promise<Response> {
  const answer = await fetch(url, { cache });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer;
}

export function nowS(): number {
  return Math.floor(Date.now() / 1000);
}
