// What the site's answer says of a page: whether it is one, whether it may be kept, and which of its headers are still
// true of a page with other bytes.

export const MAX_PAGE_BYTES = 1 << 20;

export function isHtml(response: Response): boolean {
  const type = response.headers.get('content-type') ?? '';
  return (
    response.status === 200 &&
    response.body !== null &&
    /^\s*text\/html\b/i.test(type) &&
    !/charset\s*=\s*"?(?!utf-?8)/i.test(type)
  );
}

const PRESCAN_BYTES = 1024;

/**
 * Whether a page is in UTF-8, as cards are: by its header, a byte order mark, or a <meta> where browsers look for one.
 * Without any of them a browser takes windows-1252, where a card's letters would be others, so such a page is left alone.
 */
export function isUtf8(headers: Headers, head: Uint8Array): boolean {
  if (/charset/i.test(headers.get('content-type') ?? '')) return true; // isHtml() lets no other pass
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return true;
  const start = new TextDecoder('latin1').decode(head.subarray(0, PRESCAN_BYTES));
  const declared = /<meta\b[^>]*?charset\s*=\s*["']?\s*([\w-]+)/i.exec(
    start.replace(/<!--.*?-->/gs, ''),
  );
  return /^utf-?8$/i.test(declared?.[1] ?? '');
}

/** The first bytes of a body, as far as isUtf8() looks, and the body as if nobody had read from it. */
export async function headOf(body: ReadableStream<Uint8Array>) {
  const { bytes, chunks, rest } = await readUpTo(body, PRESCAN_BYTES);
  if (bytes) return { head: bytes, rest: new Response(bytes).body as ReadableStream<Uint8Array> };
  const head = new Uint8Array(await new Blob(chunks).arrayBuffer());
  return { head, rest };
}

/** Whether one visitor's copy is as good as another's. */
export function isKeepable(headers: Headers): boolean {
  const policy = headers.get('content-security-policy') ?? '';
  const vary = (headers.get('vary') ?? '').replace(/accept-encoding/gi, '');
  return (
    headers.get('set-cookie') === null &&
    !/no-store|private/i.test(headers.get('cache-control') ?? '') &&
    !/'nonce-/i.test(policy) &&
    !/[^\s,]/.test(vary) &&
    Number(headers.get('content-length') ?? 0) <= MAX_PAGE_BYTES
  );
}

export function isExplicitlyPublic(headers: Headers): boolean {
  return /\bpublic\b|s-maxage/i.test(headers.get('cache-control') ?? '');
}

const OF_THE_SITES_BYTES = [
  'etag',
  'last-modified',
  'content-length',
  'content-encoding',
  'content-md5',
  'digest',
  'repr-digest',
  'content-digest',
  'accept-ranges',
  'transfer-encoding',
  'age',
  'date', // a kept page's would be minutes old
  'expires',
  'cdn-cache-control',
  'surrogate-control',
  'set-cookie',
];

export function ownHeaders(from: Headers): Headers {
  const headers = new Headers(from);
  for (const name of OF_THE_SITES_BYTES) headers.delete(name);
  headers.set('cache-control', 'private, no-cache');
  return headers;
}

export function validatorsOf(from: Headers): Headers {
  const headers = new Headers();
  const tag = from.get('etag');
  const modified = from.get('last-modified');
  if (tag) headers.set('if-none-match', tag);
  else if (modified) headers.set('if-modified-since', modified);
  return headers;
}

/** All bytes of a body when they are at most `limit`; otherwise the body as if nobody had read from it. */
export async function readUpTo(body: ReadableStream<Uint8Array>, limit: number) {
  const reader = body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  while (length <= limit) {
    const { done, value } = await reader.read();
    if (done) {
      const bytes = new Uint8Array(length);
      let at = 0;
      for (const chunk of chunks) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return { bytes, chunks, rest: body };
    }
    chunks.push(value as Uint8Array<ArrayBuffer>);
    length += value.length;
  }
  const read = [...chunks];
  const rest = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const first = chunks.shift();
      if (first) {
        controller.enqueue(first);
        return;
      }
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { bytes: undefined, chunks: read, rest };
}
