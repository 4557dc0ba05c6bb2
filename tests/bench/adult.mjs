// ./dev bench adult: does a profile foresee an outcome? The engagement model against published figures.
//
// UCI "Adult" (Becker, Kohavi; CC BY 4.0): 32,561 training and 16,281 test profiles of the 1994 census, outcome: more
// than 50,000 dollars a year. Occupation and education stand for the item's side, all other fields for the visitor's;
// validation is every training row whose number mod 5 is 1 (from 0), which stops the fit and is then learned from as
// well. What is scored is the quantised snapshot, by the core. error_known is on test rows without unknowns, as
// adult.names has it: naive Bayes .1612, C4.5 .1554, NBTree .1410, FSS naive Bayes .1405. Histogram gradient boosting
// with 300 trees on all fields together: AUC .9269, log loss .2776, error_known .1329.
//
// The data is looked for in $FOOTLIGHT_DATA/uci-adult and ../shared/data/uci-adult.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate, findData, writeCsv } from './engagement_run.mjs';
import { parse, report, root } from './report.mjs';

const COLUMNS =
  'age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,capital_gain,capital_loss,hours_per_week,native_country,income'.split(
    ',',
  );
const GOALS = {
  auc: { min: 0.926 },
  logloss: { max: 0.279 },
  error_known: { max: 0.133 },
  ece: { max: 0.02 },
};

/** Rows of a raw file; the test file begins with a remark and ends its outcomes with a full stop. */
function readRows(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim().replace(/\.$/, '')))
    .filter((cells) => cells.length === COLUMNS.length);
}

const options = parse();
const data = findData('uci-adult', 'adult.data');
if (data === undefined) {
  console.log(
    'adult: SKIPPED, the data is not there. Put adult.data and adult.test (UCI, "Adult",',
  );
  console.log(
    'https://archive.ics.uci.edu/dataset/2) into a folder uci-adult and set FOOTLIGHT_DATA to',
  );
  console.log('the folder that holds it.');
  process.exit(0);
}

const folder = join(root, 'build/bench/adult');
mkdirSync(folder, { recursive: true });
const learning = readRows(join(data, 'adult.data'));
const test = readRows(join(data, 'adult.test'));
writeCsv(
  join(folder, 'train.csv'),
  COLUMNS,
  learning.filter((_, row) => row % 5 !== 1),
);
writeCsv(
  join(folder, 'valid.csv'),
  COLUMNS,
  learning.filter((_, row) => row % 5 === 1),
);
writeCsv(join(folder, 'test.csv'), COLUMNS, test);

const { shipped, logistic } = evaluate(folder, 'adult', [
  '--label',
  'income',
  '--positive',
  '>50K',
  '--item',
  'occupation,education',
]);

function errorKnown(rows, key) {
  const known = rows.filter((_, row) => !test[row].includes('?'));
  const wrong = known.filter((row) => row[key] >= 0.5 !== (row.outcome === 1));
  return wrong.length / known.length;
}

report(
  'adult',
  {
    auc: shipped.snapshot.auc,
    logloss: shipped.snapshot.logloss,
    error: shipped.snapshot.error,
    error_known: errorKnown(shipped.rows, 'snapshot'),
    ece: shipped.snapshot.ece,
    auc_float: shipped.float.auc,
    logloss_float: shipped.float.logloss,
    error_float: shipped.float.error,
    error_known_float: errorKnown(shipped.rows, 'float'),
    ece_float: shipped.float.ece,
    auc_logistic: logistic.snapshot.auc,
    logloss_logistic: logistic.snapshot.logloss,
    error_known_logistic: errorKnown(logistic.rows, 'snapshot'),
    trees: shipped.trees,
    seconds: shipped.seconds,
    snapshot_bytes: shipped.bytes,
    test_rows: test.length,
  },
  { goals: GOALS, json: options.json },
);
