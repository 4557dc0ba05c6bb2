// `footlight experiment`: plans, and what an experiment's sums say.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { PROGRAM, run } from './program.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'footlight-experiment-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (json) => {
  const at = path.join(folder, 'numbers.json');
  writeFileSync(at, typeof json === 'string' ? json : JSON.stringify(json));
  return at;
};
const footlight = (...args) => run(PROGRAM, ['experiment', ...args]);
const json = async (...args) => JSON.parse((await footlight(...args, '--json')).stdout);
const refused = async (...args) => {
  const error = await footlight(...args).then(
    () => assert.fail('it succeeded'),
    (e) => e,
  );
  return error.stderr;
};

const NUMBERS = {
  name: 'checkout',
  variants: [
    { key: 'control', units: 20000 },
    { key: 'new', units: 20100 },
  ],
  metrics: [
    {
      name: 'orders',
      kind: 'proportion',
      variants: [
        { n: 20000, sum: 2000 },
        { n: 20100, sum: 2412 },
      ],
    },
  ],
};

test('a plan: the textbook size, more for the sequential test, days and what can be seen when', async () => {
  const fixed = await json('plan', '--rate', '0.1', '--effect', '0.1', '--units-a-day', '1000');
  // 2 * p(1-p) * (z.975 + z.8)^2 / d^2 = 14,128, and the treatment's delta adds 10 %.
  assert.ok(fixed.unitsEach > 14128 && fixed.unitsEach < 16000, fixed.unitsEach);
  assert.equal(fixed.days, Math.ceil(fixed.units / 1000));
  const always = await json('plan', '--rate', '0.1', '--effect', '0.1', '--sequential');
  assert.ok(always.units > 1.5 * fixed.units);
  const { stdout } = await footlight('plan', '--rate', '0.1', '--units-a-day', '500');
  assert.match(stdout, /units in each of 2 variants/);
  assert.match(stdout, /4 weeks +\+\d/);
  assert.match(await refused('plan', '--mean', '3'), /--deviation/);
  assert.match(await refused('plan', '--rate', '2'), /--rate/);
  assert.match(await refused('plan', '--rate', '0.5', '--effect', '3'), /beyond 1/);
});

test('the analysis names the winner, in words and as JSON', async () => {
  const said = await footlight('analyze', file(NUMBERS));
  assert.match(said.stdout, /Roll 'new' out: orders \+20\.0 %/);
  const document = await json('analyze', file(NUMBERS));
  assert.equal(document.winner, 'new');
  const [comparison] = document.metrics[0].comparisons;
  assert.equal(comparison.direction, 'better');
  assert.ok(Math.abs(comparison.effect - 0.2) < 1e-9);
  assert.ok(comparison.interval[0] > 0 && comparison.interval[1] < 0.4);
  const bayes = await json('analyze', file(NUMBERS), '--statistics', 'bayesian', '--absolute');
  assert.equal(bayes.winner, 'new');
});

test('what is wrong in the numbers is named with its place', async () => {
  const bad = structuredClone(NUMBERS);
  bad.variants[1].units = -1;
  bad.metrics[0].variants[0].sum = 30000;
  bad.metrics[0].kind = 'median';
  const text = await refused('analyze', file(bad));
  assert.match(text, /\/variants\/1\/units/);
  assert.match(text, /\/metrics\/0\/kind/);
  const impossible = structuredClone(NUMBERS);
  impossible.metrics[0].kind = 'mean';
  impossible.metrics[0].variants.forEach((v) => {
    v.sumSquares = 1;
  });
  assert.match(await refused('analyze', file(impossible)), /less than the sum allows.*sumSquares/);
  const short = { ...NUMBERS, metrics: [{ ...NUMBERS.metrics[0], variants: [{ n: 10, sum: 1 }] }] };
  assert.match(await refused('analyze', file(short)), /'orders' needs numbers of every variant/);
  assert.match(await refused('analyze', file('{')), /not valid JSON/);
  assert.match(await refused('analyze', path.join(folder, 'none.json')), /cannot read/);
});
