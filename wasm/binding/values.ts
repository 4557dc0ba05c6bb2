// A request for the flags' evaluator as bytes (core/experiment/value.h): what the host knows of a page view, typed.
//
// Every row carries what JavaScript makes of its value: the engine needs neither number formatting nor Unicode tables.

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const NUMBER = 3;
const STRING = 4;
const ARRAY = 5;
const OBJECT = 6;
const ROW = 40;
const MAX_DEPTH = 32;

const encoder = new TextEncoder();

function kindOf(value: unknown): number {
  if (Array.isArray(value)) return ARRAY;
  switch (typeof value) {
    case 'boolean':
      return value ? TRUE : FALSE;
    case 'number':
      return NUMBER;
    case 'string':
      return STRING;
    case 'object':
      return value === null ? NULL : OBJECT;
    default:
      return NULL;
  }
}

/** Every text once, in the order they come. */
class Texts {
  readonly #known = new Map<string, [number, number]>();
  readonly parts: Uint8Array[] = [];
  size = 0;

  add(text: string): [number, number] {
    let ref = this.#known.get(text);
    if (ref === undefined) {
      const bytes = encoder.encode(text);
      ref = [this.size, bytes.length];
      this.#known.set(text, ref);
      this.parts.push(bytes);
      this.size += bytes.length;
    }
    return ref;
  }
}

/** Throws RangeError for a value that is nested deeper than 32. */
export function encodeRequest(root: Json): Uint8Array<ArrayBuffer> {
  const rows: unknown[] = [root];
  const heads: [kind: number, count: number, first: number][] = [];
  let level = 1;
  for (let i = 0, depth = 1; i < rows.length; i++) {
    if (i === level) {
      if (++depth > MAX_DEPTH) throw new RangeError('a value is nested deeper than 32');
      level = rows.length;
    }
    const value = rows[i];
    const kind = kindOf(value);
    const first = rows.length;
    let count = 0;
    if (kind === ARRAY) {
      for (const element of value as Json[]) rows.push(element);
      count = (value as Json[]).length;
    } else if (kind === OBJECT) {
      for (const [key, member] of Object.entries(value as object)) {
        if (member === undefined) continue;
        rows.push(key, member);
        count++;
      }
    }
    heads.push([kind, count, kind >= ARRAY ? first : 0]);
  }
  const texts = new Texts();
  const table = new DataView(new ArrayBuffer(ROW * rows.length));
  for (const [i, value] of rows.entries()) {
    const [kind, count, first] = heads[i] as [number, number, number];
    const known = kind === NULL ? null : value;
    const text = String(known);
    const refs = [...texts.add(text), ...texts.add(text.toLowerCase())];
    const at = ROW * i;
    for (const [n, word] of [kind, count, first, 0, ...refs].entries()) {
      table.setUint32(at + 4 * n, word, true);
    }
    table.setFloat64(at + 32, Number(known), true);
  }
  const textBytes = (texts.size + 7) & ~7;
  const bytes = new Uint8Array(8 + table.byteLength + textBytes);
  new DataView(bytes.buffer).setUint32(0, rows.length, true);
  new DataView(bytes.buffer).setUint32(4, textBytes, true);
  bytes.set(new Uint8Array(table.buffer), 8);
  let at = 8 + table.byteLength;
  for (const part of texts.parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The request's `url`; an address that is none gives one that no target matches. */
export function urlOf(address: string): Json {
  let url: URL;
  try {
    url = new URL(address, 'https://_');
  } catch {
    return { raw: address };
  }
  const query: Record<string, string> = {};
  for (const [name, value] of url.searchParams) query[name] ??= value;
  return {
    raw: address,
    hash: url.hash,
    host: url.host,
    path: url.pathname,
    rest: url.href.slice(url.origin.length),
    href: url.href,
    query,
  };
}
