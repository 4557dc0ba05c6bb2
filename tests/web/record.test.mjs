// What the SDK does to a record's bytes without the engine, against RECORD.md's worked example and the engine itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAllowed } from '../../build/js/web/sdk/consent.js';
import {
  choicesOf,
  emptyRecord,
  holdsAnything,
  unitId,
  withChoices,
} from '../../build/js/web/sdk/record.js';
import { parseRecord } from '../../build/js/web/sdk/store.js';

const unset = { personalization: 'unset', measurement: 'unset', optedOut: false };
const granted = { personalization: 'granted', measurement: 'granted', optedOut: false };
const example = Uint8Array.from(
  'F1 05 00 04 00 00 00 01 07 C0 B8 02 01'.split(' ').map((b) => Number.parseInt(b, 16)),
);

test('choices are read from the record', () => {
  assert.deepEqual(choicesOf(emptyRecord()), unset);
  assert.deepEqual(choicesOf(example), granted);
});

test('granting measurement brings a unit id, and keeps it and everything else', () => {
  const once = withChoices(example, granted);
  assert.equal(once[1], 0x25);
  assert.deepEqual([...once.subarray(10)], [...example.subarray(2)]);
  assert.deepEqual(withChoices(once, granted), once);
  assert.match(unitId(once), /^[\w-]{11}$/);
});

test('denying measurement takes the unit id alone', () => {
  const id = withChoices(example, granted);
  const denied = withChoices(id, { ...granted, measurement: 'denied' });
  assert.equal(denied[1], 0x09);
  assert.deepEqual([...denied.subarray(2)], [...example.subarray(2)]);
  assert.equal(unitId(denied), undefined);
});

for (const [name, choices, bits] of [
  ['denied', { ...granted, personalization: 'denied' }, 0x06],
  ['opted out', { ...granted, optedOut: true }, 0x15],
]) {
  test(`${name}: nothing is left but the choice`, () => {
    const record = withChoices(withChoices(example, granted), choices);
    assert.deepEqual([...record], [0xf1, bits, 0, 0, 0, 0, 0, 0]);
    assert.equal(holdsAnything(record), false);
  });
}

test('a record holds something when it has more than choices and a unit id', () => {
  assert.equal(holdsAnything(emptyRecord()), false);
  assert.equal(holdsAnything(withChoices(emptyRecord(), granted)), false);
  assert.equal(holdsAnything(example), true);
});

test('what is not a record is nobody', () => {
  for (const text of ['', 'AAAA', '8Q', '%%%', 'ä']) {
    assert.deepEqual(parseRecord(text), emptyRecord(), text);
  }
});

for (const [name, choices, implied, gpc, expected] of [
  ['silence is no', unset, false, false, false],
  ['implied: silence is yes', unset, true, false, true],
  ['implied, but a signal says no', unset, true, true, false],
  ['an explicit yes wins over the signal', granted, false, true, true],
  ['an explicit no', { ...unset, measurement: 'denied' }, true, false, false],
  ['an opt-out ends everything', { ...granted, optedOut: true }, true, false, false],
]) {
  test(name, () => {
    Object.defineProperty(globalThis, 'navigator', {
      value: { globalPrivacyControl: gpc },
      configurable: true,
    });
    assert.equal(isAllowed(choices, 'measurement', implied), expected);
  });
}
