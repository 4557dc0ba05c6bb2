// What is wrong with a question to `footlight evaluate policy` is said in one line that names what and where; nothing is
// printed as if it were an answer, and nothing of the database or of a file that is there is lost.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { newSite, PROGRAM, run } from './program.mjs';

const FILES = {
  'log.csv': 'item,position,reward,propensity\na,1,1,0.5\nb,1,0,0.5\n',
  'target.csv': 'item,position,probability\na,1,0.7\nb,1,0.3\n',
  'no-propensity.csv': 'item,position,reward\na,1,1\n',
  'no-reward.csv': 'item,position,propensity\na,1,0.5\n',
  'word.csv': 'item,position,reward,propensity\na,1,1,0.5\nb,1,often,0.5\n',
  'not-a-number.csv': 'item,position,reward,propensity\na,1,nan,0.5\n',
  'endless.csv': 'item,position,reward,propensity\na,1,1e999,0.5\n',
  'too-likely.csv': 'item,position,reward,propensity\na,1,1,1.5\n',
  'below-nought.csv': 'item,position,reward,propensity\na,1,1,-0.5\n',
  'unknown.csv': 'item,position,reward,propensity\na,1,1,\nb,1,0,\n',
  'short.csv': 'item,position,reward,propensity\na,1\n',
  'header-alone.csv': 'item,position,reward,propensity\n',
  'nothing.csv': '',
  'sum.csv': 'item,position,probability\na,1,0.7\nb,1,0.4\n',
  'twice.csv': 'item,position,probability\na,1,0.5\na,1,0.5\n',
  'unlikely.csv': 'item,position,probability\na,1,-0.5\nb,1,1.5\n',
  'no-probability.csv': 'item,position,share\na,1,1\n',
  'no-snapshot': 'a text\n',
};

let site;
let files;
before(async () => {
  site = await newSite();
  files = join(site.data, 'files');
  mkdirSync(files);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(files, name), text);
});
after(() => site.remove());

/** Status and the line on standard error; the files are named from their folder. */
const ask = (...args) =>
  run(PROGRAM, ['--data', site.data, 'evaluate', 'policy', ...args], { cwd: files }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );

const LOG = (name) => ['--log', name, '--target', 'target.csv'];
const TARGET = (name) => ['--log', 'log.csv', '--target', name];

describe('evaluate policy refuses', () => {
  for (const [what, args, said] of [
    [
      'a log without propensities',
      LOG('no-propensity.csv'),
      "no-propensity.csv:1: there is no column 'propensity'; there are item, position, reward",
    ],
    ['a log without rewards', LOG('no-reward.csv'), "no-reward.csv:1: there is no column 'reward'"],
    [
      'a column that is called otherwise',
      [...LOG('log.csv'), '--item', 'item_id'],
      "log.csv:1: there is no column 'item_id'; there are item, position, reward, propensity",
    ],
    [
      'clusters that are not there',
      [...LOG('log.csv'), '--cluster', 'visitor'],
      "log.csv:1: there is no column 'visitor'",
    ],
    ['a word as reward', LOG('word.csv'), "word.csv:3: column reward: 'often' is not a number"],
    ['NaN', LOG('not-a-number.csv'), "not-a-number.csv:2: column reward: 'nan' is not a number"],
    [
      'a number without end',
      LOG('endless.csv'),
      "endless.csv:2: column reward: '1e999' is not a number",
    ],
    [
      'a propensity above 1',
      LOG('too-likely.csv'),
      'too-likely.csv:2: column propensity: 1.5 is no probability',
    ],
    [
      'a propensity below 0',
      LOG('below-nought.csv'),
      'below-nought.csv:2: column propensity: -0.5 is no probability',
    ],
    ['a row that is cut', LOG('short.csv'), 'short.csv:2: has 2 fields, the header has 4'],
    ['a log of no rows', LOG('header-alone.csv'), 'header-alone.csv: holds no row'],
    ['an empty file', LOG('nothing.csv'), 'nothing.csv: is empty; expected a header line'],
    [
      'a target that is none',
      TARGET('no-probability.csv'),
      "no-probability.csv:1: there is no column 'probability'; there are item, position, share",
    ],
    [
      'probabilities that do not sum to 1',
      TARGET('sum.csv'),
      'sum.csv: the probabilities of position 1 sum to 1.1, not 1',
    ],
    [
      'a probability below 0',
      TARGET('unlikely.csv'),
      'unlikely.csv:2: column probability: -0.5 is no probability',
    ],
    ['an item twice', TARGET('twice.csv'), "twice.csv:3: column item: 'a' stands twice"],
    ['a log without a policy', ['--log', 'log.csv'], '--target FILE or --target-log FILE'],
    ['a policy without a log', ['--target', 'target.csv'], '--log FILE'],
    [
      'two policies',
      [...LOG('log.csv'), '--target-log', 'log.csv'],
      'one of --target and --target-log, not both',
    ],
    [
      'a log whose propensities are empty',
      LOG('unknown.csv'),
      'unknown.csv: no row has a propensity',
    ],
    ['a snapshot on a log of files', ['1', ...LOG('log.csv')], 'leave out --log'],
    ['a day on a log of files', [...LOG('log.csv'), '--since', '2026-11-01'], 'leave out --log'],
    ['a database that logged nothing', [], 'nothing to judge by: no slate was logged'],
    [
      'a day after which nothing was',
      ['--since', '2026-11-01'],
      'no slate was logged since 2026-11-01',
    ],
    [
      'a version that never was',
      ['999'],
      'there is no version 999: footlight snapshots lists them',
    ],
    ['another such, to compare with', ['--against', '7'], 'there is no version 7'],
    ['a name that is nothing', ['tomorrow'], 'tomorrow is neither a file nor a version'],
    ['a file that is no snapshot', ['no-snapshot'], 'no-snapshot is not a valid snapshot'],
    ['a day that is none', ['--since', 'yesterday'], "--since: 'yesterday' is no date or time"],
    [
      'a place that nothing can be written to',
      [...LOG('log.csv'), '--json', 'nowhere/figures.json'],
      'cannot create a file in nowhere',
    ],
  ]) {
    test(what, async () => {
      const { code, stdout, stderr } = await ask(...args);
      assert.equal(code, 1, stderr);
      assert.equal(stdout, '');
      assert.ok(stderr.includes(said), stderr);
      assert.match(stderr, /^footlight: [^\n]+\n$/);
    });
  }

  for (const [what, args, said] of [
    ['a log that is not there', LOG('none.csv'), 'none.csv'],
    ['a folder as log', LOG('.'), 'directory'],
    ['a confidence of 2', [...LOG('log.csv'), '--confidence', '2'], '--confidence'],
    ['an option that is none', ['--policy', 'best'], '--policy'],
  ]) {
    test(`${what}, as wrong usage`, async () => {
      const { code, stdout, stderr } = await ask(...args);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.ok(stderr.includes(said), stderr);
    });
  }

  test('a database that is not there, and makes none', async () => {
    const data = join(site.data, 'elsewhere');
    for (const what of ['policy', 'apprentice']) {
      await assert.rejects(
        run(PROGRAM, ['--data', data, 'evaluate', what]),
        ({ code, stderr }) =>
          code === 1 && /elsewhere\/footlight\.db.*footlight import makes one/.test(stderr),
      );
    }
    assert.ok(!readdirSync(site.data).includes('elsewhere'));
  });
});

