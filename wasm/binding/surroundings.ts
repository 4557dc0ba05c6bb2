// What is known of a page view as one word: pack(Surroundings) of core/model/engagement.h. Numbers are permanent, 0 is
// "not known". Worker and browser read it off by the rules here, so that a model learns and sees the same.

export const DEVICES = ['', 'desktop', 'phone', 'tablet'] as const;
export const DAY_PARTS = ['', 'night', 'morning', 'afternoon', 'evening'] as const;
export const REFERRERS = ['', 'none', 'site', 'search', 'social', 'other'] as const;

/** What is not known is left out. */
export interface Surroundings {
  device?: 'desktop' | 'phone' | 'tablet';
  /** by the visitor's clock: night ends at 6, morning at 12, afternoon at 18 */
  dayPart?: 'night' | 'morning' | 'afternoon' | 'evening';
  /** by the visitor's clock: 1 Monday to 7 Sunday */
  weekday?: number;
  referrer?: 'none' | 'site' | 'search' | 'social' | 'other';
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

const TABLET = /ipad|tablet|kindle|silk\/|playbook|android(?!.*mobi)/i;
const PHONE = /mobi|iphone|ipod|phone/i;

/** From a User-Agent header; an iPad that calls itself a Mac is a desktop. */
export function deviceOf(userAgent: string): number {
  if (!userAgent) return 0;
  if (TABLET.test(userAgent)) return 3;
  return PHONE.test(userAgent) ? 2 : 1;
}

/** `hour` 0 to 23; `day` 0 Sunday to 6, as Date has it. Day part and weekday, in their places of the word. */
export function clockOf(hour: number, day: number): number {
  return ((Math.floor(hour / 6) + 1) << 4) | ((day || 7) << 8);
}

// By a label of the host's name, whatever the country: google.de, uk.search.yahoo.com, duckduckgo.com.
const SEARCH =
  /(^|\.)(google|bing|duckduckgo|yahoo|ecosia|qwant|startpage|baidu|yandex|brave|kagi|naver|seznam)\.[a-z]{2,3}(\.[a-z]{2})?$/;
const SOCIAL =
  /(^|\.)(t\.co|x\.com|youtu\.be|(facebook|instagram|linkedin|twitter|youtube|tiktok|pinterest|reddit|vimeo|threads|bsky|mastodon|whatsapp|telegram|xing|tumblr)\.[a-z]{2,6}(\.[a-z]{2})?)$/;

/** `referrer`: the address that led here, empty when there was none; `host`: of this page, with its port. */
export function referrerOf(referrer: string, host: string): number {
  if (!referrer) return 1;
  const from = /^(?:https?|android-app):\/\/([^/?#]*)/.exec(referrer)?.[1]?.toLowerCase();
  if (from === undefined) return 5;
  if (from === host) return 2;
  if (SEARCH.test(from)) return 3;
  return SOCIAL.test(from) ? 4 : 5;
}
