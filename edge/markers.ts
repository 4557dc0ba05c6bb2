// Where a page's slots and holes are, found by HTMLRewriter and by nothing else.
//
// One run plants marks at the places that matter and changes nothing, so the output without the marks is the page, byte
// for byte. A mark is  0x01 NONCE LETTER INDEX 0x02  with a random nonce, so a page cannot forge one:
//
//     s before, o prepend, e append of a slot's container      |s0|<section data-fl-slot="x">|o0| … |e0|</section>
//     b before, p prepend, a append, z after of an element     |b7|<h3 data-fl-text="title">|p7| … |a7|</h3>|z7|
//     d where the decision goes: before </body>, else at the end of the document

export type Mark =
  | { kind: 'mark'; at: 'slot' | 'open' | 'close' | 'decision'; index: number }
  | { kind: 'mark'; at: 'before' | 'prepend' | 'append' | 'after'; index: number };
export type Token = { kind: 'bytes'; bytes: Uint8Array } | Mark;

export interface FoundSlot {
  name: string;
  /** undefined: the slot's own */
  limit: number | undefined;
}

/** An element of a template that carries data-fl-*, or is the card itself. */
export interface TemplateElement {
  tag: string;
  /** as the page writes them: character references are not decoded */
  attributes: [string, string][];
}

/** What the run tells about the page; complete for a mark once the mark has come by. */
export interface Findings {
  slots: FoundSlot[];
  elements: TemplateElement[];
  /** of <html lang> */
  lang: string | undefined;
}

const START = 0x01;
const END = 0x02;
const LETTERS: Record<string, Mark['at']> = {
  s: 'slot',
  o: 'open',
  e: 'close',
  d: 'decision',
  b: 'before',
  p: 'prepend',
  a: 'append',
  z: 'after',
};
const HOLES = ['data-fl-text', 'data-fl-attr', 'data-fl-if', 'data-fl-class'];
const MAX_MARK = 64; // bytes

/** The rewriter that plants, the nonce of its marks, and what it finds while the page runs through. */
export function planter(): { rewriter: HTMLRewriter; nonce: string; findings: Findings } {
  const nonce = crypto.randomUUID();
  const findings: Findings = { slots: [], elements: [], lang: undefined };
  const names = new Set<string>();
  const mark = (letter: string, index: number) => `\u0001${nonce}${letter}${index}\u0002`;
  const raw = { html: true };
  let inert = false;
  let awaitsCard = false; // a slot has begun, and its first child is not there yet
  let inSlot = false;
  let bodyEnds = false;

  const hole = (element: Element) => {
    const index = findings.elements.length;
    findings.elements.push({ tag: element.tagName, attributes: attributesOf(element) });
    element.before(mark('b', index), raw);
    element.prepend(mark('p', index), raw);
    element.append(mark('a', index), raw);
    element.after(mark('z', index), raw);
  };

  const rewriter = new HTMLRewriter()
    .on('html', {
      element(element) {
        findings.lang ??= element.getAttribute('lang') ?? undefined;
      },
    })
    .on('template [data-fl-slot], [data-fl-slot] [data-fl-slot]', {
      element() {
        inert = true; // handlers of one element run in the order they were given
      },
    })
    .on('[data-fl-slot]', {
      element(element) {
        const name = element.getAttribute('data-fl-slot') ?? '';
        const skip = inert || names.has(name) || element.hasAttribute('data-fl-filled');
        inert = false;
        if (skip) return;
        try {
          element.onEndTag(() => {
            inSlot = false;
          });
        } catch {
          return; // <br>, <img> and their kind have no inside that could be filled
        }
        inSlot = awaitsCard = true;
        names.add(name);
        const index = findings.slots.length;
        findings.slots.push({ name, limit: limitOf(element.getAttribute('data-fl-limit')) });
        element.before(mark('s', index), raw);
        element.prepend(mark('o', index), raw);
        element.append(mark('e', index), raw);
      },
    })
    .on('[data-fl-slot] > :first-child', {
      element(element) {
        if (!inSlot || !awaitsCard) return;
        awaitsCard = false;
        hole(element);
      },
    })
    .on('[data-fl-slot] > :first-child *', {
      element(element) {
        if (inSlot && HOLES.some((name) => element.hasAttribute(name))) hole(element);
      },
    })
    .on('body', {
      element(element) {
        element.onEndTag((end) => {
          bodyEnds = true;
          end.before(mark('d', 0), raw);
        });
      },
    })
    .onDocument({
      end(end) {
        if (!bodyEnds) end.append(mark('d', 0), raw);
      },
    });
  return { rewriter, nonce, findings };
}

/** Cuts a marked page into tokens, chunk by chunk; a mark may lie across chunks. */
export class Scanner {
  readonly #nonce: Uint8Array;
  #rest = new Uint8Array(0);

  constructor(nonce: string) {
    this.#nonce = new TextEncoder().encode(nonce);
  }

  *scan(chunk: Uint8Array, isLast: boolean): Generator<Token> {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
      this.#rest = new Uint8Array(0);
    }
    let from = 0;
    let search = 0;
    for (;;) {
      const start = bytes.indexOf(START, search);
      if (start < 0) break;
      const end = bytes.subarray(start, start + MAX_MARK).indexOf(END);
      if (end < 0 && !isLast && bytes.length - start < MAX_MARK) {
        if (start > from) yield { kind: 'bytes', bytes: bytes.subarray(from, start) };
        this.#rest = bytes.slice(start);
        return;
      }
      const mark = end < 0 ? undefined : this.#mark(bytes.subarray(start + 1, start + end));
      if (!mark) {
        search = start + 1; // the page's own 0x01
        continue;
      }
      if (start > from) yield { kind: 'bytes', bytes: bytes.subarray(from, start) };
      yield mark;
      from = search = start + end + 1;
    }
    if (from < bytes.length) yield { kind: 'bytes', bytes: bytes.subarray(from) };
  }

  #mark(text: Uint8Array): Mark | undefined {
    const nonce = this.#nonce;
    if (text.length < nonce.length + 2 || !nonce.every((byte, i) => text[i] === byte)) {
      return undefined;
    }
    const rest = String.fromCharCode(...text.subarray(nonce.length));
    const at = LETTERS[rest.charAt(0)];
    return at && ({ kind: 'mark', at, index: Number(rest.slice(1)) } as Mark);
  }
}

function attributesOf(element: Element): [string, string][] {
  const found: [string, string][] = [];
  for (const [name, value] of element.attributes) {
    if (name !== undefined) found.push([name, value ?? '']);
  }
  return found;
}

function limitOf(text: string | null): number | undefined {
  const limit = Number.parseInt(text ?? '', 10);
  return limit > 0 ? limit : undefined;
}
