// The whole of Footlight on one machine: `./dev demo`.
//
//     visitor -> edge worker (workerd) -> demo site (serve.mjs)
//                                      -> origin (footlight serve) -> SQLite
//
// The first time it makes the site and, below build/demo, a database with a made-up past (past.mjs), and learns from that;
// it publishes when the content changed, starts all three and prints what to open. Only the worker listens beyond
// loopback, and only when asked to. Ctrl-C ends them. `startDemo` is what the end-to-end tests start, too.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Miniflare } from 'miniflare';
import { makePast } from './past.mjs';
import { serve } from './serve.mjs';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const content = join(repository, 'web/demo/content');
const past = join(repository, 'web/demo/past.mjs');
const run = promisify(execFile);

/** `preferred` when nobody has it, else 0: any free port. */
async function portOr(preferred, host) {
  if (preferred === 0) return 0;
  const probe = createServer();
  return new Promise((done) => {
    probe.once('error', () => done(0));
    probe.listen(preferred, host, () => probe.close(() => done(preferred)));
  });
}

/** Browsers keep `__Host-` cookies and run cryptography over plain HTTP on these addresses only. */
const isLoopback = (host) => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** What to type into a browser for an address that is listened on. */
function urlOf(host, port) {
  const scheme = isLoopback(host) ? 'http' : 'https';
  let name = host;
  if (host === '0.0.0.0' || host === '::') {
    const outer = Object.values(networkInterfaces())
      .flat()
      .find(({ family, internal }) => family === 'IPv4' && !internal);
    name = outer?.address ?? 'localhost';
  }
  return `${scheme}://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}

/** Two demos on one database would publish over each other; the lock of one that has died does not count. */
async function lock(data) {
  const file = join(data, 'demo.pid');
  await mkdir(data, { recursive: true });
  const other = Number(await readFile(file, 'utf8').catch(() => ''));
  if (other && other !== process.pid && isRunning(other)) {
    throw new Error(
      `another demo (process ${other}) uses ${data}; end it, or take another folder with --data`,
    );
  }
  await writeFile(file, `${process.pid}`);
  return { close: () => rm(file, { force: true }) };
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Imports, trains and publishes, unless this very content and past are published in this folder already. */
async function publish(program, data, say) {
  const files = ['site.json', 'content.jsonl'].map((name) => join(content, name));
  const hash = createHash('sha256');
  for (const file of [...files, past]) hash.update(await readFile(file));
  const stamp = join(data, 'demo-content');
  const digest = hash.digest('hex');
  const isKnown = existsSync(stamp) && (await readFile(stamp, 'utf8')) === digest;
  // A snapshot expires after a month; one that was published last week is published anew.
  if (isKnown && Date.now() - (await stat(stamp)).mtimeMs < 7 * 86400000) return;
  await mkdir(data, { recursive: true });
  const footlight = async (...args) => {
    const { stdout } = await run(program, ['--data', data, ...args]);
    const lines = stdout.trim().split('\n');
    // Of what was learned the beginning will do.
    for (const line of args[0] === 'train' ? lines.slice(0, 2) : lines) say(`  ${line}`);
  };
  if (!isKnown) {
    say('importing the questionnaire, the content and a made-up past, and learning from it');
    await footlight('import', 'site', files[0]);
    await footlight('import', 'content', files[1]);
    await importPast(files, data, footlight);
    await footlight('train');
  }
  say('publishing a signed snapshot');
  await footlight('publish');
  await writeFile(stamp, digest);
}

/** The visitors of past.mjs; those who are there already are not counted again. */
async function importPast([site, items], data, footlight) {
  const rows = makePast(
    JSON.parse(await readFile(site, 'utf8')),
    (await readFile(items, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    Date.now(),
  );
  for (const kind of ['profiles', 'interactions']) {
    const file = join(data, `past-${kind}.jsonl`);
    await writeFile(file, rows[kind].map((row) => `${JSON.stringify(row)}\n`).join(''));
    await footlight('import', kind, file);
    await rm(file);
  }
}

/** Starts `footlight serve` and resolves once it says where it listens. */
async function startOrigin(program, data, host, port) {
  const child = spawn(program, ['--data', data, 'serve', '--host', host, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => child.once('exit', done));
  // However this process ends, the origin ends with it.
  const endToo = () => child.kill('SIGTERM');
  process.once('exit', endToo);
  const line = await Promise.race([
    new Promise((done) => createInterface({ input: child.stdout }).once('line', done)),
    ended.then((status) => {
      throw new Error(`footlight serve ended with status ${status}`);
    }),
  ]);
  const found = /:(\d+)\b/.exec(line);
  if (!found) throw new Error(`footlight serve said: ${line}`);
  return {
    url: `http://${host}:${found[1]}`,
    pid: child.pid,
    close: async () => {
      process.off('exit', endToo);
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The worker as web/build.mjs made it, in workerd. */
async function startEdge(host, port, bindings) {
  const built = join(repository, 'build/edge');
  const modules = [
    {
      type: 'ESModule',
      path: 'worker.js',
      contents: await readFile(join(built, 'worker.js'), 'utf8'),
    },
    {
      type: 'CompiledWasm',
      path: 'engine.wasm',
      contents: await readFile(join(built, 'engine.wasm')),
    },
  ];
  const worker = new Miniflare({
    modules,
    assets: {
      directory: join(repository, 'build/assets'),
      assetConfig: { html_handling: 'none', not_found_handling: 'none' },
      routerConfig: { has_user_worker: true },
    },
    compatibilityDate: '2026-04-01',
    host,
    port,
    https: !isLoopback(host), // with a certificate made for the occasion
    bindings,
    unsafeTriggerHandlers: false,
  });
  const url = urlOf(host, (await worker.ready).port);
  return { url, worker, close: () => worker.dispose() };
}

/**
 * @param {object} options
 * @param {string} [options.data] folder of the database and what is published
 * @param {string} [options.site] folder the demo site is built into
 * @param {string} [options.program] the `footlight` program
 * @param {string} [options.host]
 * @param {number} [options.port] of the edge; 0: any
 * @param {Record<string, string>} [options.bindings] further variables of the worker
 * @param {(line: string) => void} [options.say]
 */
export async function startDemo({
  data = join(repository, 'build/demo/data'),
  site = join(repository, 'build/demo/site'),
  program = process.env.FOOTLIGHT_PROGRAM ?? join(repository, 'build/release/footlight'),
  host = '127.0.0.1',
  port = 0,
  bindings = {},
  say = () => {},
} = {}) {
  const running = [];
  const close = async () => {
    for (const part of running.splice(0).reverse()) await part.close();
  };
  try {
    running.push(await lock(data));
    await run(process.execPath, [join(repository, 'web/demo/build.mjs'), '--out', site]);
    await publish(program, data, say);
    const publicKey = (await readFile(join(data, 'keys/signing.pub'), 'utf8')).trim();

    say('starting the origin, the site and the edge worker');
    const origin = await startOrigin(program, data, '127.0.0.1', 0);
    running.push(origin);
    const pages = await serve({ root: site, host: '127.0.0.1' });
    running.push(pages);
    const free = await portOr(port, host);
    if (free !== port) say(`port ${port} is in use; taking another one`);
    const edge = await startEdge(host, free, {
      ORIGIN_URL: origin.url,
      SITE_URL: `http://127.0.0.1:${pages.port}`,
      PUBLIC_KEY: publicKey,
      SNAPSHOT_REFRESH_S: '1',
      PAGE_REVALIDATE_S: '1',
      ...bindings,
    });
    running.push(edge);
    return {
      edge: edge.url,
      origin: origin.url,
      site: `http://127.0.0.1:${pages.port}`,
      publicKey,
      data,
      program,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const help = `usage: ./dev demo [--port N] [--host ADDRESS] [--data FOLDER] [--fresh]

  --port N         of the edge worker; another one is taken when it is in use (default 8788)
  --host ADDRESS   to listen on (default 127.0.0.1). Beyond loopback it speaks HTTPS with a certificate of its own, which
                   a browser asks about once: without HTTPS browsers keep no record and run no engine
  --data FOLDER    database and published snapshots (default build/demo/data), for a second demo beside the first
  --fresh          forget the demo's database and start anew
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const begin = Date.now();
  const say = (line) =>
    console.log(`[${String(Math.round((Date.now() - begin) / 1000)).padStart(4)}s] ${line}`);
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '8788' },
        host: { type: 'string', default: '127.0.0.1' },
        data: { type: 'string', default: join(repository, 'build/demo/data') },
        check: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(help);
      process.exit(0);
    }
    if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65535)
      throw new Error(`--port ${values.port}: not a port`);
    const data = resolve(values.data);
    const isOwn = data === join(repository, 'build/demo/data');
    if (values.fresh && !isOwn && existsSync(data) && !existsSync(join(data, 'demo-content')))
      throw new Error(`--fresh: ${data} holds no demo, so it is not removed`);
    if (values.check) process.exit(0); // ./dev asks before it builds
    // Before Miniflare, whose own exit hook would end this process and leave the origin running.
    let demo;
    let ending = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.prependListener(signal, async () => {
        if (ending) return;
        ending = true;
        await demo?.close();
        process.exit(0);
      });
    }
    if (values.fresh) {
      await (await lock(data)).close();
      await rm(data, { recursive: true, force: true });
    }
    const site = isOwn ? undefined : join(data, 'site');
    demo = await startDemo({ data, site, host: values.host, port: Number(values.port), say });
    console.log(`
Lanternlight, a film-pitch studio, is open:

  ${demo.edge}/                the homepage, personalised at the edge
  ${demo.edge}/questionnaire   answer, and the homepage is yours; works with JavaScript off, too
  ${demo.edge}/work            allow it, open some projects, and the homepage shows others because of them

behind it: the origin at ${demo.origin} (${demo.origin}/openapi.json), the bare site at ${demo.site}
its database and published snapshots: ${demo.data}

Ctrl-C ends it.`);
  } catch (error) {
    console.error(`demo: ${error.stderr?.trim() || error.message}`);
    process.exit(1);
  }
}
