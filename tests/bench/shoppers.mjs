// ./dev bench shoppers: which visits to a shop end in a purchase? With what the visitor did, and without the best hint.
//
// UCI "Online Shoppers Purchasing Intention" (Sakar, Polat, Katircioglu, Kastro 2018; CC BY 4.0): 12,330 sessions,
// outcome Revenue. Traffic type and month stand for the item's side, the rest for the visitor's. Row number (of the data
// rows, from 0) mod 5: 0 is test, 1 validation (which stops the fit and is then learned from as well), the rest training.
// auc_no_pagevalues leaves out PageValues, which is known late in a session. What is scored is the quantised snapshot,
// by the core. On the same split: factorization machine .909 and .751, logistic regression on bins .906 and .742,
// histogram gradient boosting on all fields together .929 and .770.
//
// The data is looked for in $FOOTLIGHT_DATA/uci-online-shoppers and ../shared/data/uci-online-shoppers.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate, findData, writeCsv } from './engagement_run.mjs';
import { parse, report, root } from './report.mjs';

const FILE = 'online_shoppers_intention.csv';
const ITEM = ['TrafficType', 'Month'];
const NUMERIC = [
  'Administrative',
  'Administrative_Duration',
  'Informational',
  'Informational_Duration',
  'ProductRelated',
  'ProductRelated_Duration',
  'BounceRates',
  'ExitRates',
  'PageValues',
  'SpecialDay',
];
const GOALS = {
  auc: { min: 0.926 },
  auc_no_pagevalues: { min: 0.766 },
  ece: { max: 0.02 },
};

const options = parse();
const data = findData('uci-online-shoppers', FILE);
if (data === undefined) {
  console.log(
    `shoppers: SKIPPED, the data is not there. Put ${FILE} (UCI, "Online Shoppers Purchasing`,
  );
  console.log(
    'Intention", https://archive.ics.uci.edu/dataset/468) into a folder uci-online-shoppers and set',
  );
  console.log('FOOTLIGHT_DATA to the folder that holds it.');
  process.exit(0);
}

const folder = join(root, 'build/bench/shoppers');
mkdirSync(folder, { recursive: true });
const [header, ...rows] = readFileSync(join(data, FILE), 'utf8')
  .split(/\r?\n/)
  .filter((line) => line !== '')
  .map((line) => line.split(/[;,]/));
const parts = { test: [0], valid: [1], train: [2, 3, 4] };
for (const [part, rests] of Object.entries(parts)) {
  writeCsv(
    join(folder, `${part}.csv`),
    header,
    rows.filter((_, row) => rests.includes(row % 5)),
  );
}

function evaluateWithout(name, left) {
  const kept = header.filter((column) => !left.includes(column));
  const visitor = kept.filter((column) => column !== 'Revenue' && !ITEM.includes(column));
  return evaluate(folder, name, [
    '--label',
    'Revenue',
    '--item',
    ITEM.join(','),
    '--visitor',
    visitor.join(','),
    '--numeric',
    NUMERIC.filter((column) => kept.includes(column)).join(','),
  ]);
}

const all = evaluateWithout('shoppers', []);
const without = evaluateWithout('shoppers-no-pagevalues', ['PageValues']);
report(
  'shoppers',
  {
    auc: all.shipped.snapshot.auc,
    auc_no_pagevalues: without.shipped.snapshot.auc,
    ece: all.shipped.snapshot.ece,
    logloss: all.shipped.snapshot.logloss,
    ece_no_pagevalues: without.shipped.snapshot.ece,
    auc_float: all.shipped.float.auc,
    auc_no_pagevalues_float: without.shipped.float.auc,
    ece_float: all.shipped.float.ece,
    auc_logistic: all.logistic.snapshot.auc,
    auc_no_pagevalues_logistic: without.logistic.snapshot.auc,
    trees: all.shipped.trees,
    seconds: all.shipped.seconds + without.shipped.seconds,
    snapshot_bytes: all.shipped.bytes,
    test_rows: all.shipped.test,
  },
  { goals: GOALS, json: options.json },
);
