// What the SDK fetches beside itself when a page's flags have to be evaluated, or obeyed, in the browser: on a site
// without a worker, and for a page whose experiment changes how it is decided. It needs engine_full.wasm.
import { adjustment } from '../../wasm/binding/adjust.js';
import { type Arm, armOfUnit } from '../../wasm/binding/bucket.js';
import { Engine } from '../../wasm/binding/engine.js';
import { type FlagExports, Flags } from '../../wasm/binding/flags.js';
import {
  attributesOf,
  evaluateFor,
  evaluatePlain,
  type Leave,
  type PageFlags,
  pageFlags,
} from '../../wasm/binding/page_flags.js';
import { stick } from '../../wasm/binding/sticky.js';
import type { Json } from '../../wasm/binding/values.js';

export { armOfUnit, Engine };

/** The flags of a program that no snapshot carries, in an instance of their own. Throws EngineError. */
export function openFlags(module: WebAssembly.Module, program: Uint8Array): Flags {
  const exports = new WebAssembly.Instance(module, {}).exports as unknown as FlagExports & {
    _initialize?(): void;
    fl_reserve(bytes: number): number;
  };
  exports._initialize?.();
  const at = exports.fl_reserve(program.length);
  new Uint8Array(exports.memory.buffer).set(program, at);
  return new Flags(exports, program.length);
}

export interface PageView {
  /** as one word (wasm/binding/surroundings.ts) */
  surroundings: number;
  language: string | undefined;
  url: string;
  leave: Leave;
  arm: Arm | undefined;
}

/** Of the engine's current visitor. `hasStuck`: the record has changed, an assignment is remembered in it. */
export function evaluatePage(
  engine: Engine,
  flags: Flags | undefined,
  { surroundings, language, url, leave, arm }: PageView,
): { page: PageFlags; hasStuck: boolean } {
  const attributes = attributesOf(engine, surroundings, language, leave);
  const evaluation =
    flags &&
    (leave.personalize
      ? evaluateFor(engine, flags, attributes, url)
      : evaluatePlain(flags, attributes, url));
  const { page, drawn } = pageFlags(flags?.keys ?? [], evaluation, arm);
  return { page, hasStuck: stick(engine, drawn) };
}

/** Decides by what the flags say of the page while `work` runs. */
export function obeying<T>(engine: Engine, page: PageFlags, work: () => T): T {
  return engine.adjusted(adjustment(engine, (page.flags ?? {}) as Record<string, Json>), work);
}
