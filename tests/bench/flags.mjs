// `./dev bench flags`: 100 flags of three rules each for one visitor. The core natively, engine_full.wasm with its binding
// (from attributes as an object to the rows of all flags: encoding included), and GrowthBook's SDK on the same flags. The
// answers are compared first; times are medians of alternating rounds.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GrowthBook } from '@growthbook/growthbook';
import { alternate, median, parse, report, root } from './report.mjs';

parse();
const { Flags } = await import(join(root, 'build/js/wasm/binding/flags.js'));

const NOW = 1_790_000_000;
const FLAGS = 100;
const ROUNDS = 15;

/** A condition, a rollout and an experiment each; which of them holds differs from flag to flag. */
function flag(i) {
  const hash = { hashAttribute: 'id', hashVersion: 2 };
  return {
    defaultValue: 'off',
    rules: [
      {
        id: `countries-${i}`,
        condition: {
          country: { $in: i % 4 === 0 ? ['DE', 'AT', 'CH'] : ['FR', 'BE'] },
          'plan.tier': { $in: ['pro', 'team'] },
          version: { $vgte: '2.1.0' },
        },
        force: 'dach',
      },
      { id: `rollout-${i}`, ...hash, seed: `r${i}`, coverage: (i % 5) / 20, force: 'rollout' },
      {
        id: `test-${i}`,
        key: `experiment-${i}`,
        ...hash,
        condition: { visits: { $gte: i % 3 }, beta: { $ne: true } },
        variations: ['control', 'a', 'b'],
        weights: [0.5, 0.25, 0.25],
        coverage: 0.9,
        meta: [{ key: 'control' }, { key: 'a' }, { key: 'b' }],
      },
    ],
  };
}

const features = Object.fromEntries(
  Array.from({ length: FLAGS }, (_, i) => [`flag-${i}`, flag(i)]),
);
const visitor = (n) => ({
  id: `visitor-${n}`,
  country: ['DE', 'FR', 'US'][n % 3],
  plan: { tier: 'pro' },
  version: '2.10.3',
  visits: n % 7,
  beta: false,
  device: 'mobile',
  language: 'de',
});

const folder = mkdtempSync(join(tmpdir(), 'footlight-flags-'));
const path = (name) => join(folder, name);
writeFileSync(path('flags.json'), JSON.stringify({ features }));
writeFileSync(path('request.json'), JSON.stringify({ attributes: visitor(0) }));

const child = spawn(
  join(root, 'build/release/bench_flags'),
  [path('flags.json'), path('request.json'), path('out')],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const next = async () => {
  const { value, done } = await lines.next();
  if (done) throw new Error('bench_flags ended early');
  return value;
};
if ((await next()) !== 'ready') throw new Error('bench_flags is not ready');

const program = readFileSync(path('out.program'));
const { exports } = new WebAssembly.Instance(
  new WebAssembly.Module(readFileSync(join(root, 'build/wasm/engine_full.wasm'))),
);
exports._initialize();
new Uint8Array(exports.memory.buffer).set(program, exports.fl_reserve(program.length));
const flags = new Flags(exports, program.length);
const growthbook = (n) => new GrowthBook({ features, attributes: visitor(n) });
const keys = Object.keys(features);

// The same answers, from all three.
const rows = flags.evaluate({ attributes: visitor(0) }, NOW).rows.buffer;
if (Buffer.compare(Buffer.from(rows), readFileSync(path('out.rows'))) !== 0) {
  throw new Error('the engine and the native core disagree');
}
for (let n = 0; n < 200; n++) {
  const ours = flags.evaluate({ attributes: visitor(n) }, NOW);
  const theirs = growthbook(n);
  for (const key of keys) {
    const a = ours.feature(key);
    const b = theirs.evalFeature(key);
    if (a.value !== b.value || a.source !== b.source || a.ruleId !== b.ruleId) {
      throw new Error(`visitor ${n}, ${key}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
    }
  }
}

function timed(run, n) {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < n; i++) run(i);
  return Number(process.hrtime.bigint() - begin) / 1000 / n;
}

const times = await alternate(ROUNDS, {
  native_us: async () => {
    child.stdin.write('2000\n');
    return Number(await next());
  },
  wasm_us: async () => timed((n) => flags.evaluate({ attributes: visitor(n) }, NOW), 2000),
  // The SDK with every value read: it has no other way; and ours with every value read, for the same.
  wasm_read_us: async () =>
    timed((n) => {
      const evaluation = flags.evaluate({ attributes: visitor(n) }, NOW);
      for (const key of keys) evaluation.feature(key);
    }, 500),
  growthbook_us: async () =>
    timed((n) => {
      const sdk = growthbook(n);
      for (const key of keys) sdk.evalFeature(key);
    }, 100),
});
child.stdin.end();
rmSync(folder, { recursive: true, force: true });
const figures = Object.fromEntries(Object.entries(times).map(([key, all]) => [key, median(all)]));
figures.growthbook_over_wasm = figures.growthbook_us / figures.wasm_us;
figures.growthbook_over_wasm_read = figures.growthbook_us / figures.wasm_read_us;
figures.flags = FLAGS;
figures.program_bytes = program.length;
report('flags', figures, {
  goals: { wasm_us: { max: 60 }, growthbook_over_wasm: { min: 5 } },
});
