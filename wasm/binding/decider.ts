// The part of the binding over the C ABI (wasm/ABI.md) that a page needs, apart from engine.ts because every visitor's
// browser downloads it. Import from engine.ts unless bytes count.
//
// One Decider holds one snapshot and one current visitor. It is synchronous and not re-entrant: load the visitor, ask,
// and be done before the next await. A new snapshot is a new Decider.
import type { Exports } from './abi.js';
import { fromHex, toHex } from './hex.js';

/** SPEC.md's content types, in the order of core/snapshot/layout.h. */
export const CONTENT_TYPES = [
  'hero',
  'project',
  'testimonial',
  'service',
  'resource',
  'deck',
  'case_study',
] as const;
export type ContentType = (typeof CONTENT_TYPES)[number];

export const ACTIONS = ['view', 'click', 'engage', 'convert'] as const;
export type Action = (typeof ACTIONS)[number];

export const FEEDBACKS = ['', 'positive', 'negative', 'neutral'] as const;
export type Feedback = 'positive' | 'negative' | 'neutral';

/** Why an item is there: the part of its score that contributed most. */
export const REASONS = [
  'default',
  'question',
  'history',
  'segment',
  'popular',
  'pinned',
  'visit',
] as const;
export type ReasonKind = (typeof REASONS)[number];

export type Choice = 'unset' | 'granted' | 'denied';

/** One shown item. */
export interface EntryData {
  /** UUID */
  id: string;
  type: ContentType;
  /** 0 to .9999 */
  confidence: number;
  /** 0 to 1; null while too few visitors stand behind it */
  engagementRate: number | null;
  /** (0, 1], to nine decimals: the probability of this draw, given the cards above */
  propensity: number;
  reason: ReasonKind;
  matchReason: string;
}

/** A decision as JSON: what the edge puts into the page and the SDK adopts. Slots by name. */
export interface DecisionData {
  version: number;
  /** The site is in apprentice mode: this is what would be shown, and the page's own content stands. */
  apprentice?: true;
  /** what the edge knew of the page view, as one word (surroundings.ts) */
  context?: number;
  segment: string;
  engagementLevel: number;
  /** the site's flags for this page view, by key; where a worker evaluates them */
  flags?: Record<string, unknown> | undefined;
  /** the experiments the visitor is in: key to the variant's key */
  experiments?: Record<string, string> | undefined;
  /** the experiment that gave a flag its value, by flag: whoever reads the flag is exposed to it */
  behind?: Record<string, string> | undefined;
  /** experiments that act on the page as it came: whoever sees the page is exposed to them */
  shaped?: readonly string[] | undefined;
  /** The flag `personalization` is off for this visitor: the page's own content stands. */
  unpersonalized?: true | undefined;
  personalizationScore: number;
  slots: Record<string, EntryData[]>;
}

export interface SlotRequest {
  slot: string;
  /** default: the slot's own */
  limit?: number;
}

export interface DecideOptions {
  /** Unix time in seconds */
  now: number;
  /** default true */
  explore?: boolean;
  /** default true; false decides as if nothing were known of the visitor */
  personalize?: boolean;
  /** BCP 47 tag, default the snapshot's first */
  locale?: string;
  /** the page view as one word (surroundings.ts), default nothing known */
  surroundings?: number | undefined;
}

export interface InteractionInput {
  /** UUID of the item */
  contentId: string;
  /** would_show is for the log alone: it changes nothing in a visitor */
  action: Action | 'would_show';
  /** milliseconds */
  duration?: number;
  feedback?: Feedback;
}

/** A status of core/status.h, by number. */
export class EngineError extends Error {
  declare readonly status: number;

  constructor(status: number) {
    super(`engine: ${status}`);
    this.status = status;
  }
}

const TEXT_BODY = 0;
const TEXT_SLOT = 2;
const TEXT_SEGMENT = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a page asks of the engine; engine.ts adds what others ask. */
export class Decider {
  declare protected readonly exports: Exports;
  declare protected readonly io: number;
  declare protected bytes: Uint8Array<ArrayBuffer>;
  declare protected view: DataView;
  /** The publish that made the snapshot. */
  declare readonly version: number;
  declare readonly slotNames: readonly string[];
  readonly #bodies = new Map<number, Record<string, unknown>>();

