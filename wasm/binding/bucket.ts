// The hash that experiments draw with, for what the engine does not draw itself: who is in the canary of two snapshots.
import type { Canary } from './manifest.js';

/** 32-bit FNV-1a of the text's UTF-16 code units, as GrowthBook's SDKs have it. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** Where a visitor is in a comparison of snapshots. */
export interface Arm {
  experiment: string;
  /** kLiveVariant or kCanaryVariant of origin/experiment/ab_test.h */
  variant: 'live' | 'canary';
}

/** Of a unit id, by version 2 of core/experiment/hash.h: below 1, in steps of 1/10000. */
export function armOfUnit(
  { experiment, share }: Pick<Canary, 'experiment' | 'share'>,
  id: string,
): Arm {
  const bucket = (fnv1a(String(fnv1a(experiment + id))) % 10000) / 10000;
  return { experiment, variant: bucket < share ? 'canary' : 'live' };
}
