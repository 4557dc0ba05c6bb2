// A page taken apart: its bytes as they came, and where in them the slots are. Answering is then a matter of joining.
//
//     original   <html>…<section data-fl-slot="projects">  default cards  </section>…</body></html>
//                                                       ^^ start           ^ end      ^ decisionAt
//                                                       open: where the start tag's ">" is
//     joined     original[..open) data-fl-filled="7" original[open..start) cards original[end..decisionAt)
//                decision original[decisionAt..]
//     unfilled   original[open..end) stays for a slot that the decision leaves empty
//
// Cards are rendered and encoded once for each (item, reason) and kept with the page.
import type { IndexedDecision, IndexedEntry, SlotRequest } from '../wasm/binding/engine.js';
import { joined } from './assemble.js';
import { count } from './counters.js';
import { planter, Scanner } from './markers.js';
import type { Live } from './snapshots.js';
import { compileTemplate, escapeAttribute, renderCard, type Template } from './template.js';
import { reasonKey, type Words } from './words.js';

/** What one decision may ask for: kMaxSlotRequests of core/rank/decide.h. */
export const MAX_SLOTS = 16;
const MAX_CARD_BYTES = 1 << 20; // of one slot, before its cards are made anew

interface Card {
  reason: number;
  confidence: number;
  bytes: Piece;
}

/** The cards of one slot of one page, by item. */
export class Cards {
  readonly #template: Template;
  #byItem: Card[][] = [];
  #bytes = 0;

  constructor(template: Template) {
    this.#template = template;
  }

  get(entry: IndexedEntry, words: Words): Piece {
    const reason = reasonKey(entry);
    const confidence = this.#template.usesConfidence ? entry.confidence : 0;
    const cards = this.#byItem[entry.item];
    if (cards) {
      for (const card of cards) {
        if (card.reason === reason && card.confidence === confidence) return card.bytes;
      }
    }
    const bytes = encode(renderCard(this.#template, words.fields(entry)));
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_CARD_BYTES) {
      this.#byItem = [];
      this.#bytes = bytes.length;
    }
    const card = { reason, confidence, bytes };
    const kept = this.#byItem[entry.item];
    if (kept) kept.push(card);
    else this.#byItem[entry.item] = [card];
    return bytes;
  }
}

type Piece = Uint8Array<ArrayBuffer>;

/** The page's own bytes around one slot: what lies before it, then one of the two others. */
interface Fixed {
  before: Piece;
  filled: Piece;
  unfilled: Piece;
}

interface Slot {
  request: SlotRequest;
  open: number;
  start: number;
  end: number;
  template: Template;
}

const encoder = new TextEncoder();

function encode(text: string): Piece {
  return encoder.encode(text) as Piece; // never over shared memory
}

const NO_ENTRIES: IndexedEntry[] = [];
/** Of the page at hand; nothing runs in between. */
const pieces: Piece[] = [];

export class Page {
  readonly original: Piece;
  readonly lang: string | undefined;
  readonly requests: readonly SlotRequest[];
  readonly #slots: readonly Slot[];
  readonly #decisionAt: number;
  // What depends on the snapshot, made anew when another one is live.
  #live: Live | undefined;
  #words!: Words;
  #cards: Cards[] = [];
  #fixed: Fixed[] = [];
  #beforeDecision: Piece = new Uint8Array(0);
  #afterDecision: Piece = new Uint8Array(0);

  private constructor(
    original: Piece,
    lang: string | undefined,
    slots: Slot[],
    decisionAt: number,
  ) {
    this.original = original;
    this.lang = lang;
    this.#slots = slots;
    this.requests = slots.map((slot) => slot.request);
    this.#decisionAt = decisionAt;
  }

  static async takeApart(html: Uint8Array<ArrayBuffer>): Promise<Page> {
    const { rewriter, nonce, findings } = planter();
    const marked = rewriter.transform(new Response(html));
    const tokens = [...new Scanner(nonce).scan(new Uint8Array(await marked.arrayBuffer()), true)];
    const slots: Slot[] = [];
    let decisionAt = html.length;
    let at = 0;
    let first = 0; // token after the slot's start mark
    let begin = -1;
    let start = -1;
    for (const [i, token] of tokens.entries()) {
      if (token.kind === 'bytes') at += token.bytes.length;
      else if (token.at === 'slot') begin = at;
      else if (token.at === 'open') {
        start = at;
        first = i + 1;
      } else if (token.at === 'close' && begin >= 0) {
        const found = findings.slots[token.index];
        const template = compileTemplate(tokens.slice(first, i), findings.elements);
        if (!template) count('template_malformed');
        if (found && template && slots.length < MAX_SLOTS) {
          const request = slotRequest(found.name, found.limit);
          slots.push({ request, open: start - 1, start, end: at, template });
        }
        begin = -1;
      } else if (token.at === 'decision') decisionAt = Math.min(decisionAt, at);
    }
    if (at !== html.length) throw new Error('the marked page is not the page');
    const last = slots.at(-1);
    // A slot after </body> is there by mistake; the decision still comes after everything it is about.
    if (last && decisionAt < last.end) decisionAt = html.length;
    return new Page(html, findings.lang, slots, decisionAt);
  }

