// Pages taken apart, kept by address, bounded by bytes; the least recently used goes first.
import type { Page } from './pages.js';

export interface KeptPage {
  /** undefined: the page has no slot and passes through */
  page: Page | undefined;
  /** of the answer, without what belongs to other bytes or to one visitor */
  headers: Headers;
  /** what to ask the site with whether the page is still the same */
  validators: Headers;
  hash: string;
  /** the site says that everybody gets this page, also those it knows by cookie */
  isPublic: boolean;
  checkedAtMs: number;
  /** until when nobody else needs to check */
  checkingUntilMs: number;
  usedAt: number;
}

const MAX_URL = 2048;
const PLAIN_BYTES = 1024;

export class KeptPages {
  readonly #pages = new Map<string, KeptPage>();
  #bytes = 0;
  #uses = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#pages.size;
  }

  get(url: string): KeptPage | undefined {
    const kept = this.#pages.get(url);
    if (kept) kept.usedAt = ++this.#uses;
    return kept;
  }

  set(url: string, kept: KeptPage, maxBytes: number): void {
    if (url.length > MAX_URL) return;
    this.delete(url);
    this.#pages.set(url, kept);
    kept.usedAt = ++this.#uses;
    this.#bytes += bytesOf(kept);
    while (this.#bytes > maxBytes && this.#pages.size > 0) {
      let oldest: [string, KeptPage] | undefined;
      for (const entry of this.#pages) {
        if (!oldest || entry[1].usedAt < oldest[1].usedAt) oldest = entry;
      }
      if (oldest) this.delete(oldest[0]);
    }
  }

  delete(url: string): void {
    const kept = this.#pages.get(url);
    if (!kept) return;
    this.#pages.delete(url);
    this.#bytes -= bytesOf(kept);
  }
}

function bytesOf(kept: KeptPage): number {
  return kept.page?.bytes ?? PLAIN_BYTES;
}
