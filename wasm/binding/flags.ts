// Flags and experiments of a snapshot, evaluated by engine_full.wasm: one call into the engine for all of them.
import { EngineError } from './decider.js';
import { encodeRequest, type Json, urlOf } from './values.js';

/** What engine_full.wasm exports beside engine.wasm's (wasm/ABI.md). */
export interface FlagExports {
  memory: WebAssembly.Memory;
  fl_io(): number;
  fl_io_bytes(): number;
  fl_program(bytes: number): number;
  fl_program_at(): number;
  fl_flags(n: number, now: number): number;
  fl_unit(): bigint;
  fl_has_program(): number;
  fl_sticky(experiment: number): number;
  fl_stick(experiment: number, variant: number, bucketVersion: number): void;
  fl_adjust(bytes: number): number;
}

export const SOURCES = [
  'unknownFeature',
  'cyclicPrerequisite',
  'override',
  'prerequisite',
  'force',
  'experiment',
  'defaultValue',
] as const;
export type Source = (typeof SOURCES)[number];

/** What is known of the visitor and the visit; all of it is optional. */
export interface FlagRequest {
  attributes?: Record<string, Json | undefined>;
  /** the page's address */
  url?: string;
  /** experiment key to the position of the variant to give */
  forced?: Record<string, number>;
  /** feature key to the value to give */
  features?: Record<string, Json>;
  /** "attribute||value" to {"experiment__version": variant key}; given, assignments stick */
  sticky?: Record<string, Record<string, string>>;
  /** no experiments */
  disabled?: boolean;
  /** experiments give nothing unless forced */
  qa?: boolean;
}

/** Where a visitor is in an experiment. */
export interface Assignment {
  experiment: string;
  /** the variant's key; the control's where the visitor is not in */
  variant: string;
  /** its position */
  index: number;
  name?: string;
  inExperiment: boolean;
  /** by the draw, not by force: an exposure counts */
  hashUsed: boolean;
  stickyUsed: boolean;
  /** counted, and the next rule gave the value */
  passthrough: boolean;
  /** 0 to 1; null when none was drawn */
  bucket: number | null;
  hashAttribute: string;
  hashValue: Json;
  /** of a contextual bandit: which context the visitor is in, -1 for none */
  leaf?: number;
  /** what a sticky assignment is remembered under, "experiment__version" */
  stickyKey: string;
  sticks: boolean;
}

export interface FlagResult {
  value: Json;
  on: boolean;
  source: Source;
  ruleId: string;
  /** of source `experiment` */
  assignment?: Assignment;
}

const NONE = 0xffffffff;
const IN_EXPERIMENT = 1;
const HASH_USED = 2;
const STICKY_USED = 4;
const VALUE_OF_REQUEST = 8;
const ON = 16;
const BY_FALLBACK = 32;
const DOES_NOT_STICK = 4;
const IS_BANDIT = 32;
const FLAG_ROW = 48;

/** Bytes of a row of each table, in the program's order (core/experiment/program.h). */
const ROWS = {
  values: 40,
  conditions: 24,
  patterns: 8,
  instructions: 12,
  unitRanges: 4,
  features: 24,
  rules: 120,
  experiments: 136,
  parents: 12,
  filters: 40,
  ranges: 16,
  steps: 16,
  contexts: 16,
  variants: 24,
  text: 1,
} as const;
type Table = keyof typeof ROWS;

const decoder = new TextDecoder();

/** Which are on, and why: one page view's. Rows are copied, so that it stays true after the next evaluation. */
export class Evaluation {
  readonly #program: FlagProgram;
  readonly #request: FlagRequest;
  readonly #root: Json;
  readonly rows: DataView;

  /** Flags.evaluate() makes it. */
  constructor(program: FlagProgram, request: FlagRequest, root: Json, rows: DataView) {
    this.#program = program;
    this.#request = request;
    this.#root = root;
    this.rows = rows;
  }

