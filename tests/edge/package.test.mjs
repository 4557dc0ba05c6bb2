// What a consumer of the package gets: types that hold in strict mode, and no more code than is used.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { build } from 'esbuild';
import { root } from './harness.mjs';

const folder = mkdtempSync(join(tmpdir(), 'footlight-consumer-'));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(root, join(folder, 'node_modules/footlight'));
after(() => rmSync(folder, { recursive: true, force: true }));

function compile(source) {
  writeFileSync(join(folder, 'consumer.ts'), source);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options =
    '--strict --noEmit --module esnext --moduleResolution bundler --target es2022 --lib es2022,dom --types';
  const run = spawnSync(process.execPath, [tsc, ...options.split(' '), '', 'consumer.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return run.stdout + run.stderr;
}

it('has types', () => {
  const good = `import { createFootlight } from 'footlight';
    import * as interfaces from 'footlight/interfaces';
    import 'footlight/elements';
    import { Engine, type Manifest, toBase64Url } from 'footlight/binding';
    export const text: string = toBase64Url(new Uint8Array(1));
    export const version = (manifest: Manifest): number => manifest.version;
    export const all = [createFootlight, interfaces, Engine];`;
  assert.equal(compile(good), '');
  const bad = `import { toBase64Url } from 'footlight/binding'; toBase64Url(7);`;
  assert.match(compile(bad), /TS2345/);
});

it('is shaken down to what is used', async () => {
  const bytes = async (contents) => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
    });
    return outputFiles[0].contents.length;
  };
  const whole = await bytes(`export * from 'footlight/binding'`);
  const one = await bytes(`export { toBase64Url } from 'footlight/binding'`);
  assert.ok(10 * one < whole, `${one} of ${whole} bytes`);
  assert.ok((await bytes(`import { createFootlight } from 'footlight'`)) < 10);
  assert.ok((await bytes(`import 'footlight/elements'`)) > 1000);
});