  /** Use load(). */
  constructor(exports: Exports, snapshot: Uint8Array) {
    this.exports = exports;
    exports._initialize?.();
    const at = exports.fl_reserve(snapshot.length);
    if (!at) throw new EngineError(8);
    this.bytes = new Uint8Array(exports.memory.buffer);
    this.bytes.set(snapshot, at);
    length(-exports.fl_load(snapshot.length));
    this.bytes = new Uint8Array(exports.memory.buffer); // fl_load may have grown the memory
    this.view = new DataView(exports.memory.buffer);
    this.io = exports.fl_io();
    exports.fl_info();
    this.version = Number(this.view.getBigUint64(this.io, true));
    const slots = this.u32(20);
    const names: string[] = [];
    for (let i = 0; i < slots; i++) names.push(this.text(TEXT_SLOT, i, 0));
    this.slotNames = names;
  }

  /** Throws EngineError when the snapshot is refused. `module` is the compiled engine.wasm. */
  static load<T>(
    this: new (
      exports: Exports,
      snapshot: Uint8Array,
    ) => T,
    module: WebAssembly.Module,
    snapshot: Uint8Array,
  ): T {
    const instance = new WebAssembly.Instance(module, {});
    return new this(instance.exports as unknown as Exports, snapshot);
  }

  /** Makes `record` the current visitor; without one, an empty visitor. Throws when the record is not valid. */
  loadVisitor(record?: Uint8Array): void {
    this.exports.fl_visitor_reset();
    if (record?.length) length(-this.exports.fl_visitor_decode(this.put(record)));
  }

  /** The current visitor's record, at most 768 bytes; a copy. */
  visitorRecord(): Uint8Array<ArrayBuffer> {
    const n = length(this.exports.fl_visitor_encode());
    return this.bytes.slice(this.io, this.io + n);
  }

  /** Values are option labels or keys; none clears the answer. False when the snapshot knows no such question or option. */
  answer(question: string, values: readonly string[]): boolean {
    const bytes = encoder.encode([question, ...values].map((v) => `${v}\0`).join(''));
    return bytes.length <= 65536 && this.exports.fl_visitor_answer(this.put(bytes)) === 0;
  }

  /** False when the item is not in this snapshot. `now` in seconds. */
  interact(input: InteractionInput, now: number): boolean {
    const index = this.findItem(input.contentId);
    if (index < 0) return false;
    const id = this.view.getUint32(this.exports.fl_item(index), true);
    const feedback = Math.max(0, FEEDBACKS.indexOf(input.feedback ?? ''));
    const duration = Math.min(0xffffffff, Math.max(0, Math.round(input.duration ?? 0)));
    const action = ACTIONS.indexOf(input.action as Action);
    return this.exports.fl_visitor_interact(id, action, feedback, duration, day(now)) === 0;
  }

  segmentIndex(): number {
    return this.exports.fl_segment();
  }

  /** Index of an item by its UUID, or -1. */
  findItem(uuid: string): number {
    const hex = uuid.replaceAll('-', '');
    if (!/^[0-9a-f]{32}$/i.test(hex)) return -1;
    return this.exports.fl_find_item(this.put(fromHex(hex)));
  }

