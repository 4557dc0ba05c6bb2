// What the benches `adult` and `shoppers` share: a data set's folder, CSV files under build/, and one run of
// `footlight evaluate engagement`, twice: as it ships, and as plain logistic regression on the same bins beside it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { root, tell } from './report.mjs';

/** The folder of a data set, or undefined: $FOOTLIGHT_DATA/NAME, else ../shared/data/NAME. */
export function findData(name, file) {
  const places = [
    ...(process.env.FOOTLIGHT_DATA ? [join(process.env.FOOTLIGHT_DATA, name)] : []),
    resolve(root, '../shared/data', name),
  ];
  return places.find((place) => existsSync(join(place, file)));
}

function quoted(cell) {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Writes rows of text below a header. */
export function writeCsv(file, header, rows) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, [header, ...rows].map((row) => `${row.map(quoted).join(',')}\n`).join(''));
}

const program = process.env.FOOTLIGHT_PROGRAM ?? join(root, 'build/release/footlight');
const LOGISTIC = ['--trees', '0', '--dimensions', '0'];

function run(folder, name, options) {
  const json = join(folder, `${name}.json`);
  const probabilities = join(folder, `${name}.probabilities.csv`);
  const files = ['train', 'valid', 'test'].flatMap((part) => [
    `--${part}`,
    join(folder, `${part}.csv`),
  ]);
  execFileSync(
    program,
    [
      'evaluate',
      'engagement',
      ...files,
      ...options,
      '--json',
      json,
      '--probabilities',
      probabilities,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const rows = readFileSync(probabilities, 'utf8').trim().split('\n').slice(1);
  return {
    ...JSON.parse(readFileSync(json, 'utf8')),
    rows: rows.map((row) => {
      const [outcome, snapshot, float] = row.split(',').map(Number);
      return { outcome, snapshot, float };
    }),
  };
}

/** AUC by counting pairs, in another way than the program's: by the sum of the positives' mean ranks. */
function auc(rows) {
  const sorted = rows.toSorted((a, b) => a.snapshot - b.snapshot);
  let rankSum = 0;
  let positives = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to].snapshot === sorted[from].snapshot) to += 1;
    for (let at = from; at < to; at += 1) {
      if (sorted[at].outcome === 1) {
        positives += 1;
        rankSum += (from + 1 + to) / 2;
      }
    }
    from = to;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (sorted.length - positives));
}

/** Fits and scores; throws when the program's figures are not what its probabilities say. */
export function evaluate(folder, name, options) {
  tell(`${name}: footlight evaluate engagement`);
  const shipped = run(folder, name, options);
  if (Math.abs(auc(shipped.rows) - shipped.snapshot.auc) > 1e-9) {
    throw new Error(`${name}: AUC is ${auc(shipped.rows)}, not ${shipped.snapshot.auc}`);
  }
  const loss = shipped.rows.reduce(
    (sum, { outcome, snapshot }) => sum - Math.log(outcome === 1 ? snapshot : 1 - snapshot),
    0,
  );
  if (Math.abs(loss / shipped.rows.length - shipped.snapshot.logloss) > 1e-9) {
    throw new Error(`${name}: the log loss is not ${shipped.snapshot.logloss}`);
  }
  if (Math.abs(shipped.auc_lost) > 0.001) {
    throw new Error(`${name}: quantisation moves the AUC by ${shipped.auc_lost}`);
  }
  tell(`${name}: logistic regression on the same bins`);
  return { shipped, logistic: run(folder, `${name}-logistic`, [...options, ...LOGISTIC]) };
}
