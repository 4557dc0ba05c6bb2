// What every benchmark under tests/bench shares: statistics over alternating rounds, processor time
// of another process, and the report: a table for the reader and one flat JSON object for --json.
//
//   import { alternate, parse, ratio, report } from './report.mjs';
//   const options = parse();                                  // { json, size: '1000', ... }
//   const times = await alternate(9, { page: runPage, bare: runBare });
//   report('edge', { ratio: ratio(times.bare, times.page).median }, { goals: { ratio: { min: 0.5 } } });
//
// A figure is a number, a string or a boolean, under the key that the benchmark is known for; a
// figure taken at several sizes has the size as its suffix (wasm_us_10000).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { basename, dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the checkout. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Reads `--name value` and `--name=value` into an object; a name without a value is true.
 * Anything else is an error: a mistyped option must not run for minutes first.
 */
export function parse(argv = process.argv.slice(2)) {
  const options = {};
  for (let at = 0; at < argv.length; at += 1) {
    const match = /^--([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(argv[at]);
    if (!match) throw new Error(`unexpected argument '${argv[at]}'`);
    const [, name, inline] = match;
    const next = argv[at + 1];
    if (inline !== undefined) {
      options[name] = inline;
    } else if (next !== undefined && !next.startsWith('--')) {
      options[name] = next;
      at += 1;
    } else {
      options[name] = true;
    }
  }
  if (options.json === true) throw new Error('--json needs a file name');
  return options;
}

// --- statistics ----------------------------------------------------------------------------------

/** The q-quantile (0 to 1) by linear interpolation between order statistics. */
export function quantile(values, q) {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = Float64Array.from(values).sort();
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

export function median(values) {
  return quantile(values, 0.5);
}

/** Median, extremes and interquartile range of one series. */
export function spread(values) {
  return {
    median: median(values),
    min: quantile(values, 0),
    max: quantile(values, 1),
    iqr: quantile(values, 0.75) - quantile(values, 0.25),
  };
}

/** Median and extremes of a[i] / b[i], where a[i] and b[i] were measured in the same round. */
export function ratio(a, b) {
  if (a.length !== b.length) throw new RangeError(`${a.length} values against ${b.length}`);
  return spread(a.map((value, round) => value / b[round]));
}

/**
 * Measures several things in turn, `rounds` times, each round in the reverse order of the one
 * before, so that a drift of the machine hits all of them alike. Gives each name's results in the
 * order of the rounds. The first, unrecorded round warms up.
 */
export async function alternate(rounds, subjects, { warmup = 1, progress = true } = {}) {
  const names = Object.keys(subjects);
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmup; round < rounds; round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) {
      const value = await subjects[name](round);
      if (round >= 0) results[name].push(value);
    }
    if (progress) tell(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`);
  }
  return results;
}

// --- the machine ---------------------------------------------------------------------------------

/**
 * Processor time in µs that a process has used so far, user and system, over all its threads,
 * ended ones included. The kernel counts in ticks of 10 ms: measure for seconds.
 */
export function processorTimeUs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The program's name, in brackets, may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function git(...args) {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined; // a source archive has no history
  }
}

/** Where, when and of what a figure was taken. */
export function circumstances() {
  const cpus = os.cpus();
  const changes = git('status', '--porcelain', '--untracked-files=no');
  const words = [relative(root, process.argv[1] ?? ''), ...process.argv.slice(2)];
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', 'HEAD') ?? 'unknown',
    dirty: changes === undefined ? 'unknown' : changes !== '',
    command: ['node', ...words].join(' '),
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memory_bytes: os.totalmem(),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
  };
}

// --- output --------------------------------------------------------------------------------------

const started = Date.now();

/** A line of progress on stderr; stdout belongs to the report. */
export function tell(line) {
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stderr.write(`[${String(seconds).padStart(4)}s] ${line}\n`);
}

function readable(value) {
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(1) : value.toPrecision(4);
}

function verdict(value, goal) {
  if (goal === undefined) return '';
  const { min, max } = goal;
  const met = (min === undefined || value >= min) && (max === undefined || value <= max);
  const bounds = [
    min === undefined ? '' : `at least ${min}`,
    max === undefined ? '' : `at most ${max}`,
  ].filter(Boolean);
  return `${met ? 'met' : 'MISSED'} (${bounds.join(', ')})`;
}

/**
 * Prints `figures` as a table and, with `--json FILE`, writes them with the circumstances as one
 * flat object. `goals` maps a key to { min } or { max }; a goal that is missed is said, and does not
 * fail the run: a benchmark fails when its answers are wrong. Values may be rounded for the reader,
 * never in the file. Returns what was written.
 */
export function report(name, figures, { goals = {}, json = parse().json } = {}) {
  for (const [key, value] of Object.entries(figures)) {
    if (!['number', 'string', 'boolean'].includes(typeof value) || Number.isNaN(value)) {
      throw new TypeError(`figure ${key} is ${value}`);
    }
  }
  for (const key of Object.keys(goals)) {
    if (!(key in figures)) throw new TypeError(`goal for ${key}, which is no figure`);
  }
  const result = { bench: name, ...figures, ...circumstances() };
  const keys = Object.keys(figures);
  const keyWidth = Math.max(...keys.map((key) => key.length));
  const texts = keys.map((key) => readable(figures[key]));
  const width = Math.max(...texts.map((text) => text.length));
  console.log(
    `\n${name}  (${result.commit.slice(0, 12)}${result.dirty === true ? ', changed' : ''})`,
  );
  console.log(`${result.cpu}, ${result.cores} cores, Node ${result.node}\n`);
  keys.forEach((key, at) => {
    const line = `  ${key.padEnd(keyWidth)}  ${texts[at].padStart(width)}  ${verdict(figures[key], goals[key])}`;
    console.log(line.trimEnd());
  });
  if (json !== undefined) {
    const file = resolve(json);
    mkdirSync(dirname(file), { recursive: true });
    // Written beside and renamed, so that an interrupted run leaves the last complete report.
    writeFileSync(`${file}.part`, `${JSON.stringify(result, undefined, 2)}\n`);
    renameSync(`${file}.part`, file);
    console.log(`\nwritten to ${basename(file)}`);
  }
  return result;
}