  /** About what it takes to keep: the page, and the parts of it that are joined with others ahead. */
  get bytes(): number {
    return 2 * this.original.length + 4096;
  }

  /** The page with the decision in it. `decide` is asked once for all slots. */
  join(live: Live, decide: (page: Page) => IndexedDecision): Piece {
    if (this.#live !== live) this.#adopt(live);
    const decision = decide(this);
    const words = this.#words;
    const keeps = decision.apprentice || decision.flags?.keepsPage;
    let n = 0;
    let next = 0;
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i] as Slot;
      const fixed = this.#fixed[i] as Fixed;
      // The decision has the slots in the order asked for, without those that the snapshot does not know.
      const decided = decision.slots[next];
      const entries = decided?.name === slot.request.slot ? decided.entries : NO_ENTRIES;
      if (entries !== NO_ENTRIES) next++;
      pieces[n++] = fixed.before;
      if (entries.length === 0 || keeps) {
        pieces[n++] = fixed.unfilled;
        continue;
      }
      pieces[n++] = fixed.filled;
      const cards = this.#cards[i] as Cards;
      for (let e = 0; e < entries.length; e++) {
        pieces[n++] = cards.get(entries[e] as IndexedEntry, words);
      }
    }
    pieces[n++] = this.#beforeDecision;
    pieces[n++] = words.decisionBytes(decision);
    pieces[n++] = this.#afterDecision;
    return joined(pieces, n);
  }

  /** The page as it came, with the flags' values (JSON, safe in a script) where a decision would be. */
  withFlags(flags: string): Piece {
    return concat([
      this.original.subarray(0, this.#decisionAt),
      encode(FLAGS_START + flags + SCRIPT_END),
      this.original.subarray(this.#decisionAt),
    ]);
  }

  /** Cuts the page for a snapshot, so that answering needs no view of it made anew. */
  #adopt(live: Live): void {
    this.#live = live;
    this.#words = live.words(this.lang);
    const filled = encode(filledAttribute(live));
    const { original } = this;
    let from = 0;
    this.#fixed = this.#slots.map((slot) => {
      const before = original.subarray(from, slot.open);
      from = slot.end;
      return {
        before,
        filled: concat([filled, original.subarray(slot.open, slot.start)]),
        unfilled: original.subarray(slot.open, slot.end),
      };
    });
    this.#cards = this.#slots.map((slot) => new Cards(slot.template));
    const originals = this.#slots.map((slot) => keptTemplate(slot.request, slot.template)).join('');
    this.#beforeDecision = concat([
      original.subarray(from, this.#decisionAt),
      encode(originals + DECISION_START),
    ]);
    this.#afterDecision = concat([encode(DECISION_END), original.subarray(this.#decisionAt)]);
  }
}

function concat(pieces: readonly Uint8Array[]): Piece {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

export function slotRequest(slot: string, limit: number | undefined): SlotRequest {
  return limit === undefined ? { slot } : { slot, limit };
}

/** Around the decision's JSON. */
export const DECISION_START = '<script type="application/json" id="fl-decision">';
export const DECISION_END = '</script>';
/** Around the flags of a page without a decision. */
export const FLAGS_START = '<script type="application/json" id="fl-flags">';
export const SCRIPT_END = '</script>';

/** Stands before the ">" of a filled container's start tag. */
export function filledAttribute(live: Live): string {
  return ` data-fl-filled="${live.engine.version}"`;
}

/** The template of a slot whose cards may have lost elements; empty when they cannot have. */
export function keptTemplate(request: SlotRequest, template: Template): string {
  if (template.original === undefined) return '';
  const name = escapeAttribute(request.slot);
  return `<template data-fl-template="${name}">${template.original}</template>`;
}
