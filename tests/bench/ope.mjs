// ./dev bench ope: are the off-policy estimates computed right?
//
// The log is what a random policy showed on ZOZOTOWN (campaign "men", 10,000 impressions with their true propensities);
// the target shows each item in each position as often as the site's Bernoulli Thompson sampling did in its own 10,000
// impressions. Both ran side by side, so what the second one really earned is known: `on_policy`.
//
// `footlight evaluate policy` estimates it from the random log. Beside it, this file computes everything once more from the
// definitions in origin/learn/off_policy.h and cell_rates.h, plainly, one formula after the other, and the bench fails
// when any estimate, interval or size differs by more than 1e-9.
//
// With some fifty clicks this says whether an estimator is computed right, and not which policy is better.
//
// The data is not part of this repository: Open Bandit Dataset, small version (Saito, Aihara, Matsutani, Narita; ZOZO
// Research, CC BY 4.0). It is looked for in $FOOTLIGHT_DATA/open-bandit and ../shared/data/open-bandit.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, report, root, tell } from './report.mjs';

const FOLDS = 5;
const ESTIMATES = ['ips', 'snips', 'dm', 'dr', 'switch_dr'];

function findData() {
  const places = [
    ...(process.env.FOOTLIGHT_DATA ? [join(process.env.FOOTLIGHT_DATA, 'open-bandit')] : []),
    resolve(root, '../shared/data/open-bandit'),
  ];
  return places.find((place) => existsSync(join(place, 'random/men/men.csv')));
}