  itemUuid(index: number): string {
    const at = this.exports.fl_item(index) + 8;
    const hex = toHex(this.bytes.subarray(at, at + 16));
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  itemType(index: number): ContentType {
    return CONTENT_TYPES[this.view.getUint16(this.exports.fl_item(index) + 4, true)] as ContentType; // a loaded snapshot holds no other
  }

  /** What callers get of an item, in a locale; kept after the first call. Do not change it. */
  itemBody(index: number, locale?: string): Record<string, unknown> {
    const l = this.locale(locale);
    const key = index * 64 + l;
    let body = this.#bodies.get(key);
    if (!body) {
      body = JSON.parse(this.text(TEXT_BODY, index, l) || '{}') as Record<string, unknown>;
      this.#bodies.set(key, body);
    }
    return body;
  }

  /** Decides every slot of a page at once. Slots the snapshot does not know are left out. */
  decide(requests: readonly SlotRequest[], options: DecideOptions): DecisionData {
    // Copied, because every text asked for below goes through the same buffer.
    const n = this.run(requests, options);
    const view = new DataView(this.bytes.slice(this.io, this.io + n).buffer);
    const u16 = (at: number) => view.getUint16(at, true);
    const u32 = (at: number) => view.getUint32(at, true);
    const locale = this.locale(options.locale);
    const slots: Record<string, EntryData[]> = {};
    const first = 32 + 16 * u32(20);
    for (let row = 32; row < first; row += 16) {
      const entries: EntryData[] = [];
      const begin = first + 32 * u32(row + 4);
      for (let e = begin; e < begin + 32 * u32(row + 8); e += 32) {
        const reason = u16(e + 24);
        entries.push({
          id: this.itemUuid(u32(e)),
          type: this.itemType(u32(e)),
          confidence: u16(e + 20) / 10000,
          engagementRate: u16(e + 22) === 65535 ? null : u16(e + 22) / 10000,
          propensity: propensityNanos(view.getFloat32(e + 16, true)) / 1e9,
          reason: REASONS[reason] as ReasonKind,
          matchReason: this.read(this.exports.fl_reason(reason, u16(e + 26), u32(e + 28), locale)),
        });
      }
      slots[this.slotNames[u32(row)] as string] = entries;
    }
    return {
      version: this.version,
      ...(u32(28) > 0 && { apprentice: true }),
      segment: this.text(TEXT_SEGMENT, u32(8), locale),
      engagementLevel: u32(12),
      personalizationScore: u32(16),
      slots,
    };
  }

  /** What fl_decide and its like take beside the time: explores, for the visitor that is loaded. Engine knows more. */
  protected flags({ locale, surroundings = 0 }: Omit<DecideOptions, 'now'>): number {
    return 3 | (this.locale(locale) << 8) | (surroundings << 16);
  }

  protected run(requests: readonly SlotRequest[], options: DecideOptions): number {
    const view = this.view;
    const flags = this.flags(options);
    let at = this.io + 12;
    let count = 0;
    for (const request of requests) {
      const slot = this.slotNames.indexOf(request.slot);
      if (slot < 0) continue;
      view.setUint32(at, slot, true);
      view.setUint32(at + 4, request.limit ?? 0, true);
      at += 8;
      count++;
    }
    view.setUint32(this.io, options.now, true);
    view.setUint32(this.io + 4, flags, true);
    view.setUint32(this.io + 8, count, true);
    return length(this.exports.fl_decide(at - this.io));
  }

  protected locale(tag: string | undefined): number {
    return tag ? this.exports.fl_find_locale(this.put(encoder.encode(tag.slice(0, 64)))) : 0;
  }

  protected put(bytes: Uint8Array): number {
    if (bytes.length > 65536) throw new EngineError(8);
    this.bytes.set(bytes, this.io);
    return bytes.length;
  }

  protected u32(offset: number): number {
    return this.view.getUint32(this.io + offset, true);
  }

  protected text(kind: number, index: number, locale: number): string {
    return this.read(this.exports.fl_text(kind, index, locale));
  }

  protected read(n: number): string {
    return decoder.decode(this.bytes.subarray(this.io, this.io + length(n)));
  }
}

/** A probability as billionths: what a decision's JSON says of a propensity, at least 1. */
export function propensityNanos(propensity: number): number {
  return Math.max(1, Math.round(propensity * 1e9));
}

/** Days since 1970-01-01 of a time in seconds. */
export function day(now: number): number {
  return Math.floor(now / 86400);
}

/** A length, or throws the status it stands for. */
export function length(n: number): number {
  if (n < 0) throw new EngineError(-n);
  return n;
}
