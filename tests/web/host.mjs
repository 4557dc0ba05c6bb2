// A static host for the web tests: the published folder and the built bundles under /_fl, pages from memory, and an
// origin that remembers what it was sent and can be away.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { root } from './published.mjs';

const BUNDLES = new Set([
  'sdk.js',
  'elements.js',
  'interfaces.js',
  'privacy.js',
  'flags.js',
  'engine.wasm',
  'engine_full.wasm',
]);

const TYPES = { '.css': 'text/css', '.svg': 'image/svg+xml' };

/** @param {{folder: string, publicKey: string, seal: () => string}} site */
export async function startHost(site) {
  const host = {
    site,
    url: '',
    /** path -> HTML; a list of pieces goes over the wire one by one */
    pages: {},
    manifest: site.seal(),
    /** 'up', 'down' (503) or 'gone' (no answer) */
    api: 'up',
    /** [path, body, headers] of every POST that was answered */
    posts: [],
    /** a folder of styles and images */
    root: undefined,
    /** every path that was asked for */
    requests: [],
    /** an answer to POSTs that waits for this */
    gate: Promise.resolve(),
    /** laid over the answer to interactions */
    answer: {},
    setCookie: undefined,
    /** a worker tells the key, a host of files does not */
    hasKey: true,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
    events: () => host.posts.flatMap(([, body]) => body.interactions ?? []),
  };

  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://host').pathname;
    host.requests.push(`${request.method} ${path}`);
    try {
      if (request.method === 'POST') await post(request, response, path);
      else await get(response, path);
    } catch {
      response.writeHead(404).end();
    }
  });

  async function get(response, path) {
    const send = (type, body, caching) =>
      response.writeHead(200, { 'content-type': type, 'cache-control': caching }).end(body);
    const page = host.pages[path];
    if (Array.isArray(page)) return sendPieces(response, page);
    if (page !== undefined) return send('text/html; charset=utf-8', page, 'no-cache');
    const type = TYPES[extname(path)];
    if (host.root && type) return send(type, await readFile(join(host.root, path)), 'no-cache');
    const name = path.slice('/_fl/'.length);
    if (name === 'manifest.json') return send('application/json', host.manifest, 'no-cache');
    if (name === 'key' && host.hasKey) return send('text/plain', site.publicKey, 'no-cache');
    const folder = BUNDLES.has(name) ? join(root, 'build/web') : site.folder;
    const bytes = await readFile(join(folder, name));
    if (name.endsWith('.js')) return send('text/javascript', bytes, 'no-cache');
    if (name.endsWith('.wasm')) return send('application/wasm', bytes, 'no-cache');
    return send('application/octet-stream', bytes, 'public, max-age=31536000, immutable');
  }

  async function sendPieces(response, pieces) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    for (const piece of pieces) {
      response.write(piece);
      await new Promise((done) => setTimeout(done, 40)); // two frames
    }
    response.end();
  }

  async function post(request, response, path) {
    let text = '';
    for await (const chunk of request) text += chunk;
    if (host.api === 'gone') return request.destroy();
    await host.gate;
    if (host.api === 'down') return response.writeHead(503).end('{}');
    const body = JSON.parse(text);
    host.posts.push([path, body, request.headers]);
    const headers = { 'content-type': 'application/json' };
    if (host.setCookie) headers['set-cookie'] = host.setCookie;
    response.writeHead(200, headers).end(JSON.stringify(answerTo(path, body)));
  }

  function answerTo(path, body) {
    if (path === '/api/profile') {
      return {
        success: true,
        profileId: '6f1c',
        token: 'secret',
        personalization: { enabled: true },
      };
    }
    const receipts = body.interactions?.map(({ eventId }) => eventId);
    return { success: true, receipts, ...host.answer };
  }

  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  host.url = `http://localhost:${server.address().port}`;
  return host;
}
