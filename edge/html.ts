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
  const chunks: Uint8Array[] = [];
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
      return { bytes, rest: body };
    }
    chunks.push(value);
    length += value.length;
  }
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
  return { bytes: undefined, rest };
}
