// A page that cannot be kept, filled while it flows: the same marks, templates and cards as pages.ts, and the same
// bytes as a result. Only what lies inside a slot is held back until its end tag has come.
//
// Slots become known one after the other. Asking for the first n gives what asking for all gives for these n (decide()
// fills slot after slot), so each slot's end asks for all slots so far, and the last answer is the page's decision.
import type { IndexedDecision, SlotRequest } from '../wasm/binding/engine.js';
import { count } from './counters.js';
import { type Findings, planter, Scanner, type Token } from './markers.js';
import {
  DECISION_END,
  DECISION_START,
  filledAttribute,
  keptTemplate,
  MAX_SLOTS,
  slotRequest,
} from './pages.js';
import type { Live } from './snapshots.js';
import { compileTemplate, renderCard } from './template.js';

export type Decide = (
  requests: readonly SlotRequest[],
  lang: string | undefined,
) => IndexedDecision;

/** How the stream went. */
export interface Outcome {
  slots: number;
  failed: boolean;
}

/** `done` is called when the last byte is on its way. `decide` may throw: what follows keeps its default content. */
export function fillStream(
  html: ReadableStream<Uint8Array>,
  live: Live,
  decide: Decide,
  done: (outcome: Outcome) => void,
): ReadableStream<Uint8Array> {
  const { rewriter, nonce, findings } = planter();
  const scanner = new Scanner(nonce);
  const filler = new Filler(live, decide, findings);
  const marked = rewriter.transform(new Response(html)).body as ReadableStream<Uint8Array>;
  return marked.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        for (const token of scanner.scan(chunk, false)) filler.take(token, controller);
      },
      flush(controller) {
        for (const token of scanner.scan(new Uint8Array(0), true)) filler.take(token, controller);
        filler.end(controller);
        done({ slots: findings.slots.length, failed: filler.failed });
      },
    }),
  );
}

type Sink = TransformStreamDefaultController<Uint8Array>;

const encoder = new TextEncoder();

class Filler {
  readonly #live: Live;
  readonly #decide: Decide;
  readonly #findings: Findings;
  readonly #requests: SlotRequest[] = [];
  /** from a slot's start tag to its end tag; undefined outside */
  #held: Token[] | undefined;
  #decision: IndexedDecision | undefined;
  #originals = '';
  #isWritten = false;
  failed = false;

  constructor(live: Live, decide: Decide, findings: Findings) {
    this.#live = live;
    this.#decide = decide;
    this.#findings = findings;
  }

  take(token: Token, sink: Sink): void {
    if (token.kind === 'mark' && token.at === 'slot') {
      if (this.#held) this.#release(sink);
      this.#held = [];
    } else if (token.kind === 'mark' && token.at === 'close' && this.#held) {
      this.#fill(token.index, sink);
    } else if (token.kind === 'mark' && token.at === 'decision') {
      if (this.#held) this.#release(sink);
      this.#write(sink);
    } else if (this.#held) {
      // A chunk's bytes are the runtime's to use again.
      this.#held.push(
        token.kind === 'bytes' ? { kind: 'bytes', bytes: token.bytes.slice() } : token,
      );
    } else if (token.kind === 'bytes') sink.enqueue(token.bytes);
  }

  end(sink: Sink): void {
    if (this.#held) this.#release(sink);
  }

  #fill(index: number, sink: Sink): void {
    const found = this.#findings.slots[index];
    const held = this.#held ?? [];
    const open = held.findIndex((token) => token.kind === 'mark' && token.at === 'open');
    const template = compileTemplate(held.slice(open + 1), this.#findings.elements);
    if (!template) count('template_malformed');
    if (!found || !template || this.failed || this.#requests.length >= MAX_SLOTS) {
      this.#release(sink);
      return;
    }
    const request = slotRequest(found.name, found.limit);
    let cards = '';
    try {
      const lang = this.#findings.lang;
      const words = this.#live.words(lang);
      const decision = this.#decide([...this.#requests, request], lang);
      const slot = decision.slots.find(({ name }) => name === request.slot);
      const keeps = decision.apprentice || decision.flags?.keepsPage;
      const entries = keeps ? [] : (slot?.entries ?? []);
      for (const entry of entries) cards += renderCard(template, words.fields(entry));
      this.#decision = decision;
      this.#requests.push(request);
      this.#originals += keptTemplate(request, template);
    } catch {
      this.failed = true;
    }
    if (!cards) {
      this.#release(sink);
      return;
    }
    const tag = concat(held.slice(0, open));
    sink.enqueue(tag.subarray(0, tag.length - 1));
    sink.enqueue(encoder.encode(`${filledAttribute(this.#live)}>${cards}`));
    this.#held = undefined;
  }

  /** What was held back, as it came. */
  #release(sink: Sink): void {
    sink.enqueue(concat(this.#held ?? []));
    this.#held = undefined;
  }

  #write(sink: Sink): void {
    if (this.#isWritten || !this.#decision) return;
    this.#isWritten = true;
    const words = this.#live.words(this.#findings.lang);
    sink.enqueue(encoder.encode(this.#originals + DECISION_START));
    sink.enqueue(words.decisionBytes(this.#decision).slice());
    sink.enqueue(encoder.encode(DECISION_END));
  }
}

function concat(tokens: readonly Token[]): Uint8Array {
  const pieces = tokens.flatMap((token) => (token.kind === 'bytes' ? [token.bytes] : []));
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
