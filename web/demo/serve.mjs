// A small static server: `node web/demo/serve.mjs [--root build/demo/site] [--host 127.0.0.1] [--port 8780]`.
//
// /work/foo is work/foo.html, /work is work.html or work/index.html. Prints {"port":N} once it listens; --port 0 takes a
// free one. Answers carry an ETag, so that what is in front of it can keep pages. Nothing outside the root is served.
import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const isFile = async (path) => (await stat(path).catch(() => undefined))?.isFile() ?? false;

// The file for a request's path, or undefined.
async function locate(root, pathname) {
  let decoded;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return undefined;
  const base = resolve(root, `.${sep}${decoded}`);
  const inside = (path) => path === root || path.startsWith(root + sep);
  if (!inside(base)) return undefined;
  const candidates = decoded.endsWith('/')
    ? [join(base, 'index.html'), `${base}.html`]
    : [base, `${base}.html`, join(base, 'index.html')];
  for (const path of candidates) {
    // A link inside the root may point out of it.
    if ((await isFile(path)) && inside(await realpath(path))) return path;
  }
  return undefined;
}

async function answer(root, request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Length': 0 }).end();
    return;
  }
  const pathname = request.url.replace(/[?#].*$/s, '');
  const found = await locate(root, pathname);
  const path = found ?? join(root, '404.html');
  const bytes = await readFile(path).catch(() => Buffer.from('not found\n'));
  const type = types[extname(path)] ?? 'application/octet-stream';
  const headers = {
    'Content-Type': type,
    'Content-Length': bytes.length,
    'Cache-Control': extname(path) === '.svg' ? 'public, max-age=3600' : 'public, no-cache',
    ETag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  };
  if (type.startsWith('text/html')) headers['Content-Security-Policy'] = pagePolicy;
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  if (found && (known.includes(headers.ETag) || known.includes('*'))) {
    delete headers['Content-Length'];
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(found ? 200 : 404, headers);
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

// Resolves to {port, close()} once it listens.
export async function serve({ root, host = '127.0.0.1', port = 0 }) {
  const realRoot = await realpath(root);
  const server = createServer((request, response) => {
    answer(realRoot, request, response).catch((error) => {
      console.error(`serve.mjs: ${request.method} ${request.url}: ${error.message}`);
      if (!response.headersSent) response.writeHead(500, { 'Content-Length': 0 });
      response.end();
    });
  });
  await new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, host, listening);
  });
  return {
    port: server.address().port,
    close: () =>
      new Promise((closed) => {
        server.close(closed);
        server.closeAllConnections();
      }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
  try {
    const { values } = parseArgs({
      options: {
        root: { type: 'string', default: join(repository, 'build/demo/site') },
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '8780' },
      },
    });
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65535)
      throw new Error(`--port ${values.port}: not a port`);
    const server = await serve({ ...values, port });
    console.log(JSON.stringify({ port: server.port }));
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.once(signal, () => server.close().then(() => process.exit(0)));
  } catch (error) {
    console.error(
      `serve.mjs: ${error.code === 'ENOENT' ? `${error.path} is not there; run node web/demo/build.mjs first` : error.message}`,
    );
    process.exit(1);
  }
}
