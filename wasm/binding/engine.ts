// The typed binding over the C ABI of engine.wasm (wasm/ABI.md), used by the edge worker, the browser SDK and Node.
//
// One Engine holds one snapshot and one current visitor. It is synchronous and not re-entrant: load the visitor, ask, and
// be done before the next await. A new snapshot is a new Engine.
import type { Exports } from './abi.js';
import {
  type Choice,
  type DecideOptions,
  Decider,
  type DecisionData,
  EngineError,
  type EntryData,
  length,
  propensityNanos,
  REASONS,
  type SlotRequest,
} from './decider.js';
import type { FlagExports } from './flags.js';

export {
  ACTIONS,
  type Action,
  type Choice,
  CONTENT_TYPES,
  type ContentType,
  type DecideOptions,
  Decider,
  type DecisionData,
  day,
  EngineError,
  type EntryData,
  FEEDBACKS,
  type Feedback,
  type InteractionInput,
  propensityNanos,
  REASONS,
  type ReasonKind,
  type SlotRequest,
} from './decider.js';

export interface VisitorState {
  personalization: Choice;
  measurement: Choice;
  optedOut: boolean;
  hasUnitId: boolean;
  hasAnswers: boolean;
  hasHistory: boolean;
}

/** One part of an item's score; `type` is SPEC.md's factor name. */
export interface MatchFactor {
  type: string;
  score: number;
  /** what it would say as the reason */
  reason: string;
}

/** One shown item, by index into the snapshot; see EntryData. Units as in core/rank/decide.h. */
export interface Feature {
  field: string;
  /** what the visitor is in, by name */
  values: string[];
  /** the same by number, from 1; 0 alone when nothing is known */
  bins: number[];
  /** how many bins the field has, that for "not known" included */
  count: number;
}

/** Probabilities of the three outcomes, 0 to 1; `probability` is the whole score's, null while it is not calibrated. */
export interface Prediction {
  click: number;
  engage: number;
  convert: number;
  probability: number | null;
}

export interface IndexedEntry {
  item: number;
  propensity: number;
  confidence: number;
  engagementRate: number;
  reason: number;
  question: number;
  argument: number;
}

export interface IndexedSlot {
  name: string;
  entries: IndexedEntry[];
}

export interface IndexedDecision {
  version: number;
  /** apprentice mode: what would be shown */
  apprentice: boolean;
  /** of the page view that was decided for; 0 is nothing known */
  surroundings: number;
  segment: number;
  engagementLevel: number;
  personalizationScore: number;
  slots: IndexedSlot[];
  /** what the host adds: members of the decision's JSON, and whether the page keeps its own content */
  flags?: { members: string; keepsPage: boolean } | undefined;
}

const CHOICES: readonly Choice[] = ['unset', 'granted', 'denied'];
const TEXT_NAME = 1;
const TEXT_SEGMENT = 3;
const TEXT_FACTOR = 7;
const TEXT_FIELD = 8;
const TEXT_BIN = 9;
const OPTION_FACTORS = ['default', '', 'history', 'segment', 'popular', 'pinned', 'visit'];

/** What an Engine can do without a snapshot: read a record, change its choices, write it. */
export type RecordEngine = Pick<
  Engine,
  'loadVisitor' | 'visitorRecord' | 'visitorState' | 'setUnitId' | 'setConsent' | 'setOptOut'
>;

export class Engine extends Decider {
  readonly itemCount: number;

  /** Use load(). */
  constructor(exports: Exports, snapshot: Uint8Array) {
    super(exports, snapshot);
    exports.fl_info();
    this.itemCount = this.u32(16);
  }

  static withoutSnapshot(module: WebAssembly.Module): RecordEngine {
    const exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
    // Nothing is loaded, so the engine says of itself that it knows no slot and no item.
    const unloaded = { ...exports, fl_reserve: () => exports.fl_io(), fl_load: () => 0 };
    return new Engine(unloaded, new Uint8Array(0));
  }

  visitorState(): VisitorState {
    const f = this.exports.fl_visitor_flags();
    return {
      personalization: CHOICES[f & 3] ?? 'unset',
      measurement: CHOICES[(f >> 2) & 3] ?? 'unset',
      optedOut: (f & 16) !== 0,
      hasUnitId: (f & 32) !== 0,
      hasAnswers: (f & 64) !== 0,
      hasHistory: (f & 128) !== 0,
    };
  }

