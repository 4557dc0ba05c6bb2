// `./dev bench decide`: one homepage (hero 1, projects 6, testimonials 3, services 4) for a visitor with a full
// questionnaire and 16 items of history, over 50, 1,000 and 10,000 items: the native release build, engine.wasm in V8, and
// the same decision in plain JavaScript. The answers are compared first; the times are medians of alternating rounds.
// Keys with `engagement`: the site has an engagement model too, which the plain JavaScript does not.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { decide, prepare } from './decide_reference.mjs';
import { alternate, median, parse, report, root } from './report.mjs';

const SIZES = [50, 1000, 10000];
const ROUNDS = 15;
const REQUESTS = [
  { slot: 0, limit: 1 },
  { slot: 1, limit: 6 },
  { slot: 2, limit: 3 },
  { slot: 3, limit: 4 },
];

parse();
const folder = mkdtempSync(join(tmpdir(), 'footlight-decide-'));
const module = new WebAssembly.Module(readFileSync(join(root, 'build/wasm/engine.wasm')));
const figures = {};

/** The native side as a child process: one line in, one line out. */
async function native(items, out, ...more) {
  const child = spawn(join(root, 'build/release/bench_decide'), [items, out, ...more], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('bench_decide ended early');
    return value;
  };
  if ((await next()) !== 'ready') throw new Error('bench_decide is not ready');
  return {
    async run(n) {
      child.stdin.write(`${n}\n`);
      const [us, allocations] = (await next()).split(' ').map(Number);
      return { us, allocations };
    },
    end: () => child.stdin.end(),
  };
}

function wasm(out) {
  const x = new WebAssembly.Instance(module, {}).exports;
  x._initialize?.();
  const snapshot = readFileSync(`${out}.snapshot`);
  const at = x.fl_reserve(snapshot.length);
  new Uint8Array(x.memory.buffer).set(snapshot, at);
  if (x.fl_load(snapshot.length) !== 0) throw new Error('the snapshot is refused');
  const memory = new Uint8Array(x.memory.buffer);
  const io = x.fl_io();
  const record = readFileSync(`${out}.record`);
  memory.set(record, io);
  if (x.fl_visitor_decode(record.length) !== 0) throw new Error('the record is refused');
  const request = readFileSync(`${out}.request`);
  const pages = x.memory.buffer.byteLength;
  return () => {
    memory.set(request, io);
    const n = x.fl_decide(request.length);
    if (n < 0 || x.memory.buffer.byteLength !== pages)
      throw new Error('fl_decide failed or allocated');
    return memory.subarray(io, io + n);
  };
}

/** The entries of each slot from a decision's bytes (wasm/ABI.md). */
function entries(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const slots = view.getUint32(20, true);
  return Array.from({ length: slots }, (_, s) => {
    const first = view.getUint32(32 + 16 * s + 4, true);
    const count = view.getUint32(32 + 16 * s + 8, true);
    return Array.from({ length: count }, (_, e) => {
      const at = 32 + 16 * slots + 32 * (first + e);
      return {
        id: view.getUint32(at + 4, true),
        propensity: view.getFloat32(at + 16, true),
        confidence: view.getUint16(at + 20, true),
        reason: view.getUint16(at + 24, true),
      };
    });
  });
}

function checkEqual(items, ours, reference) {
  const fail = (what) => {
    throw new Error(`${items} items: JavaScript and the core disagree: ${what}`);
  };
  ours.forEach((slot, s) => {
    if (slot.length !== reference[s].length)
      fail(`slot ${s} has ${slot.length} and ${reference[s].length} cards`);
    slot.forEach((entry, e) => {
      const other = reference[s][e];
      const where = `slot ${s} card ${e}: ${JSON.stringify(entry)} and ${JSON.stringify(other)}`;
      if (entry.id !== other.id || entry.reason !== other.reason) fail(where);
      if (Math.abs(entry.propensity - other.propensity) > 1e-6) fail(where);
      if (Math.abs(entry.confidence - other.confidence) > 1) fail(where);
    });
  });
}

function timed(run, n) {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < n; i++) run();
  return Number(process.hrtime.bigint() - begin) / 1000 / n;
}

/** The engine, once it answers as the native core does. */
function agreeing(items, out) {
  const engine = wasm(out);
  if (Buffer.compare(Buffer.from(engine()), readFileSync(`${out}.expected`)) !== 0) {
    throw new Error(`${items} items: the engine and the native core disagree`);
  }
  return engine;
}

async function measure(items) {
  const out = join(folder, String(items));
  const core = await native(String(items), out);
  const engine = agreeing(items, out);
  const site = prepare(JSON.parse(readFileSync(`${out}.json`, 'utf8')));
  const now = readFileSync(`${out}.request`).readUInt32LE(0);
  checkEqual(items, entries(engine()), decide(site, REQUESTS, now));
  const learned = await native(String(items), `${out}-engagement`, 'engagement');
  const learnedEngine = agreeing(items, `${out}-engagement`);

  const n = Math.max(20, Math.round(200000 / items));
  const slow = Math.max(5, Math.round(n / 10));
  let allocations = 0;
  const nativeTime = async (side) => {
    const result = await side.run(n);
    allocations += result.allocations;
    return result.us;
  };
  const times = await alternate(
    ROUNDS,
    {
      native: () => nativeTime(core),
      wasm: () => timed(engine, n),
      js: () => timed(() => decide(site, REQUESTS, now), slow),
      nativeLearned: () => nativeTime(learned),
      wasmLearned: () => timed(learnedEngine, n),
    },
    { warmup: 3 },
  );
  core.end();
  learned.end();
  const ratio = (above, below) => median(above.map((t, i) => t / below[i]));
  figures[`native_us_${items}`] = median(times.native);
  figures[`wasm_us_${items}`] = median(times.wasm);
  figures[`js_us_${items}`] = median(times.js);
  figures[`wasm_over_native_${items}`] = ratio(times.wasm, times.native);
  figures[`js_over_wasm_${items}`] = ratio(times.js, times.wasm);
  figures[`native_us_engagement_${items}`] = median(times.nativeLearned);
  figures[`wasm_us_engagement_${items}`] = median(times.wasmLearned);
  figures[`engagement_over_none_${items}`] = ratio(times.wasmLearned, times.wasm);
  figures.allocations = (figures.allocations ?? 0) + allocations;
}

try {
  for (const items of SIZES) await measure(items);
} finally {
  rmSync(folder, { recursive: true });
}

report('decide', figures, {
  goals: {
    wasm_us_10000: { max: 500 },
    wasm_over_native_10000: { max: 2.5 },
    js_over_wasm_1000: { min: 4 },
    allocations: { max: 0 },
  },
});
