// `./dev bench conformance`: other people's expectations. The native engine answers every case of GrowthBook's suite and
// every vector of the statistics (the unit tests' program says how many); engine_full.wasm answers those that the core
// has a part in, to the same bytes.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { check, nativeCases } from '../conformance/growthbook.mjs';
import { parse, report, root } from './report.mjs';

parse();
const said = execFileSync(
  join(root, 'build/asan/unit_origin'),
  [
    '--run_test=experiment_conformance,experiment_vectors',
    '--log_level=message',
    '--color_output=no',
  ],
  { stdio: ['ignore', 'pipe', 'pipe'] },
).toString();
const figures = {};
for (const [, key, value] of said.matchAll(/\b((?:growthbook|stats)_\w+) (\d+)/g)) {
  figures[key] = Number(value);
}
const cases = nativeCases(join(root, 'build/release'));
const failed = cases.filter((one) => check(one).length > 0);
for (const one of failed) console.log(`${one.kind} ${one.index}: ${check(one).join('; ')}`);
figures.growthbook_argued = 0;
figures.wasm_passed = cases.length - failed.length;
figures.wasm_total = cases.length;
report('conformance', figures, {
  goals: {
    growthbook_passed: { min: 517 },
    growthbook_total: { min: 517 },
    stats_passed: { min: 63 },
    stats_total: { min: 63 },
    wasm_passed: { min: cases.length },
  },
});
