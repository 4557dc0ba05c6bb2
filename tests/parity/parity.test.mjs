// The same random visitors are decided natively (by the release build and by the sanitizers' one), in Node, in workerd and
// in Chromium, over snapshots of three sizes, and the answers are compared byte for byte: decisions (scores and propensities
// to the last bit) and the visitor record after one more interaction.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { chromium } from 'playwright-core';
import { replay } from './replay.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
/** Another compiler, without optimisation, with sanitizers. */
const sanitized = process.env.FOOTLIGHT_PROGRAM && dirname(process.env.FOOTLIGHT_PROGRAM);
const enginePath = join(root, 'build/wasm/engine.wasm');

const CASES = 20_000;
const WORLDS = [
  { seed: 1, items: 40 },
  { seed: 2, items: 300 },
  { seed: 3, items: 2000 },
];

const folder = mkdtempSync(join(tmpdir(), 'footlight-parity-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Fails at the first byte that differs, and says which case and which part it belongs to. */
function assertSame(got, want, where) {
  if (Buffer.compare(got, want) === 0) return;
  let at = 0;
  let block = 0;
  while (at + 4 <= want.length) {
    const end = at + 4 + want.readUInt32LE(at);
    if (Buffer.compare(got.subarray(at, end), want.subarray(at, end)) !== 0) {
      const part = block % 2 === 0 ? 'decision' : 'record';
      assert.fail(`${where}: ${part} of case ${Math.floor(block / 2)} differs from the native one`);
    }
    at = end;
    block++;
  }
  assert.fail(`${where}: ${got.length} bytes, natively ${want.length}`);
}

for (const { seed, items } of WORLDS) {
  describe(`${CASES} visitors on ${items} items`, () => {
    const out = join(folder, String(seed));
    const decideNatively = (build, to) => {
      const args = [String(seed), String(items), String(CASES), to];
      execFileSync(join(build, 'parity_world'), args, { stdio: ['ignore', 'inherit', 'inherit'] });
    };
    let engine;
    let snapshot;
    let cases;
    let expected;

    before(() => {
      decideNatively(join(root, 'build/release'), out);
      engine = readFileSync(enginePath);
      [snapshot, cases, expected] = ['snapshot', 'cases', 'expected'].map((name) =>
        readFileSync(`${out}.${name}`),
      );
      assert.ok(expected.length > CASES * 100, 'the native side answered');
    });

    it('native, with sanitizers', {
      skip: sanitized ? false : 'FOOTLIGHT_PROGRAM names no build',
    }, () => {
      decideNatively(sanitized, `${out}-sanitized`);
      for (const name of ['snapshot', 'cases', 'expected']) {
        const [got, want] = [`${out}-sanitized`, out].map((to) => readFileSync(`${to}.${name}`));
        if (name === 'expected') assertSame(got, want, 'with sanitizers');
        else assert.ok(got.equals(want), `the same ${name}`);
      }
    });

    it('Node', () => {
      const got = replay(new WebAssembly.Module(engine), snapshot, cases);
      assertSame(Buffer.from(got), expected, 'Node');
    });

    it('workerd', async () => {
      const runtime = new Miniflare({
        modules: [
          {
            type: 'ESModule',
            path: 'worker.mjs',
            contents: readFileSync(join(here, 'worker.mjs')),
          },
          {
            type: 'ESModule',
            path: 'replay.mjs',
            contents: readFileSync(join(here, 'replay.mjs')),
          },
          { type: 'CompiledWasm', path: 'engine.wasm', contents: engine },
        ],
        compatibilityDate: '2026-04-01',
      });
      try {
        const size = Buffer.alloc(4);
        size.writeUInt32LE(snapshot.length);
        const response = await runtime.dispatchFetch('http://parity/', {
          method: 'POST',
          body: Buffer.concat([size, snapshot, cases]),
        });
        assert.equal(response.status, 200);
        assertSame(Buffer.from(await response.arrayBuffer()), expected, 'workerd');
      } finally {
        await runtime.dispose();
      }
    });

    it('Chromium', async () => {
      const files = {
        '/': ['text/html', '<!doctype html><title>parity</title>'],
        '/replay.mjs': ['text/javascript', readFileSync(join(here, 'replay.mjs'))],
        '/engine.wasm': ['application/wasm', engine],
        '/snapshot': ['application/octet-stream', snapshot],
        '/cases': ['application/octet-stream', cases],
      };
      let got;
      const server = createServer(async (request, response) => {
        if (request.method === 'POST') {
          const chunks = [];
          for await (const chunk of request) chunks.push(chunk);
          got = Buffer.concat(chunks);
          response.end();
          return;
        }
        const file = files[request.url];
        response.writeHead(file ? 200 : 404, { 'content-type': file?.[0] ?? 'text/plain' });
        response.end(file?.[1]);
      });
      await new Promise((done) => server.listen(0, '127.0.0.1', done));
      const browser = await chromium.launch({
        executablePath: process.env.FOOTLIGHT_CHROMIUM ?? '/usr/bin/chromium',
        args: [
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
        ],
      });
      try {
        const page = await browser.newPage();
        await page.goto(`http://127.0.0.1:${server.address().port}/`);
        await page.evaluate(async () => {
          const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
          const { replay } = await import('/replay.mjs');
          const module = await WebAssembly.compileStreaming(fetch('/engine.wasm'));
          const answers = replay(module, await bytes('/snapshot'), await bytes('/cases'));
          await fetch('/', { method: 'POST', body: answers });
        });
        assert.ok(got, 'the browser answered');
        assertSame(got, expected, 'Chromium');
      } finally {
        await browser.close();
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    });
  });
}
