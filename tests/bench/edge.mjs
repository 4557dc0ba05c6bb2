// `./dev bench edge`: what a personalised page costs at the edge, in processor time of the workerd process for each
// request, against the same page unmodified from the same worker's memory.
//
// One workerd process serves the built worker, without Miniflare in between. Pages of 4 kB and 100 kB hold the demo's
// four slots; 512 visitors with a whole questionnaire, 8 items of history and a unit id take turns, so that no answer is
// anybody's second. The static page is what a visitor without a record gets. Both kinds alternate in the same process;
// `ratio` is the median of the pairs. `bare_cpu_us` is a worker that does nothing but answer with the page's bytes.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import {
  decisionOf,
  demo,
  demoSnapshot,
  makeManifest,
  publicKey,
  sha256,
  until,
  workerModules,
} from '../edge/harness.mjs';
import { alternate, median, parse, ratio, report, root } from './report.mjs';

const options = parse();
// Short turns, many of them: what else runs on the machine then hits both halves of a pair alike.
const ROUNDS = Number(options.rounds ?? 25);
const SECONDS = Number(options.seconds ?? 1);
const CONNECTIONS = 32;
const VISITORS = 512;
const SIZES = { '4k': 4096, '100k': 102400 };

const slots = `<section data-fl-slot="hero"><div class="hero" data-fl-class="has-video:backgroundVideo">
<p class="eyebrow" data-fl-text="eyebrow">A pitch studio</p><h1 data-fl-text="title">Every film was once a story told in the dark</h1>
<p data-fl-text="subtitle">We help writers, directors and people with one story they cannot put down.</p>
<a class="button" data-fl-attr="href:ctaUrl" data-fl-text="ctaText" href="/questionnaire">Tell us your story</a></div></section>
<section data-fl-slot="projects"><article class="card"><a data-fl-attr="href:url" href="/work/x"><img data-fl-attr="src:image;alt:title" src="/art/x.svg" alt="" width="640" height="400"></a>
<h3 data-fl-text="title">The Salt Road</h3><p data-fl-text="logline">A salt smuggler has one winter to cross.</p><p class="tags" data-fl-text="genre">Drama</p>
<p class="why" data-fl-if="matchReason" data-fl-text="matchReason">Selected for you</p></article></section>
<section data-fl-slot="testimonials"><blockquote class="card"><p data-fl-text="quote">They read it twice.</p><cite data-fl-text="author">A director</cite>
<p class="why" data-fl-if="matchReason" data-fl-text="matchReason"></p></blockquote></section>
<section data-fl-slot="services"><article class="card" data-fl-class="is-highlight:highlight"><h3 data-fl-text="name">Pitch deck</h3><p data-fl-text="description">Twelve pages that hold up in the room.</p>
<p class="why" data-fl-if="matchReason" data-fl-text="matchReason"></p></article></section>`;

/** The slots in the middle of a page of exactly `size` bytes. */
function pageOf(size) {
  const head =
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Lanternlight</title></head><body>';
  const end = '</body></html>';
  const filler =
    '<p>We read every page that reaches us, and answer every one of them by name.</p>\n';
  const room = size - head.length - end.length - slots.length;
  const before = filler.repeat(Math.floor(room / 2 / filler.length));
  const after = filler.repeat(Math.ceil(room / filler.length)).slice(0, room - before.length - 7);
  const page = `${head}${before}${slots}<!--${after.replaceAll('-->', '')}-->${end}`;
  if (Buffer.byteLength(page) !== size)
    throw new Error(`the page has ${Buffer.byteLength(page)} bytes`);
  return page;
}
const pages = Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [name, pageOf(size)]));

// --- visitors, made by the engine itself -----------------------------------------------------------

const snapshot = demoSnapshot();
const { Engine, toBase64Url } = await import(pathToFileURL(join(root, 'build/web/binding.mjs')));
const engine = Engine.load(
  new WebAssembly.Module(readFileSync(join(root, 'build/edge/engine.wasm'))),
  snapshot,
);

