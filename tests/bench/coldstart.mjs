// ./dev bench coldstart: from a site that knows nothing but its questionnaire to a million interactions, how much of
// what could be gained is gained?
//
// `footlight simulate` runs a world whose preferences are known (origin/simulate/world.h says how it is made up, and
// what its questionnaire's hand weights get wrong). Pages are decided by the core from the published snapshot, with
// exploration; exposures and interactions are recorded, trained on and published by the product's own code.
//
// An interaction is a row that a visitor made: view, click, engage or convert. Exposures, nearly twice as many, do not
// count. Stages are cumulative: 0, 1,000, … 1,000,000.
//
// ctr_* are expected click rates: the mean of the true probability over the 12 cards of a page and over fresh visitors
// that nothing was learned from, the same at every stage (common random numbers), pages greedy; se_* their standard
// errors over visitors. ctr_default: an editor's page for everybody; ctr_popularity: what was clicked most, for
// everybody; ctr_oracle: the best policy among those that see no more of a visitor than a site does: it knows the world's
// rules, and the answers and surroundings. ctr_all_knowing is no goal but a landmark: the true best in each slot, for
// which one would have to read the visitor's mind. regret = oracle - footlight; gain_share = (footlight - default) /
// (oracle - default), all_knowing_share the same against the all-knowing one.
//
// Options: --to N leaves out the stages beyond N; --seed N is another world; --items N is a larger or smaller site.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { parse, report, root, tell } from './report.mjs';

const STAGES = [0, 1000, 10000, 100000, 1000000];
const options = parse();
const to = options.to === undefined ? STAGES.at(-1) : Number(options.to);
const stages = STAGES.filter((size) => size <= to);
if (stages.length < 2) throw new Error(`--to ${options.to}: at least 1000`);

const work = mkdtempSync(join(os.tmpdir(), 'footlight-coldstart-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const program = process.env.FOOTLIGHT_PROGRAM ?? join(root, 'build/release/footlight');
const file = join(work, 'figures.json');
tell(`footlight simulate to ${to} interactions`);
const started = Date.now();
const page = options.html === undefined ? [] : ['--html', String(options.html)];
execFileSync(
  program,
  [
    'simulate',
    ...['--interactions', stages.join(',')],
    ...['--seed', String(options.seed ?? 1)],
    ...(options.items === undefined ? [] : ['--items', String(options.items)]),
    ...['--json', file],
    ...page,
  ],
  { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, TMPDIR: work } },
);
const seconds = (Date.now() - started) / 1000;
const simulated = JSON.parse(readFileSync(file, 'utf8'));

// The answers, before the figures: the stages that were asked for, and a policy that nothing beats.
if (simulated.stages.length !== stages.length) throw new Error('a stage is missing');
simulated.stages.forEach((stage, at) => {
  const { all } = stage;
  if (stage.interactions < stages[at] || stage.interactions > stages[at] + 100) {
    throw new Error(`stage ${stages[at]} ended at ${stage.interactions} interactions`);
  }
  for (const policy of ['default', 'popularity', 'footlight', 'oracle']) {
    if (all[policy].mean > all.allKnowing.mean) throw new Error(`${policy} beats the all-knowing`);
  }
});

const figures = {};
stages.forEach((size, at) => {
  const stage = simulated.stages[at];
  const { all } = stage;
  for (const policy of ['default', 'popularity', 'footlight', 'oracle']) {
    figures[`ctr_${policy}_${size}`] = all[policy].mean;
    figures[`se_${policy}_${size}`] = all[policy].error;
  }
  figures[`regret_${size}`] = all.regret.mean;
  figures[`se_regret_${size}`] = all.regret.error;
  figures[`gain_share_${size}`] = all.gainShare.mean;
  figures[`se_gain_share_${size}`] = all.gainShare.error;
  figures[`ctr_all_knowing_${size}`] = all.allKnowing.mean;
  figures[`all_knowing_share_${size}`] =
    (all.footlight.mean - all.default.mean) / (all.allKnowing.mean - all.default.mean);
  figures[`gain_share_first_visit_${size}`] = stage.firstVisit.gainShare.mean;
  figures[`gain_share_returning_${size}`] = stage.returning.gainShare.mean;
  figures[`train_seconds_${size}`] = stage.trainSeconds;
});
figures.regret_falls_at_every_step = stages.every(
  (size, at) => at === 0 || figures[`regret_${size}`] < figures[`regret_${stages[at - 1]}`],
);
const last = simulated.stages.at(-1);
Object.assign(figures, {
  interactions: last.interactions,
  page_views: last.pageViews,
  exposures: last.exposures,
  clicks: last.clicks,
  visitors: last.visitors,
  panel: simulated.panel,
  items: simulated.items,
  seed: simulated.seed,
  seconds,
});

const goals = { ctr_footlight_0: { min: figures.ctr_default_0 } };
stages.forEach((size, at) => {
  if (at > 0) goals[`regret_${size}`] = { max: figures[`regret_${stages[at - 1]}`] };
});
if (to >= 1000000) goals.gain_share_1000000 = { min: 0.9 };
report('coldstart', figures, { goals, json: options.json });
