// What the suite does not cover, against GrowthBook's own SDK: ids outside ASCII, numbers, huge and empty ids, and values of
// every type under every operator. The flags go the whole way: import, publish, snapshot, engine_full.wasm.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { GrowthBook } from '@growthbook/growthbook';
import { newSite } from '../origin/program.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const { Engine } = await import(`${root}/build/js/wasm/binding/engine.js`);
const { Flags } = await import(`${root}/build/js/wasm/binding/flags.js`);

const VALUES = [
  null,
  true,
  false,
  0,
  -0,
  1,
  -1.5,
  1e21,
  1e-7,
  123456789012345680000,
  '',
  '0',
  '1',
  ' 1 ',
  '0x1f',
  '1e3',
  'Infinity',
  'abc',
  'ABC',
  'äöü',
  'ÄÖÜ',
  'ß',
  'ẞ',
  'İ',
  'Σίσυφος',
  'ΣΊΣΥΦΟΣ',
  'ſ',
  'K',
  '日本',
  '😀',
  'a😀b',
  '\u{10ffff}',
  '\uffff',
  'line\nbreak',
  '1.2.3',
  'v1.10.0',
  '1.2.3-rc.1',
  '1.2.3+b',
  '1.2',
  [],
  [1],
  ['1'],
  [1, 'a', null],
  ['äöü', '日本'],
  [[1], 2],
  {},
  { a: 1 },
  { a: { b: ['x'] } },
]; // prettier-ignore
const IDS = [
  ...'abcdefghij',
  'é',
  'è',
  'ÿ',
  '日本',
  '😀',
  'user-😀-1',
  'e\u0301',
  'İstanbul',
  '\u0000',
  'x'.repeat(5000),
  '日'.repeat(700),
  0,
  1,
  1.5,
  1e21,
  -3,
  2 ** 64,
  '',
  null,
  true,
  ['a', 1],
  { a: 1 },
]; // prettier-ignore
const OPERATORS = [
  '$eq',
  '$ne',
  '$lt',
  '$lte',
  '$gt',
  '$gte',
  '$veq',
  '$vne',
  '$vgt',
  '$vgte',
  '$vlt',
  '$vlte',
  '$exists',
]; // prettier-ignore
const PATTERNS = [
  'b',
  '^a',
  'c$',
  '[^a-c]',
  '\\d+',
  '\\bab',
  'a|ä',
  '^.$',
  '^..$',
  'k',
  's',
  'Ä',
  '^\\s*1\\s*$',
  '(ab){1,2}c?',
  'x*',
  '[ä-ü]',
  '^\\w+$',
  '\\u65e5',
  '1.2.3',
  '^(?:null|true)$',
  '\\.',
  '[]',
  '[^]',
  'a{2',
  '\\x61',
  '(?<n>b)',
  '$^',
  '^$',
  'σ',
]; // prettier-ignore

const force = (condition) => ({ defaultValue: false, rules: [{ condition, force: true }] });
const features = {};
for (const [i, value] of VALUES.entries()) {
  features[`bare-${i}`] = force({ v: value });
  for (const operator of OPERATORS)
    features[`${operator}-${i}`] = force({ v: { [operator]: value } });
  features[`not-${i}`] = force({ v: { $not: { $eq: value } } });
  features[`elem-${i}`] = force({ v: { $elemMatch: { $eq: value } } });
  features[`size-${i}`] = force({ v: { $size: typeof value === 'number' ? value : { $gte: 1 } } });
}
for (const [i, pattern] of PATTERNS.entries()) {
  features[`regex-${i}`] = force({ v: { $regex: pattern } });
  features[`regexi-${i}`] = force({ v: { $regexi: pattern } });
}
for (const operator of ['$in', '$nin', '$ini', '$nini', '$all', '$alli']) {
  features[`${operator}-some`] = force({ v: { [operator]: VALUES.filter((_, i) => i % 3 === 0) } });
  features[`${operator}-texts`] = force({ v: { [operator]: ['abc', 'äöü', 'σίσυφος', '1'] } });
}
features.path = force({ 'v.a.b.0': 'x' });
features.index = force({ 'v.1': 'a' });
for (const type of ['null', 'boolean', 'number', 'string', 'array', 'object', 'undefined']) {
  features[`type-${type}`] = force({ v: { $type: type } });
}
for (const hashVersion of [1, 2]) {
  for (const seed of ['s', 'sähe', '😀']) {
    features[`split-${hashVersion}-${seed}`] = {
      defaultValue: -1,
      rules: [{ key: `k-${seed}`, seed, hashVersion, variations: [0, 1, 2, 3, 4, 5, 6, 7] }],
    };
    features[`part-${hashVersion}-${seed}`] = {
      defaultValue: 0,
      rules: [{ seed, hashVersion, coverage: 0.4, force: 1 }],
    };
  }
}

let site;
let flags;
before(async () => {
  site = await newSite({ publish: false });
  const file = path.join(site.data, 'flags.json');
  writeFileSync(file, JSON.stringify({ features }));
  await site.footlight('import', 'flags', file);
  await site.footlight('publish');
  const folder = path.join(site.data, 'publish');
  const { payload } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
  const { snapshot } = JSON.parse(Buffer.from(payload, 'base64').toString());
  const module = new WebAssembly.Module(readFileSync(`${root}/build/wasm/engine_full.wasm`));
  const engine = Engine.load(module, readFileSync(path.join(folder, snapshot.sha256)));
  flags = new Flags(engine.flagExports);
});
after(() => site.remove());

function compare(attributes) {
  const ours = flags.evaluate({ attributes }, 1_790_000_000);
  const quiet = console.error;
  console.error = () => {};
  const theirs = new GrowthBook({ features, attributes });
  const different = [];
  for (const key of Object.keys(features)) {
    const want = theirs.evalFeature(key);
    const got = ours.feature(key);
    if (got.value !== want.value || got.source !== want.source) {
      different.push(
        `${key}: ${got.value} (${got.source}), the SDK ${want.value} (${want.source})`,
      );
    }
  }
  console.error = quiet;
  return different;
}

test('every id falls where the SDK lets it fall', () => {
  for (const id of IDS) {
    assert.deepEqual(compare({ id }), [], `id ${JSON.stringify(id)?.slice(0, 60)}`);
  }
});

test('every value under every operator is what the SDK says', () => {
  for (const v of VALUES)
    assert.deepEqual(compare({ id: 'x', v: structuredClone(v) }), [], `v ${JSON.stringify(v)}`);
  assert.deepEqual(compare({ id: 'x' }), [], 'without v');
});
