// wrangler.toml is deployable as it is, and what it would upload fits its budget.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { root } from './harness.mjs';

it('wrangler deploy --dry-run', () => {
  const require = createRequire(import.meta.url);
  const wrangler = join(dirname(require.resolve('wrangler/package.json')), 'bin/wrangler.js');
  const folder = mkdtempSync(join(tmpdir(), 'footlight-deploy-'));
  try {
    const output = execFileSync(
      process.execPath,
      [wrangler, 'deploy', '--dry-run', '--outdir', folder],
      {
        cwd: root,
        encoding: 'utf8',
        stdio: 'pipe',
        env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder, CI: '1' },
      },
    );
    assert.match(output, /engine\.wasm\s+│ compiled-wasm/);
    assert.match(output, /env\.FOOTLIGHT .*KV Namespace/);
    const files = ['worker.js', 'engine.wasm'];
    const uploaded = readdirSync(folder);
    for (const file of files) assert.ok(uploaded.includes(file), file);
    assert.deepEqual(
      uploaded.filter((file) => !files.includes(file) && !/\.(map|md|log)$/.test(file)),
      [],
    );
    assert.deepEqual(readdirSync(join(root, 'build/assets/_fl')).sort(), [
      'elements.js',
      'engine.wasm',
      'engine_full.wasm',
      'flags.js',
      'privacy.js',
      'sdk.js',
    ]);
    const bytes = files.map(
      (file) => gzipSync(readFileSync(join(folder, file)), { level: 9 }).length,
    );
    const sum = bytes.reduce((a, b) => a + b, 0);
    assert.ok(sum <= 60000, `${sum} bytes with gzip`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
