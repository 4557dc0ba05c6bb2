// Sticky assignments in the visitor's record (core/visitor/RECORD.md): who has been given a variant keeps it although
// shares change. The record names experiments by the FNV-1a of their keys, and variants by position.
import { fnv1a } from './bucket.js';
import type { Engine } from './engine.js';
import type { Assignment, Flags } from './flags.js';

/** "id||<unit id>" to {"experiment__version": variant key}, as the evaluator takes it; undefined without any. */
export function stickyOf(engine: Engine, flags: Flags, id: string) {
  const known: Record<string, string> = {};
  for (const { key, bucketVersion, variants } of flags.stickyExperiments) {
    const kept = engine.sticky(fnv1a(key));
    const variant =
      kept && kept.bucketVersion === bucketVersion ? variants[kept.variant] : undefined;
    if (variant !== undefined) known[`${key}__${bucketVersion}`] = variant;
  }
  return { [`id||${id}`]: known };
}

/** Remembers what was drawn. True when the record has changed. */
export function stick(engine: Engine, assignments: readonly Assignment[]): boolean {
  let changed = false;
  for (const one of assignments) {
    if (!one.sticks || !one.hashUsed || one.stickyUsed || one.hashAttribute !== 'id') continue;
    const version = Number(one.stickyKey.slice(one.stickyKey.lastIndexOf('__') + 2));
    engine.stick(fnv1a(one.experiment), one.index, version);
    changed = true;
  }
  return changed;
}