  /** 64 random bits, or null to take the unit id away. */
  setUnitId(id: Uint32Array | null): void {
    this.exports.fl_visitor_unit(id?.[0] ?? 0, id?.[1] ?? 0);
  }

  setConsent(purpose: 'personalization' | 'measurement', choice: Choice): void {
    this.exports.fl_visitor_choice(purpose === 'personalization' ? 0 : 1, CHOICES.indexOf(choice));
  }

  /** 16 hex digits; null when the visitor has none. Of engine_full.wasm alone, as the flags. */
  unitId(): string | null {
    const id = BigInt.asUintN(64, this.flagExports.fl_unit());
    return id === 0n ? null : id.toString(16).padStart(16, '0');
  }

  hasFlags(): boolean {
    return this.flagExports.fl_has_program() === 1;
  }

  /** What the record remembers of an experiment, by its 32-bit id; undefined: nothing. */
  sticky(experiment: number): { variant: number; bucketVersion: number } | undefined {
    const kept = this.flagExports.fl_sticky(experiment);
    return kept < 0 ? undefined : { variant: kept & 65535, bucketVersion: kept >>> 16 };
  }

  stick(experiment: number, variant: number, bucketVersion: number): void {
    this.flagExports.fl_stick(experiment, variant, bucketVersion);
  }

  /**
   * Decides by an adjustment (core/rank/adjust.h) while `work` runs. Throws EngineError for one that is none.
   */
  adjusted<T>(adjustment: Uint8Array | undefined, work: () => T): T {
    if (!adjustment) return work();
    const status = this.flagExports.fl_adjust(this.put(adjustment));
    if (status < 0) throw new EngineError(-status);
    this.renew();
    try {
      return work();
    } finally {
      this.flagExports.fl_adjust(0);
    }
  }

