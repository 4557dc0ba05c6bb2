// What a snapshot says of its items in one locale, in the forms that pages and the API need, made once and kept.

import {
  type Engine,
  type IndexedDecision,
  type IndexedEntry,
  type IndexedSlot,
  propensityNanos,
  REASONS,
} from '../wasm/binding/engine.js';
import type { Fields } from '../wasm/binding/fields.js';
import { AsciiWriter } from './assemble.js';
import { scriptJson } from './script.js';

const MAX_REASONS = 4096;

const encoder = new TextEncoder();
const RATE = ',"engagementRate":';
const PROPENSITY = ',"propensity":';
/** Of one entry: the two names, two numbers of ten thousandths, one of nine decimals, a comma. */
const NUMBERS_BYTES = 64;

interface Reason {
  text: string;
  /** what follows the propensity in an entry of the decision */
  json: Uint8Array;
}

export class Words {
  readonly #engine: Engine;
  readonly #locale: string | undefined;
  readonly #reasons = new Map<number, Reason>();
  readonly #heads: Uint8Array[] = [];
  readonly #slotNames = new Map<string, string>();
  readonly #segments: string[] = [];

  constructor(engine: Engine, locale: string | undefined) {
    this.#engine = engine;
    this.#locale = locale;
  }

  /** What a template can name. */
  fields(entry: IndexedEntry): Fields {
    const engine = this.#engine;
    return {
      ...engine.itemBody(entry.item, this.#locale),
      id: engine.itemUuid(entry.item),
      type: engine.itemType(entry.item),
      matchReason: this.reason(entry).text,
      confidence: entry.confidence / 10000,
    };
  }

  reason(entry: IndexedEntry): Reason {
    const key = reasonKey(entry);
    let reason = this.#reasons.get(key);
    if (!reason) {
      if (this.#reasons.size >= MAX_REASONS) this.#reasons.clear();
      const text = this.#engine.reason(entry, this.#locale);
      const kind = REASONS[entry.reason] ?? 'default';
      const json = encoder.encode(`,"reason":"${kind}","matchReason":${scriptJson(text)}}`);
      reason = { text, json };
      this.#reasons.set(key, reason);
    }
    return reason;
  }

  /**
   * DecisionData as JSON in ASCII that can stand in a script element: what JSON.stringify(engine.toData(…)) means,
   * written as bytes, because joining and encoding a hundred small strings took longer. Valid until the next call.
   */
  decisionBytes(decision: IndexedDecision): Uint8Array<ArrayBuffer> {
    const head =
      `{"version":${decision.version}${decision.apprentice ? ',"apprentice":true' : ''}` +
      `${decision.surroundings ? `,"context":${decision.surroundings}` : ''},"segment":${this.#segment(decision.segment)}` +
      `,"engagementLevel":${decision.engagementLevel}${decision.flags?.members ?? ''}` +
      `,"personalizationScore":${decision.personalizationScore},"slots":{`;
    let room = head.length + 2;
    for (const slot of decision.slots) {
      room += this.#slotName(slot.name).length + 2;
      for (const entry of slot.entries) {
        room += this.#head(entry.item).length + this.reason(entry).json.length + NUMBERS_BYTES;
      }
    }
    const out = new AsciiWriter(room);
    out.text(head);
    for (let s = 0; s < decision.slots.length; s++) {
      const slot = decision.slots[s] as IndexedSlot;
      if (s > 0) out.text(',');
      out.text(this.#slotName(slot.name));
      for (let e = 0; e < slot.entries.length; e++) {
        const entry = slot.entries[e] as IndexedEntry;
        if (e > 0) out.text(',');
        out.bytes(this.#head(entry.item));
        out.text(tenThousandths(entry.confidence));
        out.text(RATE);
        out.text(entry.engagementRate === 65535 ? 'null' : tenThousandths(entry.engagementRate));
        out.text(PROPENSITY);
        out.nanos(propensityNanos(entry.propensity));
        out.bytes(this.reason(entry).json);
      }
      out.text(']');
    }
    out.text('}}');
    return out.end();
  }

  #slotName(name: string): string {
    let json = this.#slotNames.get(name);
    if (json === undefined) {
      json = `${scriptJson(name)}:[`;
      this.#slotNames.set(name, json);
    }
    return json;
  }

  #head(item: number): Uint8Array {
    let head = this.#heads[item];
    if (head === undefined) {
      const engine = this.#engine;
      const id = engine.itemUuid(item);
      head = encoder.encode(`{"id":"${id}","type":"${engine.itemType(item)}","confidence":`);
      this.#heads[item] = head;
    }
    return head;
  }

  #segment(index: number): string {
    // The decision is the current visitor's, and so is the segment that the engine names.
    let name = this.#segments[index];
    if (name === undefined) {
      name = scriptJson(this.#engine.segment(this.#locale));
      this.#segments[index] = name;
    }
    return name;
  }
}

/** One number for one reason: entries with the same key have the same reason text. */
export function reasonKey(entry: IndexedEntry): number {
  return (entry.argument * 64 + (entry.question & 63)) * 8 + entry.reason;
}

const written: string[] = [];

/** 8900 is 0.89. */
function tenThousandths(value: number): string {
  let text = written[value];
  if (text === undefined) {
    text = `${value / 10000}`;
    written[value] = text;
  }
  return text;
}
