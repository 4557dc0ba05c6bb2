// A decision's bytes (wasm/ABI.md) as the engine's decideIndexes() gives them, but in objects that are used again for the
// next page: nothing is left to collect.

import type { Engine, IndexedDecision, IndexedEntry, IndexedSlot } from '../wasm/binding/engine.js';
import type { PageFlags } from './flags.js';

const HEAD = 32;
const SLOT_ROW = 16;
const ENTRY_ROW = 32;

let view: DataView = new DataView(new ArrayBuffer(0));
const slotPool: IndexedSlot[] = [];
const entryPool: IndexedEntry[] = [];
const decision: IndexedDecision = {
  version: 0,
  apprentice: false,
  surroundings: 0,
  segment: 0,
  engagementLevel: 0,
  personalizationScore: 0,
  slots: [],
  flags: undefined,
};

/** `bytes` as decideBytes() gives them. Valid until the next call. */
export function readDecision(
  engine: Engine,
  bytes: Uint8Array,
  surroundings: number,
  flags?: PageFlags,
): IndexedDecision {
  if (view.buffer !== bytes.buffer) view = new DataView(bytes.buffer);
  const start = bytes.byteOffset;
  decision.version = engine.version;
  decision.apprentice = view.getUint32(start + 28, true) > 0;
  decision.surroundings = surroundings;
  decision.flags = flags;
  decision.segment = view.getUint32(start + 8, true);
  decision.engagementLevel = view.getUint32(start + 12, true);
  decision.personalizationScore = view.getUint32(start + 16, true);
  const slotCount = view.getUint32(start + 20, true);
  const first = start + HEAD + SLOT_ROW * slotCount;
  decision.slots.length = slotCount;
  let used = 0;
  for (let s = 0; s < slotCount; s++) {
    const row = start + HEAD + SLOT_ROW * s;
    const slot = (slotPool[s] ??= { name: '', entries: [] });
    slot.name = engine.slotNames[view.getUint32(row, true)] ?? '';
    let at = first + ENTRY_ROW * view.getUint32(row + 4, true);
    const count = view.getUint32(row + 8, true);
    slot.entries.length = count;
    for (let e = 0; e < count; e++, at += ENTRY_ROW) {
      const entry = (entryPool[used++] ??= newEntry());
      entry.item = view.getUint32(at, true);
      entry.propensity = view.getFloat32(at + 16, true);
      entry.confidence = view.getUint16(at + 20, true);
      entry.engagementRate = view.getUint16(at + 22, true);
      entry.reason = view.getUint16(at + 24, true);
      entry.question = view.getUint16(at + 26, true);
      entry.argument = view.getUint32(at + 28, true);
      slot.entries[e] = entry;
    }
    decision.slots[s] = slot;
  }
  return decision;
}

function newEntry(): IndexedEntry {
  return {
    item: 0,
    propensity: 0.5, // a fraction, so that the field is made for any
    confidence: 0,
    engagementRate: 0,
    reason: 0,
    question: 0,
    argument: 0,
  };
}