  /** After memory was set aside in the instance: the views of what has grown are made anew. */
  renew(): void {
    const { buffer } = this.exports.memory;
    if (this.bytes.buffer === buffer) return;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  get flagExports(): FlagExports {
    return this.exports as unknown as FlagExports;
  }

  setOptOut(optedOut: boolean): void {
    this.exports.fl_visitor_choice(2, optedOut ? 1 : 0);
  }

  engagementLevel(): number {
    return this.exports.fl_visitor_scores() & 255;
  }

  personalizationScore(): number {
    return this.exports.fl_visitor_scores() >> 8;
  }

  segment(locale?: string): string {
    return this.text(TEXT_SEGMENT, this.exports.fl_segment(), this.locale(locale));
  }

  itemName(index: number, locale?: string): string {
    return this.text(TEXT_NAME, index, this.locale(locale));
  }

  /** The raw bytes of a decision (parity), valid until the next call. */
  decideBytes(requests: readonly SlotRequest[], options: DecideOptions): Uint8Array {
    const n = this.run(requests, options);
    return this.bytes.subarray(this.io, this.io + n);
  }

  /** As decide(), but items by index and reasons unspoken: the cheap form for the edge. toData() makes it the same. */
  decideIndexes(requests: readonly SlotRequest[], options: DecideOptions): IndexedDecision {
    this.run(requests, options);
    const view = this.view;
    const io = this.io;
    const slotCount = this.u32(20);
    const slots: IndexedSlot[] = [];
    const first = io + 32 + 16 * slotCount;
    for (let s = 0; s < slotCount; s++) {
      const row = io + 32 + 16 * s;
      const entries: IndexedEntry[] = [];
      const begin = first + 32 * view.getUint32(row + 4, true);
      const end = begin + 32 * view.getUint32(row + 8, true);
      for (let e = begin; e < end; e += 32) {
        entries.push({
          item: view.getUint32(e, true),
          propensity: view.getFloat32(e + 16, true),
          confidence: view.getUint16(e + 20, true),
          engagementRate: view.getUint16(e + 22, true),
          reason: view.getUint16(e + 24, true),
          question: view.getUint16(e + 26, true),
          argument: view.getUint32(e + 28, true),
        });
      }
      slots.push({ name: this.slotNames[view.getUint32(row, true)] ?? '', entries });
    }
    return {
      version: this.version,
      apprentice: this.u32(28) > 0,
      surroundings: options.surroundings ?? 0,
      segment: this.u32(8),
      engagementLevel: this.u32(12),
      personalizationScore: this.u32(16),
      slots,
    };
  }

  /** Spells an indexed decision out. */
  toData(decision: IndexedDecision, locale?: string): DecisionData {
    const l = this.locale(locale);
    const slots: Record<string, EntryData[]> = {};
    for (const slot of decision.slots) {
      slots[slot.name] = slot.entries.map((e) => ({
        id: this.itemUuid(e.item),
        type: this.itemType(e.item),
        confidence: e.confidence / 10000,
        engagementRate: e.engagementRate === 65535 ? null : e.engagementRate / 10000,
        propensity: propensityNanos(e.propensity) / 1e9,
        reason: REASONS[e.reason] ?? 'default',
        matchReason: this.reason(e, locale),
      }));
    }
    const { version, apprentice, surroundings, engagementLevel, personalizationScore } = decision;
    return {
      version,
      ...(apprentice && { apprentice }),
      ...(surroundings && { context: surroundings }),
      segment: this.text(TEXT_SEGMENT, decision.segment, l),
      engagementLevel,
      personalizationScore,
      slots,
    };
  }

  /** The reason of an entry in words. */
  reason(entry: IndexedEntry, locale?: string): string {
    const l = this.locale(locale);
    return this.read(this.exports.fl_reason(entry.reason, entry.question, entry.argument, l));
  }

  /** Every part of one item's score for the current visitor, largest first. */
  explain(index: number, now: number, locale?: string, surroundings = 0): MatchFactor[] {
    const flags = this.flags({ ...(locale && { locale }), surroundings });
    const n = length(this.exports.fl_explain(index, now, flags));
    // Copied, because every text asked for below goes through the same buffer.
    const view = new DataView(this.bytes.slice(this.io, this.io + 16 * n).buffer);
    const l = this.locale(locale);
    return Array.from({ length: n }, (_, i) => {
      const kind = view.getUint16(16 * i, true);
      const question = view.getUint16(16 * i + 2, true);
      const argument = view.getUint32(16 * i + 4, true);
      return {
        type: kind === 1 ? this.text(TEXT_FACTOR, question, 0) : (OPTION_FACTORS[kind] ?? ''),
        score: view.getFloat64(16 * i + 8, true),
        reason: this.read(this.exports.fl_reason(kind, question, argument, l)),
      };
    });
  }

  protected override flags(options: Omit<DecideOptions, 'now'>): number {
    const known = (options.explore === false ? 0 : 1) | (options.personalize === false ? 0 : 2);
    return (super.flags(options) & ~3) | known;
  }

  /** What the engagement model sees of the current visitor: each field's bins by name, none for "not known". */
  features(options: DecideOptions): Feature[] {
    const n = length(this.exports.fl_features(options.now, this.flags(options)));
    const view = new DataView(this.bytes.slice(this.io, this.io + 16 * n).buffer);
    return Array.from({ length: n }, (_, f) => {
      const bins = view.getBigUint64(16 * f, true);
      const first = view.getUint32(16 * f + 8, true);
      const count = view.getUint32(16 * f + 12, true);
      const given = [];
      for (let bin = 0; bin < count; bin++) if ((bins >> BigInt(bin)) & 1n) given.push(bin);
      const values = given
        .filter((bin) => bin > 0)
        .map((bin) => this.text(TEXT_BIN, first + bin, 0));
      return { field: this.text(TEXT_FIELD, f, 0), values, bins: given, count };
    });
  }

  /** How likely the current visitor is to do each, were the item shown first; null without an engagement model. */
  predict(index: number, options: DecideOptions): Prediction | null {
    const n = length(this.exports.fl_predict(index, options.now, this.flags(options)));
    const view = new DataView(this.bytes.buffer, this.io, n);
    const [click, engage, convert, chosen] = [0, 8, 16, 24].map((at) =>
      view.getFloat64(at, true),
    ) as [number, number, number, number];
    if (click === 0) return null;
    return { click, engage, convert, probability: chosen < 0 ? null : chosen };
  }

  /** Cosine of two items' attributes, 0 to 1. */
  similarity(a: number, b: number): number {
    return this.exports.fl_similarity(a, b);
  }

  /** Item indexes of the slate that was computed when the snapshot was published. */
  slate(segment: number, slot: string): number[] {
    const n = length(this.exports.fl_slate(segment, this.slotNames.indexOf(slot)));
    return Array.from({ length: n }, (_, i) => this.u32(4 * i));
  }

  /** z of every item for the current visitor, by item index; valid until the next call. */
  scores(now: number, surroundings = 0): Float64Array {
    return new Float64Array(
      this.exports.memory.buffer,
      this.exports.fl_score(now, this.flags({ surroundings })),
      this.itemCount,
    );
  }
}
