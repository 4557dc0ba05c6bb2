import assert from 'node:assert/strict';
import { dirname, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { check, nativeCases, suite } from './growthbook.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.FOOTLIGHT_PROGRAM
  ? dirname(process.env.FOOTLIGHT_PROGRAM)
  : join(root, 'build/release');

describe("GrowthBook's suite in WebAssembly", () => {
  const cases = nativeCases(build);
  for (const kind of new Set(cases.map((one) => one.kind))) {
    it(`${kind}: every case, and the native bytes`, () => {
      const own = cases.filter((one) => one.kind === kind);
      assert.equal(own.length, suite[kind].length);
      for (const one of own) {
        const name = `${kind} ${one.index} ${JSON.stringify(suite[kind][one.index]).slice(0, 200)}`;
        assert.deepEqual(check(one), [], name);
      }
    });
  }
});
