// What is known of a page view as one word: pack(Surroundings) of core/model/engagement.h. Numbers are permanent.

export const DEVICES = ['', 'desktop', 'phone', 'tablet'] as const;
export const DAY_PARTS = ['', 'night', 'morning', 'afternoon', 'evening'] as const;
export const REFERRERS = ['', 'none', 'self', 'search', 'social', 'other'] as const;

/** What is not known is left out. */
export interface Surroundings {
  device?: 'desktop' | 'phone' | 'tablet';
  /** by the visitor's clock: night ends at 6, morning at 12, afternoon at 18 */
  dayPart?: 'night' | 'morning' | 'afternoon' | 'evening';
  /** by the visitor's clock: 1 Monday to 7 Sunday */
  weekday?: number;
  referrer?: 'none' | 'self' | 'search' | 'social' | 'other';
}

export function packSurroundings(s: Surroundings): number {
  const index = (names: readonly string[], name = '') => Math.max(0, names.indexOf(name));
  return (
    index(DEVICES, s.device) |
    (index(DAY_PARTS, s.dayPart) << 4) |
    ((s.weekday ?? 0) << 8) |
    (index(REFERRERS, s.referrer) << 12)
  );
}