function makeVisitors() {
  let seed = 1;
  const below = (n) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  const { questions } = demo().site;
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: VISITORS }, () => {
    engine.loadVisitor();
    engine.setConsent('personalization', 'granted');
    engine.setConsent('measurement', 'granted');
    engine.setUnitId(Uint32Array.of(below(2 ** 32), below(2 ** 32)));
    for (const { name, options: choices, kind } of questions) {
      if (!choices) engine.answer(name, kind === 'boolean' ? ['true'] : ['a text']);
      else engine.answer(name, [choices[below(choices.length)].key]);
    }
    const items = new Set();
    while (items.size < 8) items.add(below(engine.itemCount));
    for (const item of items) {
      engine.interact(
        { contentId: engine.itemUuid(item), action: 'click' },
        now - below(20) * 86400,
      );
    }
    return toBase64Url(engine.visitorRecord());
  });
}

// --- one workerd, the site behind it ----------------------------------------------------------------

const folder = mkdtempSync(join(tmpdir(), 'footlight-bench-edge-'));
const site = createServer((request, response) => {
  const name = request.url.slice(1);
  if (pages[name]) {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('etag', `"${name}"`);
    const isSame = request.headers['if-none-match'] === `"${name}"`;
    response.writeHead(isSame ? 304 : 200).end(isSame ? undefined : pages[name]);
  } else if (request.url === '/snapshots/manifest.json') response.end(makeManifest(snapshot));
  else if (request.url === `/snapshots/${sha256(snapshot)}`) response.end(snapshot);
  else response.writeHead(404).end();
});
await new Promise((done) => site.listen(0, '127.0.0.1', done));
const siteUrl = `http://127.0.0.1:${site.address().port}`;

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

async function startWorkerd() {
  const { modules, compatibilityDate } = workerModules();
  const kinds = { ESModule: 'esModule', CompiledWasm: 'wasm' };
  const embedded = modules.map(({ type, path }) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    writeFileSync(join(folder, name), readFileSync(path));
    return `(name = "${name}", ${kinds[type]} = embed "${name}")`;
  });
  for (const [name, page] of Object.entries(pages))
    writeFileSync(join(folder, `${name}.html`), page);
  writeFileSync(
    join(folder, 'bare.js'),
    `import small from './4k.html'; import large from './100k.html';
const headers = new Headers({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-cache' });
const pages = { '/4k': new Uint8Array(small), '/100k': new Uint8Array(large) };
export default { fetch(request) { return new Response(pages[request.url.slice(request.url.indexOf('/', 8))], { headers }); } };`,
  );
  const ports = { worker: await freePort(), bare: await freePort() };
  const text = (name, value) => `(name = "${name}", text = "${value}")`;
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = (
      modules = [${embedded.join(', ')}],
      compatibilityDate = "${compatibilityDate}",
      bindings = [${text('ORIGIN_URL', siteUrl)}, ${text('SITE_URL', siteUrl)}, ${text('PUBLIC_KEY', publicKey)}],
    )),
    (name = "bare", worker = (
      modules = [
        (name = "bare.js", esModule = embed "bare.js"),
        (name = "4k.html", data = embed "4k.html"),
        (name = "100k.html", data = embed "100k.html"),
      ],
      compatibilityDate = "${compatibilityDate}",
    )),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [
    (name = "worker", address = "127.0.0.1:${ports.worker}", http = (), service = "worker"),
    (name = "bare", address = "127.0.0.1:${ports.bare}", http = (), service = "bare"),
  ],
);
`,
  );
  const require = createRequire(import.meta.url);
  const child = spawn(require('workerd').default, ['serve', 'config.capnp'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const url = `http://127.0.0.1:${ports.worker}`;
  await until(() => fetch(`${url}/_fl/status`).catch(() => undefined), 'workerd');
  return { child, url, bareUrl: `http://127.0.0.1:${ports.bare}` };
}

// --- load -------------------------------------------------------------------------------------------