/** The four columns that count; no field of this file is quoted. */
function readLog(file) {
  const [header, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  const names = header.split(',').map((name) => name.trim());
  const propensity = names.includes('propensity_score') ? 'propensity_score' : 'action_prob';
  const at = (name) => names.indexOf(name);
  return {
    propensity,
    rows: lines.map((line) => {
      const fields = line.split(',');
      return {
        item: fields[at('item_id')],
        position: fields[at('position')],
        reward: Number(fields[at('click')]),
        propensity: Number(fields[at(propensity)]),
      };
    }),
  };
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;

// --- Student's quantile, without a library: the distribution function by Simpson's rule, inverted by bisection ---------

/** P(|T| <= t) by integrating the density; the constant comes from the same integral over all of the line. */
function central(t, degrees) {
  const density = (x) => Math.exp((-(degrees + 1) / 2) * Math.log1p((x * x) / degrees));
  const integral = (to) => {
    const steps = 200_000;
    const width = to / steps;
    let total = density(0) + density(to);
    for (let i = 1; i < steps; i += 1) total += density(i * width) * (i % 2 === 1 ? 4 : 2);
    return (total * width) / 3;
  };
  return integral(t) / integral(60);
}

function studentQuantile(confidence, degrees) {
  let low = 0;
  let high = 20;
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (central(middle, degrees) < confidence) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

// --- the reference -------------------------------------------------------------------------------

function frequencies(rows) {
  const target = {};
  for (const { item, position } of rows) {
    target[position] ??= {};
    target[position][item] = (target[position][item] ?? 0) + 1;
  }
  for (const items of Object.values(target)) {
    const all = sum(Object.values(items));
    for (const item of Object.keys(items)) items[item] /= all;
  }
  return target;
}

/** The random-effects rates of cell_rates.h, from the rounds outside `fold`. */
function fitRates(rows, fold) {
  const used = rows.filter((_, i) => i % FOLDS !== fold);
  const cells = {};
  for (const row of used) {
    cells[`${row.position}/${row.item}`] ??= [];
    cells[`${row.position}/${row.item}`].push(row.reward);
  }
  const all = mean(used.map((row) => row.reward));
  const groups = Object.values(cells);
  const n = used.length;
  const count = groups.length;
  const within =
    sum(groups.map((rewards) => sum(rewards.map((r) => (r - mean(rewards)) ** 2)))) / (n - count);
  const n0 = (n - sum(groups.map((rewards) => rewards.length ** 2)) / n) / (count - 1);
  const spread = sum(groups.map((rewards) => rewards.length * (mean(rewards) - all) ** 2));
  const between = Math.max(0, (spread / (count - 1) - within) / n0);
  return (item, position) => {
    const rewards = cells[`${position}/${item}`];
    if (rewards === undefined || between === 0) return all;
    const strength = within / between;
    return (sum(rewards) + strength * all) / (rewards.length + strength);
  };
}

function reference(log, target) {
  const n = log.length;
  const models = Array.from({ length: FOLDS }, (_, fold) => fitRates(log, fold));
  const expected = models.map((model) =>
    Object.fromEntries(
      Object.entries(target).map(([position, items]) => [
        position,
        sum(Object.entries(items).map(([item, p]) => p * model(item, position))),
      ]),
    ),
  );
  const r = log.map((row) => row.reward);
  const w = log.map((row) => (target[row.position][row.item] ?? 0) / row.propensity);
  const q = log.map((row, i) => models[i % FOLDS](row.item, row.position));
  const m = log.map((row, i) => expected[i % FOLDS][row.position]);

  const t = studentQuantile(0.95, n - 1);
  const withInterval = (value, terms) => {
    const error = Math.sqrt((n / (n - 1)) * sum(terms.map((x) => x * x))) / n;
    return { value, low: value - t * error, high: value + t * error };
  };
  const ofMean = (terms) => {
    const value = mean(terms);
    return withInterval(
      value,
      terms.map((x) => x - value),
    );
  };
  const switched = (tau) => m.map((x, i) => x + (w[i] <= tau ? w[i] * (r[i] - q[i]) : 0));

  const ips = ofMean(w.map((x, i) => x * r[i]));
  const ratio = sum(w.map((x, i) => x * r[i])) / sum(w);
  const snips = withInterval(
    ratio,
    w.map((x, i) => (x * (r[i] - ratio)) / mean(w)),
  );
  const doubly = switched(Number.POSITIVE_INFINITY);
  const dr = ofMean(doubly);
  const dm = withInterval(
    mean(m),
    doubly.map((x) => x - dr.value),
  );

  // tau: every item's weight, logged or not, with the target's mass on it.
  const mass = [];
  for (const [position, items] of Object.entries(target)) {
    const here = log.filter((row) => row.position === position);
    for (const [item, p] of Object.entries(items)) {
      const drawn = here.filter((row) => row.item === item).map((row) => row.propensity);
      mass.push({
        weight: drawn.length > 0 ? p / mean(drawn) : Number.POSITIVE_INFINITY,
        mass: (here.length / n) * p,
      });
    }
  }
  const sorted = [...w].sort((a, b) => a - b);
  const candidates = [0];
  for (let k = 1; k <= 20; k += 1) candidates.push(sorted[Math.ceil((k * n) / 20) - 1]);
  let tau = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const terms = switched(candidate);
    const center = mean(terms);
    const variance = sum(terms.map((x) => (x - center) ** 2)) / n ** 2;
    const above = sum(mass.filter((part) => part.weight > candidate).map((part) => part.mass));
    const error = variance + (Math.max(...r) * above) ** 2;
    if (error <= least) {
      least = error;
      tau = candidate;
    }
  }
  return {
    ips,
    snips,
    dm,
    dr,
    switch_dr: ofMean(switched(tau)),
    tau,
    effective_sample_size: sum(w) ** 2 / sum(w.map((x) => x * x)),
  };
}

const options = parse();
const data = findData();
if (data === undefined) {
  console.log(
    'ope: SKIPPED, the data is not there. Put random/men/men.csv and bts/men/men.csv of the Open Bandit Dataset (small',
  );
  console.log(
    'version, https://github.com/st-tech/zr-obp/tree/master/obd) into a folder open-bandit and set FOOTLIGHT_DATA to the',
  );
  console.log('folder that holds it.');
  process.exit(0);
}

const program = process.env.FOOTLIGHT_PROGRAM ?? join(root, 'build/release/footlight');
const files = { random: join(data, 'random/men/men.csv'), bts: join(data, 'bts/men/men.csv') };
const log = readLog(files.random);
const bts = readLog(files.bts);

tell('footlight evaluate policy');
const ours = JSON.parse(
  execFileSync(
    program,
    ['evaluate', 'policy', '--log', files.random, '--item', 'item_id', '--reward', 'click'].concat([
      '--propensity',
      log.propensity,
      '--target-log',
      files.bts,
      '--json',
      '-',
    ]),
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  ),
);

tell('the same from the definitions');
const plain = reference(log.rows, frequencies(bts.rows));
let difference = Math.abs(ours.effective_sample_size - plain.effective_sample_size);
difference = Math.max(difference, Math.abs(ours.tau - plain.tau));
for (const name of ESTIMATES) {
  difference = Math.max(
    difference,
    Math.abs(ours[name] - plain[name].value),
    Math.abs(ours[`${name}_low`] - plain[name].low),
    Math.abs(ours[`${name}_high`] - plain[name].high),
  );
}
const onPolicy = mean(bts.rows.map((row) => row.reward));
if (Math.abs(onPolicy - ours.on_policy) > 1e-12) {
  throw new Error(`on_policy: ${ours.on_policy}, and ${onPolicy} by the plain mean`);
}

const figures = {};
for (const name of ESTIMATES) {
  for (const key of [name, `${name}_low`, `${name}_high`]) figures[key] = ours[key];
}
figures.switch_tau = ours.tau;
figures.rounds = ours.rounds;
figures.effective_sample_size = ours.effective_sample_size;
figures.on_policy = ours.on_policy;
figures.intervals_cover_on_policy = ESTIMATES.every(
  (name) => ours[`${name}_low`] <= ours.on_policy && ours.on_policy <= ours[`${name}_high`],
);
figures.warnings = ours.warnings.map((warning) => warning.code).join(' ');
figures.max_abs_difference = difference;
report('ope', figures, { goals: { max_abs_difference: { max: 1e-9 } }, json: options.json });
if (difference > 1e-9) {
  throw new Error(`the estimates differ from the plain calculation by ${difference}`);
}
if (!figures.intervals_cover_on_policy) tell('an interval does not hold what was really earned');