  feature(key: string): FlagResult {
    const index = this.#program.features.get(key);
    const forced = this.#request.features;
    if (index === undefined && forced !== undefined && Object.hasOwn(forced, key)) {
      const value = forced[key] as Json;
      return { value, on: Boolean(value), source: 'override', ruleId: '' };
    }
    if (index === undefined) {
      return { value: null, on: false, source: 'unknownFeature', ruleId: '' };
    }
    const at = FLAG_ROW * index;
    const rule = this.#word(at, 2);
    const result: FlagResult = {
      value: this.#value(key, at),
      on: (this.#word(at, 5) & ON) !== 0,
      source: SOURCES[this.#word(at, 0)] as Source,
      ruleId: rule === NONE ? '' : this.#program.ruleId(rule),
    };
    if (result.source === 'experiment') result.assignment = this.#assignment(at);
    return result;
  }

  /** All features by key. */
  all(): Record<string, FlagResult> {
    const results: Record<string, FlagResult> = {};
    for (const key of this.#program.features.keys()) results[key] = this.feature(key);
    return results;
  }

  /** The experiments that stand by themselves, in their order, with the value of the variant. */
  experiments(): (Assignment & { value: Json })[] {
    const first = this.#program.features.size;
    return Array.from({ length: this.#program.listed }, (_, e) => {
      const at = FLAG_ROW * (first + e);
      return { ...this.#assignment(at), value: this.#program.value(this.#word(at, 1)) };
    });
  }

  #word(at: number, n: number): number {
    return this.rows.getUint32(at + 4 * n, true);
  }

  #value(key: string, at: number): Json {
    if ((this.#word(at, 5) & VALUE_OF_REQUEST) !== 0) return this.#request.features?.[key] ?? null;
    const row = this.#word(at, 1);
    return row === NONE ? null : this.#program.value(row);
  }

  #assignment(at: number): Assignment {
    const bits = this.#word(at, 5);
    const experiment = this.#program.experiment(this.#word(at, 3));
    const index = this.#word(at, 4);
    const variant = this.#program.variant(experiment.firstVariant + index);
    const bucket = this.rows.getFloat64(at + 24, true);
    const hashAttribute = (bits & BY_FALLBACK) !== 0 ? experiment.fallback : experiment.attribute;
    const hasUnit = this.rows.getUint32(at + 32, true) !== NONE;
    const attributes = (this.#root as { attributes?: Record<string, Json> }).attributes;
    return {
      experiment: experiment.key,
      variant: variant.key || String(index),
      index,
      ...(variant.name && { name: variant.name }),
      inExperiment: (bits & IN_EXPERIMENT) !== 0,
      hashUsed: (bits & HASH_USED) !== 0,
      stickyUsed: (bits & STICKY_USED) !== 0,
      passthrough: variant.passthrough,
      bucket: bucket < 0 ? null : bucket,
      hashAttribute,
      hashValue: hasUnit ? (attributes?.[hashAttribute] ?? '') : '',
      ...(experiment.isBandit && { leaf: this.rows.getInt32(at + 36, true) }),
      stickyKey: `${experiment.key}__${experiment.bucketVersion}`,
      sticks: experiment.sticks,
    };
  }
}

interface ExperimentData {
  key: string;
  attribute: string;
  fallback: string;
  firstVariant: number;
  variantCount: number;
  bucketVersion: number;
  sticks: boolean;
  isBandit: boolean;
}

/** The tables of a program that results speak of. */
class FlagProgram {
  readonly #view: DataView;
  readonly #at: Record<Table, number>;
  readonly #values = new Map<number, Json>();
  readonly features = new Map<string, number>();
  readonly listed: number;

  constructor(memory: WebAssembly.Memory, begin: number) {
    // A copy: what is read here must not change with the engine's memory.
    const head = new DataView(memory.buffer, begin, 80);
    let size = 80;
    const starts: Partial<Record<Table, number>> = {};
    for (const [n, name] of (Object.keys(ROWS) as Table[]).entries()) {
      starts[name] = size;
      size += (head.getUint32(16 + 4 * n, true) * ROWS[name] + 7) & ~7;
    }
    this.#at = starts as Record<Table, number>;
    this.#view = new DataView(memory.buffer.slice(begin, begin + size));
    this.listed = this.#view.getUint32(76, true);
    const count = this.#view.getUint32(36, true);
    for (let f = 0; f < count; f++) this.features.set(this.#text('features', f, 0), f);
  }

  #word(table: Table, row: number, n: number): number {
    return this.#view.getUint32(this.#at[table] + ROWS[table] * row + 4 * n, true);
  }

  /** The text whose reference is at word n of a row. */
  #text(table: Table, row: number, n: number): string {
    const at = this.#at.text + this.#word(table, row, n);
    return decoder.decode(new Uint8Array(this.#view.buffer, at, this.#word(table, row, n + 1)));
  }

  value(row: number): Json {
    const kind = this.#word('values', row, 0);
    if (kind < 3) return [null, false, true][kind] as Json;
    if (kind === 3) return this.#view.getFloat64(this.#at.values + ROWS.values * row + 32, true);
    if (kind === 4) return this.#text('values', row, 4);
    let value = this.#values.get(row);
    if (value === undefined) {
      const count = this.#word('values', row, 1);
      const first = this.#word('values', row, 2);
      value =
        kind === 5
          ? Array.from({ length: count }, (_, e) => this.value(first + e))
          : Object.fromEntries(
              Array.from({ length: count }, (_, m) => [
                this.#text('values', first + 2 * m, 4),
                this.value(first + 2 * m + 1),
              ]),
            );
      this.#values.set(row, value);
    }
    return value;
  }

  /** How many experiments there are, those of rules among them. */
  get experimentCount(): number {
    return this.#view.getUint32(44, true);
  }

  ruleId(rule: number): string {
    return this.#text('rules', rule, 0);
  }

  experiment(index: number): ExperimentData {
    const flags = this.#word('experiments', index, 2);
    return {
      key: this.#text('experiments', index, 0),
      attribute: this.#text('experiments', index, 22),
      fallback: this.#text('experiments', index, 24),
      firstVariant: this.#word('experiments', index, 10),
      variantCount: this.#word('experiments', index, 11),
      bucketVersion: this.#word('experiments', index, 6),
      sticks: (flags & DOES_NOT_STICK) === 0,
      isBandit: (flags & IS_BANDIT) !== 0,
    };
  }

  stickyExperiments(): StickyExperiment[] {
    const found = [];
    for (let e = 0; e < this.experimentCount; e++) {
      const { key, bucketVersion, sticks, firstVariant, variantCount } = this.experiment(e);
      const variants = Array.from(
        { length: variantCount },
        (_, v) => this.variant(firstVariant + v).key || String(v),
      );
      if (sticks) found.push({ key, bucketVersion, variants });
    }
    return found;
  }

  variant(row: number): { key: string; name: string; passthrough: boolean } {
    return {
      key: this.#text('variants', row, 0),
      name: this.#text('variants', row, 2),
      passthrough: this.#word('variants', row, 5) === 1,
    };
  }
}

/** An experiment whose assignments stick, with the keys of its variants. */
export interface StickyExperiment {
  key: string;
  bucketVersion: number;
  variants: readonly string[];
}

export class Flags {
  readonly #exports: FlagExports;
  readonly #program: FlagProgram;
  readonly #rowCount: number;
  readonly stickyExperiments: readonly StickyExperiment[];

  /**
   * Of the snapshot that is loaded into the instance; with `programBytes`, of a bare program of that size in the reserved
   * room. Throws EngineError.
   */
  constructor(exports: FlagExports, programBytes = 0) {
    const rows = exports.fl_program(programBytes);
    if (rows < 0) throw new EngineError(-rows);
    this.#exports = exports;
    this.#rowCount = rows;
    this.#program = new FlagProgram(exports.memory, exports.fl_program_at());
    this.stickyExperiments = this.#program.stickyExperiments();
  }

  /** How many experiments stand by themselves, without a flag: redirects, say. */
  get listed(): number {
    return this.#program.listed;
  }

  get keys(): string[] {
    return [...this.#program.features.keys()];
  }

  /** `now` in seconds. Throws EngineError for a request that is too large, RangeError for one too deep. */
  evaluate(request: FlagRequest, now: number): Evaluation {
    const { url, ...rest } = request;
    const root = { ...rest, ...(url !== undefined && { url: urlOf(url) }) } as unknown as Json;
    return this.evaluateRoot(request, root, now);
  }

  /** As evaluate(), of a root as core/experiment/evaluate.h has it. */
  evaluateRoot(request: FlagRequest, root: Json, now: number): Evaluation {
    const { memory, fl_io, fl_io_bytes, fl_flags } = this.#exports;
    const bytes = encodeRequest(root);
    if (bytes.length > fl_io_bytes()) throw new EngineError(8);
    new Uint8Array(memory.buffer).set(bytes, fl_io());
    const at = fl_flags(bytes.length, now);
    if (at < 0) throw new EngineError(-at);
    const rows = new DataView(memory.buffer.slice(at, at + FLAG_ROW * this.#rowCount));
    return new Evaluation(this.#program, request, root, rows);
  }
}
