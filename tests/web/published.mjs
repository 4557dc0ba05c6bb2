// The demo's content, published once for all web tests by the native program, and manifests that say something else.
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.env.FOOTLIGHT_PROGRAM ?? join(root, 'build/release/footlight');

/**
 * @param {{flags?: object, canary?: string}} what flags: a document for `footlight import flags`; canary: the share of
 * the visitors that a second snapshot is for
 * @returns {{folder: string, publicKey: string, manifest: object, seal: (changes?: object) => string}} `seal` makes an
 * envelope of the manifest with changes; it is signed with the test's key, whose public half is `publicKey`
 */
export function publishDemo({ flags, canary } = {}) {
  if (!existsSync(program)) throw new Error(`${program} is missing: ./dev build native`);
  const data = mkdtempSync(join(tmpdir(), 'footlight-web-'));
  process.on('exit', () => rmSync(data, { recursive: true, force: true }));
  const folder = join(data, 'out');
  const content = join(root, 'web/demo/content');
  const run = (...args) => execFileSync(program, ['--data', data, ...args], { stdio: 'pipe' });
  run('import', 'site', join(content, 'site.json'));
  run('import', 'content', join(content, 'content.jsonl'));
  if (flags) {
    writeFileSync(join(data, 'flags.json'), JSON.stringify(flags));
    run('import', 'flags', join(data, 'flags.json'));
  }
  run('publish', '--out', folder);
  if (canary) run('publish', '--canary', canary, '--out', folder);

  const envelope = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const manifest = JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
  const pair = generateKeyPairSync('ed25519');
  const rawKey = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const seal = (changes = {}) => {
    const payload = Buffer.from(JSON.stringify({ ...manifest, ...changes }));
    return JSON.stringify({
      payload: payload.toString('base64'),
      signature: sign(null, payload, pair.privateKey).toString('base64'),
      keyId: createHash('sha256').update(rawKey).digest('hex').slice(0, 16),
    });
  };
  return { folder, publicKey: rawKey.toString('base64'), manifest, seal };
}

/** The binding and the engine in this process: what any page must show. */
export async function openEngine(site, segment = 0) {
  const { Engine } = await import(join(root, 'build/web/binding.mjs'));
  const module = new WebAssembly.Module(readFileSync(join(root, 'build/web/engine.wasm')));
  const file =
    site.manifest.packs.find((pack) => pack.segment === segment) ?? site.manifest.packs[0];
  return Engine.load(module, readFileSync(join(site.folder, file.sha256)));
}
