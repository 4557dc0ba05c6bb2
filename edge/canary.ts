// An old snapshot against a new one: which of the two a visitor gets.
import { type Arm, armOfUnit } from '../wasm/binding/bucket.js';
import type { Live } from './snapshots.js';
import { loadVisitor } from './visitor.js';

/**
 * What the engine's current visitor, of the record `text`, is answered with: the same, or the canary with that visitor in
 * its engine. Whoever has no unit id is in no comparison.
 */
export function armOf(live: Live, text: string | undefined): { live: Live; arm: Arm | undefined } {
  const { canary } = live;
  const id = canary && live.engine.unitId();
  if (!canary || id === null || id === undefined) return { live, arm: undefined };
  const arm = armOfUnit(canary, id);
  if (arm.variant === 'live') return { live, arm };
  loadVisitor(canary.live, text);
  return { live: canary.live, arm };
}
