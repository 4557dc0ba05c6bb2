// An old snapshot against a new one: which of the two a visitor gets, by the hash that experiments draw with.
import type { Live } from './snapshots.js';
import { fnv1a } from './sticky.js';
import { loadVisitor } from './visitor.js';

/** The variants' keys: kLiveVariant and kCanaryVariant of origin/experiment/ab_test.h. */
const LIVE = 'live';
const CANARY = 'canary';

/** Where a visitor is in the comparison. */
export interface Arm {
  experiment: string;
  variant: string;
}

/** Version 2 of core/experiment/hash.h: below 1, in steps of 1/10000. */
function bucketOf(seed: string, id: string): number {
  return (fnv1a(String(fnv1a(seed + id))) % 10000) / 10000;
}

/**
 * What the engine's current visitor, of the record `text`, is answered with: the same, or the canary with that visitor in
 * its engine. Whoever has no unit id is in no comparison.
 */
export function armOf(live: Live, text: string | undefined): { live: Live; arm: Arm | undefined } {
  const { canary } = live;
  const id = canary && live.engine.unitId();
  if (!canary || id === null || id === undefined) return { live, arm: undefined };
  const { experiment, share } = canary;
  if (bucketOf(experiment, id) >= share) return { live, arm: { experiment, variant: LIVE } };
  loadVisitor(canary.live, text);
  return { live: canary.live, arm: { experiment, variant: CANARY } };
}
