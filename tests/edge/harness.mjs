// What the edge's tests share: the built worker in real workerd, a site and an origin behind it that can be told to
// fail, and snapshots published by the `footlight` program.
//
//   const edge = await startEdge({ pages: { '/': { body: page } } });
//   const response = await edge.get('/', { cookie });
//   await edge.stop();
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.env.FOOTLIGHT_PROGRAM ?? join(root, 'build/release/footlight');

// --- snapshots -----------------------------------------------------------------------------------

const keys = generateKeyPairSync('ed25519');
/** The key that a worker under test trusts, base64. */
export const publicKey = rawKey(keys.publicKey);

function rawKey(key) {
  return key.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A signed envelope; `fields` override those of the manifest. */
export function makeManifest(snapshot, fields = {}, key = keys) {
  const now = Math.floor(Date.now() / 1000);
  const manifest = {
    format: 1,
    site: 'test',
    version: 1,
    createdAt: now,
    expiresAt: now + 3600,
    minEngine: '1.0',
    snapshot: { sha256: sha256(snapshot), bytes: snapshot.length },
    packs: [{ segment: 0, sha256: sha256(snapshot), bytes: snapshot.length }],
    ...fields,
  };
  const payload = Buffer.from(JSON.stringify(manifest));
  return JSON.stringify({
    payload: payload.toString('base64'),
    signature: sign(null, payload, key.privateKey).toString('base64'),
    keyId: sha256(Buffer.from(rawKey(key.publicKey), 'base64')).slice(0, 16),
  });
}

export function otherKeys() {
  return generateKeyPairSync('ed25519');
}

/** The bytes of a snapshot of this site, content and flags, by `footlight import` and `footlight publish`. */
export function publishSnapshot(site, content, flags) {
  const folder = mkdtempSync(join(tmpdir(), 'footlight-edge-'));
  try {
    const siteFile = join(folder, 'site.json');
    const contentFile = join(folder, 'content.jsonl');
    writeFileSync(siteFile, JSON.stringify(site));
    writeFileSync(contentFile, content.map((item) => `${JSON.stringify(item)}\n`).join(''));
    const run = (...args) =>
      execFileSync(program, ['--data', join(folder, 'data'), ...args], { stdio: 'pipe' });
    run('import', 'site', siteFile);
    run('import', 'content', contentFile);
    if (flags) {
      const flagsFile = join(folder, 'flags.json');
      writeFileSync(flagsFile, JSON.stringify(flags));
      run('import', 'flags', flagsFile);
    }
    run('publish');
    const envelope = JSON.parse(readFileSync(join(folder, 'data/publish/manifest.json'), 'utf8'));
    const { snapshot } = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'));
    return readFileSync(join(folder, 'data/publish', snapshot.sha256));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that any test of this run may have been served from: the canary's, say. */
export function fileOf(bytes) {
  return { sha256: sha256(bytes), bytes: bytes.length };
}

/** The demo site's questionnaire and content. */
export function demo() {
  const folder = join(root, 'web/demo/content');
  const lines = readFileSync(join(folder, 'content.jsonl'), 'utf8').trim().split('\n');
  return {
    site: JSON.parse(readFileSync(join(folder, 'site.json'), 'utf8')),
    content: lines.map((line) => JSON.parse(line)),
  };
}

let demoBytes;
export function demoSnapshot() {
  if (!demoBytes) {
    const { site, content } = demo();
    demoBytes = publishSnapshot(site, content);
  }
  return demoBytes;
}

// --- servers behind the worker -------------------------------------------------------------------

async function listen(handler) {
  const server = createServer(handler);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** `pages`: path -> { status, headers, body } or a function of the request that gives one. */
async function startSite(pages, seen) {
  return listen(async (request, response) => {
    const body = await bodyOf(request);
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body });
    let page = pages[url] ?? pages[url.split('?')[0]];
    if (typeof page === 'function') page = page({ method, url, headers, body });
    if (!page) page = { status: 404, body: 'no such page' };
    if (page.destroy) {
      request.socket.destroy();
      return;
    }
    response.writeHead(page.status ?? 200, {
      'content-type': 'text/html; charset=utf-8',
      ...page.headers,
    });
    for (const chunk of page.chunks ?? []) {
      response.write(chunk);
      await new Promise((done) => setImmediate(done));
    }
    response.end(method === 'HEAD' ? undefined : page.body);
  });
}

/**
 * An origin that serves what `origin.files` holds (bytes, or a function that writes the response) and answers the API as
 * `origin.answer` says. Files wait for `origin.held`, a promise.
 */
async function startOrigin(origin) {
  return listen(async (request, response) => {
    const body = await bodyOf(request);
    const { method, url, headers } = request;
    if (origin.isDown) {
      request.socket.destroy();
      return;
    }
    if (url.startsWith('/snapshots/')) {
      origin.asked.push(url);
      await origin.held;
      const file = origin.files[url.slice(11)];
      if (typeof file === 'function') {
        file(response);
        return;
      }
      response.writeHead(file === undefined ? 404 : 200);
      response.end(file);
      return;
    }
    const seen = { method, url, headers, body: body && JSON.parse(body) };
    origin.seen.push(seen);
    const { status = 200, ...answer } = origin.answer(seen);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
}

function answerAsOrigin({ url, body }) {
  if (url === '/api/personalization/interactions') {
    return { success: true, receipts: body.interactions.map(({ eventId }) => eventId) };
  }
  if (url === '/api/profile') {
    return {
      success: true,
      profileId: '7d444840-9dc0-11d1-b245-5ffdce74fad2',
      token: 'the-token',
      personalization: { enabled: true, score: 85, recommendations: [] },
    };
  }
  return { success: true };
}

// --- the worker ----------------------------------------------------------------------------------

/** As wrangler.toml has them. */
const ASSETS = {
  directory: join(root, 'build/assets'),
  assetConfig: { html_handling: 'none', not_found_handling: 'none' },
  routerConfig: { has_user_worker: true },
};

export function workerModules(engine) {
  const folder = join(root, 'build/edge');
  return {
    modulesRoot: folder,
    modules: [
      { type: 'ESModule', path: join(folder, 'worker.js') },
      {
        type: 'CompiledWasm',
        path: join(folder, 'engine.wasm'),
        ...(engine && { contents: engine }),
      },
    ],
    compatibilityDate: /compatibility_date = "([\d-]+)"/.exec(
      readFileSync(join(root, 'wrangler.toml'), 'utf8'),
    )[1],
  };
}

/**
 * `snapshot`: bytes, null for none; default the demo's. `manifest`: an envelope; default a good one. `bindings` go to
 * the worker over the defaults, which look at manifest and pages again at every request. `engine`: other bytes of
 * engine.wasm.
 */
export async function startEdge({
  pages = {},
  snapshot = demoSnapshot(),
  manifest,
  bindings = {},
  engine,
  kv,
} = {}) {
  const seen = [];
  const origin = { files: {}, seen: [], asked: [], isDown: false, answer: answerAsOrigin };
  const publish = (bytes, envelope = makeManifest(bytes)) => {
    origin.files['manifest.json'] = envelope;
    origin.files[sha256(bytes)] = bytes;
  };
  if (snapshot) publish(snapshot, manifest);
  const site = await startSite(pages, seen);
  const originServer = await startOrigin(origin);
  const mf = new Miniflare({
    ...workerModules(engine),
    assets: ASSETS,
    bindings: {
      ORIGIN_URL: originServer.url,
      SITE_URL: site.url,
      PUBLIC_KEY: publicKey,
      SNAPSHOT_REFRESH_S: '0.05',
      PAGE_REVALIDATE_S: '0',
      ...bindings,
    },
    ...(kv && { kvNamespaces: ['FOOTLIGHT'] }),
  });
  const url = (await mf.ready).origin;
  if (kv) {
    const namespace = await mf.getKVNamespace('FOOTLIGHT');
    for (const [key, value] of Object.entries(kv))
      await namespace.put(key, typeof value === 'string' ? value : new Uint8Array(value).buffer);
  }
  const get = (path, headers = {}, init = {}) =>
    fetch(url + path, { headers, redirect: 'manual', ...init });
  const post = (path, body, headers = {}) =>
    fetch(url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type':
          typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json',
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    url,
    seen,
    origin,
    pages,
    publish,
    get,
    post,
    async status() {
      return (await get('/_fl/status')).json();
    },
    async stop() {
      await mf.dispose();
      await site.close();
      await originServer.close();
    },
  };
}

/** Waits until `check` gives something true; tests wait for events, never for time. */
export async function until(check, what = 'it') {
  for (let i = 0; i < 400; i++) {
    const value = await check();
    if (value) return value;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`waited in vain for ${what}`);
}

/** The visitor's cookie as a Cookie header, from a response that sets it; undefined when it does not. */
export function cookieOf(response) {
  for (const cookie of response.headers.getSetCookie()) {
    if (cookie.startsWith('__Host-fl=')) return cookie.split(';')[0];
  }
  return undefined;
}

export function recordOf(cookie) {
  return Buffer.from(cookie.slice('__Host-fl='.length), 'base64url');
}

/** The decision in a page, or undefined. */
export function decisionOf(html) {
  const json = /<script type="application\/json" id="fl-decision">(.*?)<\/script>/s.exec(html)?.[1];
  return json && JSON.parse(json);
}
