// A few hundred pages of tests/fuzz/page.mjs; `./dev fuzz page SECONDS` looks for longer.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { root } from './harness.mjs';

it('any page comes back whole', () => {
  const args = [
    join(root, 'tests/fuzz/page.mjs'),
    '--seed',
    '1',
    '--runs',
    '300',
    '--seconds',
    '600',
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /number_of_executed_units: 300/);
});
