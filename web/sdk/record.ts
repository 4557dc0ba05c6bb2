// The two things the SDK reads and writes in a visitor record without the engine: the choices and the unit id
// (core/visitor/RECORD.md draws the bytes). So that "no" works at once, before or without any download.
import type { Choice } from '../../wasm/binding/decider.js';
import { toBase64Url } from '../../wasm/binding/manifest.js';

export type VisitorRecord = Uint8Array<ArrayBuffer>;

export interface Choices {
  personalization: Choice;
  measurement: Choice;
  optedOut: boolean;
}

/** By the two bits of a choice; 3 means nothing. */
export const CHOICES = ['unset', 'granted', 'denied', 'unset'] as const;
const OPTED_OUT = 16;
const HAS_UNIT_ID = 32;

/** A record is never shorter: what is does not come in (store.ts). */
const bitsOf = (record: VisitorRecord) => record[1] as number;

/** The record of somebody nothing is known of, with these choices. */
export function emptyRecord(bits = 0): VisitorRecord {
  return Uint8Array.of(0xf1, bits, 0, 0, 0, 0, 0, 0);
}

export function choicesOf(record: VisitorRecord): Choices {
  const bits = bitsOf(record);
  return {
    personalization: CHOICES[bits & 3] as Choice,
    measurement: CHOICES[(bits >> 2) & 3] as Choice,
    optedOut: (bits & OPTED_OUT) > 0,
  };
}

/** The unit id as the origin knows it. */
export function unitId(record: VisitorRecord): string | undefined {
  return bitsOf(record) & HAS_UNIT_ID ? toBase64Url(record.subarray(2, 10)) : undefined;
}

/** Whether there is more than choices and a unit id: each of the six parts takes one byte when it holds nothing. */
export function holdsAnything(record: VisitorRecord): boolean {
  return record.length > (bitsOf(record) & HAS_UNIT_ID ? 16 : 8);
}

/** Whoever denies personalization is forgotten; whoever denies measurement loses the unit id. */
export function withChoices(record: VisitorRecord, choices: Choices): VisitorRecord {
  const { personalization, measurement, optedOut } = choices;
  const bits =
    CHOICES.indexOf(personalization) |
    (CHOICES.indexOf(measurement) << 2) |
    (optedOut ? OPTED_OUT : 0);
  if (optedOut || personalization === 'denied') return emptyRecord(bits);
  const known = bitsOf(record) & HAS_UNIT_ID;
  const identified = measurement === 'granted';
  const id = known ? record.subarray(2, 10) : crypto.getRandomValues(new Uint8Array(8));
  return Uint8Array.from([
    0xf1,
    bits | (identified ? HAS_UNIT_ID : 0),
    ...(identified ? id : []),
    ...record.subarray(known ? 10 : 2),
  ]);
}
