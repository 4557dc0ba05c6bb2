// Where a visitor's record and what belongs to it lie on this device. With a worker in front the record is the
// first-party cookie, so that the next page is already theirs when it arrives; without one it is localStorage.
// Everything here may be refused (private windows, blocked storage): then it lives as long as the page.
import { fromBase64, toBase64Url } from '../../wasm/binding/manifest.js';
import { emptyRecord, type VisitorRecord } from './record.js';

const PREFIX = 'fl-';
const COOKIE = '__Host-fl';
const MAX_AGE_S = 15552000; // 180 days, as the worker's

export interface Store {
  /** The text of the record, '' when there is none. */
  text(): string;
  save(record: VisitorRecord): void;
  /** '' removes. */
  set(key: string, value: string): void;
  get(key: string): string;
  keys(prefix: string): string[];
  /** Forgets everything but the record, here and in the tab. */
  clear(): void;
}

export function openStore(cookie: boolean): Store {
  const store: Store = {
    text: () =>
      cookie
        ? (document.cookie.match(`(?:^|; )${COOKIE}=([^;]*)`)?.[1] ?? '')
        : store.get('record'),
    save(record) {
      const text = toBase64Url(record);
      if (cookie) {
        // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous; a navigation would overtake it
        document.cookie = `${COOKIE}=${text}; Path=/; Secure; SameSite=Lax; Max-Age=${MAX_AGE_S}`;
      } else store.set('record', text);
    },
    get: (key) => attempt(() => localStorage.getItem(PREFIX + key)) ?? '',
    set(key, value) {
      attempt(() =>
        value ? localStorage.setItem(PREFIX + key, value) : localStorage.removeItem(PREFIX + key),
      );
    },
    keys: (prefix) =>
      (attempt(() => Object.keys(localStorage)) ?? [])
        .filter((key) => key.startsWith(PREFIX + prefix))
        .map((key) => key.slice(PREFIX.length)),
    clear() {
      attempt(() => {
        for (const area of [localStorage, sessionStorage]) {
          for (const key of Object.keys(area)) {
            if (key.startsWith(PREFIX) && key !== `${PREFIX}record`) area.removeItem(key);
          }
        }
      });
    },
  };
  return store;
}

/** What the worker says of experiments between addresses, once: [experiment, variant] (edge/redirect.ts). */
export function takeShaped(): [string, string][] {
  const found = document.cookie.match('(?:^|; )__Host-fl-shaped=([^;]*)')?.[1];
  if (!found) return [];
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous, and not everywhere
  document.cookie = '__Host-fl-shaped=; Path=/; Secure; SameSite=Lax; Max-Age=0';
  return found.split(',').map((one) => one.split(':') as [string, string]);
}

/** A record that is not one counts as nobody's. */
export function parseRecord(text: string): VisitorRecord {
  const bytes = attempt(() => fromBase64(text));
  return bytes?.[0] === 0xf1 && bytes.length > 7 ? bytes : emptyRecord();
}

/** Undefined when it throws: storage that is refused, text that is not what it should be. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
