// An engine that traps: the page is the site's own, the instance is given up, and the next one is made from the snapshot.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { cookieOf, root, startEdge, until } from './harness.mjs';

const page = `<html lang="en"><body><div data-fl-slot="projects"><p data-fl-text="title">default</p></div></body></html>`;

/** engine.wasm with `unreachable` as the first instruction of an exported function. */
function trapping(name) {
  const bytes = readFileSync(join(root, 'build/edge/engine.wasm'));
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  let exported = -1;
  while (at < bytes.length) {
    const section = bytes[at++];
    const size = number();
    const end = at + size;
    if (section === 7) {
      for (let left = number(); left > 0; left--) {
        const length = number();
        const text = bytes.toString('utf8', at, at + length);
        at += length + 1; // and the kind
        const index = number();
        if (text === name) exported = index; // nothing is imported, so this is the index into the code section
      }
    } else if (section === 10) {
      const count = number();
      for (let i = 0; i < count; i++) {
        const length = number();
        const next = at + length;
        if (i === exported) {
          for (let locals = number(); locals > 0; locals--) {
            number();
            at++;
          }
          bytes[at] = 0; // unreachable
          bytes.fill(1, at + 1, next - 1); // nop up to the last end
        }
        at = next;
      }
    }
    at = end;
  }
  assert.ok(exported >= 0 && WebAssembly.validate(bytes));
  return bytes;
}

for (const name of ['fl_decide', 'fl_visitor_decode']) {
  it(`fails open when ${name} traps`, async () => {
    const healthy = await startEdge();
    const cookie = cookieOf(
      await healthy.post('/api/profile', { questionnaireData: { format: 'Animation' } }),
    );
    await healthy.stop();
    const edge = await startEdge({
      engine: trapping(name),
      pages: {
        '/': { body: page },
        '/streamed': { body: page, headers: { 'cache-control': 'no-store' } },
      },
    });
    try {
      for (const path of ['/', '/streamed']) {
        await until(async () => {
          const before = (await edge.status()).counters.engine_trap;
          const response = await edge.get(path, { cookie });
          assert.equal(response.status, 200);
          assert.equal(await response.text(), page);
          return (await edge.status()).counters.engine_trap > before;
        }, `a trap on ${path}`);
      }
      const api = await until(async () => {
        const response = await edge.get('/api/personalization/homepage', { cookie });
        return response.status === 500 && response;
      }, 'a trap in the API');
      assert.equal((await api.json()).code, 'internal');
      const { counters } = await edge.status();
      assert.ok(counters.snapshot_loaded > 1, 'loaded anew');
      assert.ok(counters.page_failed_open >= 2);
    } finally {
      await edge.stop();
    }
  });
}
