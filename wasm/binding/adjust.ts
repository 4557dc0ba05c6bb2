// What experiments change of a page's decision (core/rank/adjust.h), from the values of the flags that act on pages:
//
//     weights     {"match": 1, "engagement": 0, "item_item": 2, "prior": 1}     factors on the published weights
//     slot:NAME   {"limit": 4, "diversity": 0.5, "temperature": 0, "pin": ["UUID", null, "UUID"], "exclude": ["UUID"]}
//
// Publishing has checked them and put UUIDs in place of the site's own ids (origin/experiment/page_flags.h); what is not
// in the snapshot is left out.
import type { Engine } from './engine.js';
import type { Json } from './values.js';

const HEAD = 24;
const ROW = 16;
const NONE = 0xffffffff;
const PARTS = ['match', 'engagement', 'item_item', 'prior'] as const;
const SLOT = 'slot:';

interface SlotValue {
  limit?: number;
  diversity?: number;
  temperature?: number;
  pin?: readonly (string | null)[];
  exclude?: readonly string[];
}

/** The adjustment's bytes; undefined where no flag adjusts anything. */
export function adjustment(engine: Engine, values: Record<string, Json>): Uint8Array | undefined {
  const factors = isObject(values.weights) ? (values.weights as Record<string, unknown>) : {};
  const slots: [number, SlotValue][] = [];
  const placements: [slot: number, item: number, position: number][] = [];
  for (const [key, value] of Object.entries(values)) {
    if (!key.startsWith(SLOT) || !isObject(value)) continue;
    const slot = engine.slotNames.indexOf(key.slice(SLOT.length));
    if (slot < 0) continue;
    const wanted = value as SlotValue;
    slots.push([slot, wanted]);
    const place = (id: string | null, position: number) => {
      const item = typeof id === 'string' ? engine.findItem(id) : -1;
      if (item >= 0) placements.push([slot, item, position]);
    };
    wanted.pin?.forEach(place);
    for (const id of wanted.exclude ?? []) place(id, NONE);
  }
  const weighs = PARTS.some((part) => typeof factors[part] === 'number' && factors[part] !== 1);
  if (!weighs && slots.length === 0) return undefined;
  const bytes = new Uint8Array(HEAD + ROW * (slots.length + placements.length));
  const view = new DataView(bytes.buffer);
  for (const [i, part] of PARTS.entries()) view.setFloat32(4 * i, number(factors[part], 1), true);
  view.setUint32(16, slots.length, true);
  view.setUint32(20, placements.length, true);
  let at = HEAD;
  for (const [slot, { limit, diversity, temperature }] of slots) {
    view.setUint32(at, slot, true);
    view.setUint32(at + 4, number(limit, 0), true);
    view.setFloat32(at + 8, number(diversity, -1), true);
    view.setFloat32(at + 12, number(temperature, -1), true);
    at += ROW;
  }
  for (const row of placements) {
    for (const [i, value] of row.entries()) view.setUint32(at + 4 * i, value, true);
    at += ROW;
  }
  return bytes;
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