const visitors = makeVisitors();
const script = join(folder, 'visitors.lua');
writeFileSync(
  script,
  `local records = {${visitors.map((record) => `"${record}"`).join(',')}}
local requests = {}
local next = 0
function init(args)
  for i, record in ipairs(records) do
    requests[i] = wrk.format("GET", nil, { ["Cookie"] = "__Host-fl=" .. record })
  end
end
function request()
  next = next % #requests + 1
  return requests[next]
end
`,
);
const bareScript = join(folder, 'nobody.lua');
// The same work for the load generator.
writeFileSync(bareScript, readFileSync(script, 'utf8').replace('["Cookie"]', '["X-Bench"]'));

/** As processorTimeUs of report.mjs, but to the nanosecond: a turn is short. workerd keeps its threads. */
function processorTimeUs(pid) {
  let ns = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  }
  return ns / 1000;
}

async function load(url, isKnown, pid) {
  const before = processorTimeUs(pid);
  const args = [
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${SECONDS}s`,
    '--latency',
    '-s',
    isKnown ? script : bareScript,
    url,
  ];
  const { stdout: output } = await promisify(execFile)('wrk', args);
  const requests = Number(/(\d+) requests in/.exec(output)[1]);
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(output);
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(output);
  return {
    us: (processorTimeUs(pid) - before) / requests,
    rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)[1]),
    p99: Number(p99) * { us: 0.001, ms: 1, s: 1000 }[unit],
  };
}

/** The answers first: every slot filled, by the decision that the engine gives in Node too. */
async function check(url, name) {
  const get = async (record) => {
    const headers = { connection: 'close', ...(record && { cookie: `__Host-fl=${record}` }) };
    return (await fetch(`${url}/${name}`, { headers })).text();
  };
  if ((await get()) !== pages[name]) throw new Error('the static page is not the page');
  const names = ['hero', 'projects', 'testimonials', 'services'];
  for (const record of visitors.slice(0, 64)) {
    const page = await get(record);
    const decision = decisionOf(page);
    engine.loadVisitor(Buffer.from(record, 'base64url'));
    const now = Math.floor(Date.now() / 1000);
    const expected = engine.decide(
      names.map((slot) => ({ slot })),
      { now, locale: 'en' },
    );
    const ids = (slots) => JSON.stringify(names.map((slot) => slots[slot].map(({ id }) => id)));
    if (ids(decision.slots) !== ids(expected.slots)) throw new Error(`other items on /${name}`);
    if (page.match(/data-fl-filled/g).length !== 4) throw new Error(`empty slots on /${name}`);
  }
  return Buffer.byteLength(await get(visitors[0]));
}

let workerd;
try {
  workerd = await startWorkerd();
  const { child, url, bareUrl } = workerd;
  const figures = {};
  const goals = {};
  for (const name of Object.keys(SIZES)) {
    const joined = await check(url, name);
    const times = await alternate(ROUNDS, {
      static: () => load(`${url}/${name}`, false, child.pid),
      page: () => load(`${url}/${name}`, true, child.pid),
      bare: () => load(`${bareUrl}/${name}`, false, child.pid),
    });
    const us = (kind) => times[kind].map((run) => run.us);
    const pairs = ratio(us('static'), us('page'));
    figures[`static_cpu_us_${name}`] = median(us('static'));
    figures[`page_cpu_us_${name}`] = median(us('page'));
    figures[`ratio_${name}`] = pairs.median;
    figures[`ratio_min_${name}`] = pairs.min;
    figures[`ratio_max_${name}`] = pairs.max;
    figures[`rps_${name}`] = median(times.page.map((run) => run.rps));
    figures[`p99_ms_${name}`] = median(times.page.map((run) => run.p99));
    figures[`static_rps_${name}`] = median(times.static.map((run) => run.rps));
    figures[`page_bytes_${name}`] = joined;
    figures[`bare_cpu_us_${name}`] = median(us('bare'));
    figures[`ratio_bare_${name}`] = ratio(us('bare'), us('page')).median;
    goals[`ratio_${name}`] = { min: name === '4k' ? 0.5 : 0.7 };
  }
  const { counters } = await (await fetch(`${url}/_fl/status`)).json();
  if (counters.page_failed_open > 0) throw new Error(JSON.stringify(counters));
  report('edge', figures, { goals });
} finally {
  workerd?.child.kill();
  site.close();
  rmSync(folder, { recursive: true, force: true });
}