test('after all that the files are as they were, the version is live, and a good question is answered', async () => {
  assert.deepEqual(
    Object.fromEntries(
      readdirSync(files).map((name) => [name, readFileSync(join(files, name), 'utf8')]),
    ),
    FILES,
  );
  assert.match((await site.footlight('snapshots')).stdout, /\b1\b.*live/);
  const { stdout } = await ask(...LOG('log.csv'), '--json', '-');
  const figures = JSON.parse(stdout);
  assert.equal(figures.rounds, 2);
  assert.ok(Math.abs(figures.ips - 0.7) < 1e-12);
  // Two rows are no evidence, and that is said.
  assert.ok(figures.warnings.some(({ code }) => code === 'few_clusters'));
});

test('figures that cannot be written leave the old ones', async () => {
  const old = join(files, 'figures.json');
  writeFileSync(old, 'old');
  assert.equal((await ask(...LOG('short.csv'), '--json', 'figures.json')).code, 1);
  assert.equal(readFileSync(old, 'utf8'), 'old');
  assert.equal((await ask(...LOG('log.csv'), '--json', 'figures.json')).code, 0);
  assert.equal(JSON.parse(readFileSync(old, 'utf8')).rounds, 2);
});

test("the model's word on the database's own log is a click rate, like the log's", async () => {
  const data = join(site.data, 'simulated');
  const footlight = (...args) => run(PROGRAM, ['--data', data, ...args]);
  await run(PROGRAM, [
    ...['simulate', '--items', '60', '--interactions', '4000', '--panel', '50', '--keep', data],
  ]);
  await footlight('train');
  await footlight('publish');
  const figures = JSON.parse((await footlight('evaluate', 'policy', '--json', '-')).stdout);
  assert.equal(figures.calibrated_model, true);
  assert.ok(figures.dm > figures.logged / 2, `${figures.dm} and ${figures.logged}`);
  assert.ok(figures.dm < 3 * figures.logged, `${figures.dm} and ${figures.logged}`);
  assert.equal(figures.difference_dm, 0);
  const { stdout } = await footlight('evaluate', 'policy');
  assert.equal(stdout.match(/^ {2}logged /gm).length, 2); // none of the difference
});

test('evaluate engagement refuses rows that all came out alike', async () => {
  const folder = join(site.data, 'engagement');
  mkdirSync(folder);
  const both = 'who,what,clicked\n1,a,0\n2,b,1\n1,b,0\n2,a,1\n';
  writeFileSync(join(folder, 'both.csv'), both);
  writeFileSync(join(folder, 'none.csv'), 'who,what,clicked\n1,a,2\n2,b,0\n');
  writeFileSync(join(folder, 'every.csv'), 'who,what,clicked\n1,a,1\n2,b,1\n');
  const judge = (train, tested) =>
    run(
      PROGRAM,
      ['evaluate', 'engagement', '--train', train, '--valid', 'both.csv', '--test', tested].concat([
        '--label',
        'clicked',
        '--item',
        'what',
      ]),
      { cwd: folder },
    );
  await judge('both.csv', 'both.csv');
  await assert.rejects(judge('none.csv', 'both.csv'), ({ code, stderr }) => {
    assert.match(stderr, /^footlight: none\.csv: none of its 2 rows counts as positive/);
    return code === 1;
  });
  await assert.rejects(judge('both.csv', 'every.csv'), ({ code, stderr }) => {
    assert.match(stderr, /^footlight: every\.csv: every one of its 2 rows counts as positive/);
    return code === 1;
  });
});
