// ./dev bench train: how long does a whole retraining take, and how much memory?
//
// 1,000,000 interactions (views, clicks, stays, conversions; their 1.7 million exposures come on top) of 100,000
// profiles and 5,000 items, made by `footlight simulate --pages random` through the product's own ingest and kept under
// build/, so that only the first run has to make them. Then `footlight train` as a fresh process: `seconds` is
// from its start to its end, the others are those of its parts, and the most memory resident while each ran, as it
// reports them itself.
//
// The 40,000-item figures come from itemitem_large.mjs.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { measureItemItemLarge } from './itemitem_large.mjs';
import { parse, report, root, tell } from './report.mjs';

const GOALS = { interactions: { min: 1000000 }, seconds: { max: 60 }, peak_mb: { max: 2048 } };
const ITEM_ITEM_GOALS = {
  itemitem_40k_seconds: { max: 60 },
  itemitem_40k_peak_mb: { max: 2048 },
  sparse_over_dense: { min: 0.98 },
};

const options = parse();
const interactions = Number(options.interactions ?? 1000000);
const program = process.env.FOOTLIGHT_PROGRAM ?? join(root, 'build/release/footlight');
const world = [
  ...['--pages', 'random', '--interactions', String(interactions)],
  ...['--visitors', '1000000', '--items', '5000', '--anonymous', '0.05', '--seed', '1'],
];
const cache = join(root, 'build/bench');
// Another world or another way to make it is another database.
const sources = ['simulate', 'record', 'world', 'site'].map((name) =>
  readFileSync(join(root, `origin/simulate/${name}.cc`)),
);
const schema = readFileSync(join(root, 'origin/store/schema.cc'));
const name = createHash('sha256')
  .update([...sources, schema, world.join(' ')].join('\n'))
  .digest('hex')
  .slice(0, 12);
const past = join(cache, `past-${name}`);

if (!existsSync(past)) {
  tell(`making ${interactions} interactions (once)`);
  mkdirSync(cache, { recursive: true });
  rmSync(`${past}.part`, { recursive: true, force: true });
  execFileSync(
    program,
    ['simulate', ...world, '--keep', `${past}.part`, '--json', `${past}.json`],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  renameSync(`${past}.part`, past);
}
const simulated = JSON.parse(readFileSync(`${past}.json`, 'utf8'));
const made = simulated.stages.at(-1);

/** Runs the program and gives its output and its seconds from start to end. */
async function timed(...args) {
  const started = process.hrtime.bigint();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (part) => {
    output += part;
  });
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (status !== 0) throw new Error(`footlight ${args.join(' ')} ended with ${status}`);
  return { output, seconds: Number(process.hrtime.bigint() - started) / 1e9 };
}

// The past stays as it was made: training writes the model.
const work = `${past}.work`;
rmSync(work, { recursive: true, force: true });
cpSync(past, work, { recursive: true });
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

tell('footlight train');
const run = await timed('--data', work, 'train', '--json');
const trained = JSON.parse(run.output);
const stage = (wanted) => trained.stages.find(({ name }) => name === wanted)?.seconds ?? 0;
const peak = (wanted) => trained.stages.find(({ name }) => name === wanted)?.peakMb ?? 0;
if (trained.visitors < made.visitors * 0.9 || trained.impressions < made.exposures * 0.9) {
  throw new Error('training did not see what was recorded');
}
const figures = {
  interactions: made.interactions,
  exposures: made.exposures,
  profiles: Math.round(made.visitors * (1 - simulated.anonymous)),
  visitors: made.visitors,
  items: 5000,
  read_seconds: stage('past'),
  engagement_seconds: stage('engagement'),
  engagement_peak_mb: peak('engagement'),
  itemitem_seconds: stage('item-item'),
  itemitem_peak_mb: peak('item-item'),
  segments_seconds: stage('segments'),
  segments_peak_mb: peak('segments'),
  stack_seconds: stage('stack'),
  seconds: run.seconds,
  peak_mb: Math.max(...trained.stages.map(({ peakMb }) => peakMb)),
};

const goals = { ...GOALS };
tell('item-item on 40,000 items');
const more = measureItemItemLarge(program, tell);
Object.assign(figures, more);
Object.assign(goals, ITEM_ITEM_GOALS, {
  itemitem_40k_ndcg20: { min: more.cosine_40k_ndcg20 },
});
report('train', figures, { goals, json: options.json });
