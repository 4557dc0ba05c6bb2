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

/** Every text once, in the order they come; encoded together, because a call for each took most of the time. */
class Texts {
  readonly #known = new Map<string, number>();
  readonly #texts: string[] = [];

  add(text: string): number {
    let index = this.#known.get(text);
    if (index === undefined) {
      index = this.#texts.push(text) - 1;
      this.#known.set(text, index);
    }
    return index;
  }

  /** The bytes, and where each text is in them: its start and size. */
  end(): { bytes: Uint8Array; refs: Uint32Array } {
    const all = this.#texts.join('');
    const bytes = encoder.encode(all);
    const refs = new Uint32Array(2 * this.#texts.length);
    const isAscii = bytes.length === all.length;
    let at = 0;
    for (const [i, text] of this.#texts.entries()) {
      const size = isAscii ? text.length : encoder.encode(text).length;
      refs[2 * i] = at;
      refs[2 * i + 1] = size;
      at += size;
    }
    // A pair of surrogates that two texts share the halves of would be one letter of the whole.
    if (at !== bytes.length) return { bytes: joined(this.#texts), refs };
    return { bytes, refs };
  }
}

function joined(texts: readonly string[]): Uint8Array {
  return Uint8Array.from(texts.flatMap((text) => [...encoder.encode(text)]));
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
  const words = new Uint32Array((ROW / 4) * rows.length);
  const numbers = new Float64Array(words.buffer);
  const names = new Uint32Array(2 * rows.length);
  for (let i = 0; i < rows.length; i++) {
    const [kind, count, first] = heads[i] as [number, number, number];
    const known = kind === NULL ? null : rows[i];
    const text = String(known);
    const at = (ROW / 4) * i;
    words[at] = kind;
    words[at + 1] = count;
    words[at + 2] = first;
    names[2 * i] = texts.add(text);
    names[2 * i + 1] = texts.add(text.toLowerCase());
    numbers[at / 2 + 4] = Number(known);
  }
  const { bytes: text, refs } = texts.end();
  for (let i = 0; i < rows.length; i++) {
    const at = (ROW / 4) * i;
    for (let n = 0; n < 2; n++) {
      const ref = 2 * (names[2 * i + n] as number);
      words[at + 4 + 2 * n] = refs[ref] as number;
      words[at + 5 + 2 * n] = refs[ref + 1] as number;
    }
  }
  const textBytes = (text.length + 7) & ~7;
  const bytes = new Uint8Array(8 + words.byteLength + textBytes);
  new Uint32Array(bytes.buffer, 0, 2).set([rows.length, textBytes]);
  bytes.set(new Uint8Array(words.buffer), 8);
  bytes.set(text, 8 + words.byteLength);
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
