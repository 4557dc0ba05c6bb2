// `./dev bench flags`: 100 flags of three rules each for one visitor. The core natively, engine_full.wasm with its binding
// (from attributes as an object to the rows of all flags: encoding included), and GrowthBook's SDK on the same flags. The
// answers are compared first; times are medians of alternating rounds.
//
// As on real sites, flags share conditions (five different ones here), which the core asks once; `wasm_distinct_us` is the
// same with conditions that are all different.
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
function flag(i, own = []) {
  const hash = { hashAttribute: 'id', hashVersion: 2 };
  return {
    defaultValue: 'off',
    rules: [
      {
        id: `countries-${i}`,
        condition: {
          country: { $in: [...(i % 4 === 0 ? ['DE', 'AT', 'CH'] : ['FR', 'BE']), ...own] },
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
        condition: { visits: { $gte: i % 3 }, beta: { $nin: [true, ...own] } },
        variations: ['control', 'a', 'b'],
        weights: [0.5, 0.25, 0.25],
        coverage: 0.9,
        meta: [{ key: 'control' }, { key: 'a' }, { key: 'b' }],
      },
    ],
  };
}

const flagsOf = (own) =>
  Object.fromEntries(Array.from({ length: FLAGS }, (_, i) => [`flag-${i}`, flag(i, own(i))]));
const features = flagsOf(() => []);
const distinct = flagsOf((i) => [`only-${i}`]);
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
writeFileSync(path('request.json'), JSON.stringify({ attributes: visitor(0) }));

/** These flags in the native program, as a child process: one line in, one line out; and in engine_full.wasm. */
async function both(name, document) {
  writeFileSync(path(`${name}.json`), JSON.stringify({ features: document }));
  const child = spawn(
    join(root, 'build/release/bench_flags'),
    [path(`${name}.json`), path('request.json'), path(name)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('bench_flags ended early');
    return value;
  };
  if ((await next()) !== 'ready') throw new Error('bench_flags is not ready');
  const program = readFileSync(path(`${name}.program`));
  const { exports } = new WebAssembly.Instance(module);
  exports._initialize();
  new Uint8Array(exports.memory.buffer).set(program, exports.fl_reserve(program.length));
  const flags = new Flags(exports, program.length);
  const rows = flags.evaluate({ attributes: visitor(0) }, NOW).rows.buffer;
  if (Buffer.compare(Buffer.from(rows), readFileSync(path(`${name}.rows`))) !== 0) {
    throw new Error('the engine and the native core disagree');
  }
  const native = async (n) => {
    child.stdin.write(`${n}\n`);
    return Number(await next());
  };
  return { flags, native, bytes: program.length, end: () => child.stdin.end() };
}

const module = new WebAssembly.Module(readFileSync(join(root, 'build/wasm/engine_full.wasm')));
const shared = await both('shared', features);
const apart = await both('distinct', distinct);
const { flags } = shared;
const growthbook = (n) => new GrowthBook({ features, attributes: visitor(n) });
const keys = Object.keys(features);

// The same answers, from all three (both() has held the core's against each other).
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
  native_us: () => shared.native(2000),
  wasm_us: async () => timed((n) => flags.evaluate({ attributes: visitor(n) }, NOW), 2000),
  native_distinct_us: () => apart.native(2000),
  wasm_distinct_us: async () =>
    timed((n) => apart.flags.evaluate({ attributes: visitor(n) }, NOW), 2000),
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
shared.end();
apart.end();
rmSync(folder, { recursive: true, force: true });
const figures = Object.fromEntries(Object.entries(times).map(([key, all]) => [key, median(all)]));
figures.growthbook_over_wasm = figures.growthbook_us / figures.wasm_us;
figures.growthbook_over_wasm_read = figures.growthbook_us / figures.wasm_read_us;
figures.flags = FLAGS;
figures.program_bytes = shared.bytes;
report('flags', figures, {
  goals: { wasm_us: { max: 60 }, growthbook_over_wasm: { min: 5 } },
});
