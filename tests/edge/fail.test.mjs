// Fails open: whatever is wrong with manifest, snapshot, site or origin, the visitor gets a page, and it is counted.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cookieOf,
  decisionOf,
  demoSnapshot,
  makeManifest,
  otherKeys,
  sha256,
  startEdge,
  until,
} from './harness.mjs';

const page = `<html lang="en"><body><div data-fl-slot="projects"><p data-fl-text="title">default</p></div></body></html>`;
const answers = { questionnaireData: { format: 'Feature Film' } };

/** A cookie that any worker over the demo's snapshot takes. */
async function knownVisitor() {
  const edge = await startEdge();
  const cookie = cookieOf(await edge.post('/api/profile', answers));
  await edge.stop();
  return cookie;
}
const cookie = await knownVisitor();
const now = Math.floor(Date.now() / 1000);
const good = demoSnapshot();

/** Starts with a good snapshot, or none, and lets `work` look at what happens. */
async function withEdge(options, work) {
  const edge = await startEdge({ pages: { '/': { body: page } }, ...options });
  try {
    await work(edge, async () => (await edge.get('/', { cookie })).text());
  } finally {
    await edge.stop();
  }
}

describe('a snapshot that cannot be trusted', () => {
  const forged = (text) => {
    const envelope = JSON.parse(text);
    const payload = Buffer.from(envelope.payload, 'base64')
      .toString()
      .replace('"version":1', '"version":9');
    return JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString('base64') });
  };
  const broken = Buffer.from(good);
  broken[broken.length >> 1] ^= 1;
  const cut = good.subarray(0, good.length - 64);
  const cases = [
    { name: 'none', snapshot: null, counter: 'manifest_missing' },
    { name: 'no JSON', manifest: 'hello', counter: 'manifest_malformed' },
    {
      name: 'a changed manifest',
      manifest: forged(makeManifest(good)),
      counter: 'manifest_forged',
    },
    {
      name: 'another key',
      manifest: makeManifest(good, {}, otherKeys()),
      counter: 'manifest_forged',
    },
    {
      name: 'expired',
      manifest: makeManifest(good, { expiresAt: now - 1 }),
      counter: 'manifest_expired',
    },
    { name: 'below MIN_VERSION', bindings: { MIN_VERSION: '2' }, counter: 'manifest_stale' },
    {
      name: 'another major',
      manifest: makeManifest(good, { minEngine: '2.0' }),
      counter: 'manifest_unsupported',
    },
    {
      name: 'a file that is not there',
      manifest: makeManifest(Buffer.from('x')),
      counter: 'snapshot_missing',
    },
    {
      name: 'a file with one bit changed',
      snapshot: broken,
      manifest: makeManifest(good),
      lie: broken,
      counter: 'snapshot_corrupt',
    },
    {
      name: 'a truncated file',
      snapshot: cut,
      manifest: makeManifest(good),
      lie: cut,
      counter: 'snapshot_corrupt',
    },
    { name: 'a truncated file with its own hash', snapshot: cut, counter: 'snapshot_corrupt' },
    { name: 'no key', bindings: { PUBLIC_KEY: '' }, counter: 'manifest_malformed' },
  ];
  for (const { name, lie, counter, ...options } of cases) {
    it(`${name}: the page is the site’s own`, () =>
      withEdge(options, async (edge, visit) => {
        if (lie) edge.origin.files[sha256(good)] = lie;
        await until(async () => {
          assert.equal(await visit(), page);
          return (await edge.status()).counters[counter] > 0;
        }, counter);
        const { version, counters } = await edge.status();
        assert.equal(version, null);
        assert.ok(counters.page_failed_open > 0 && counters.no_snapshot > 0);
        assert.equal((await edge.get('/api/personalization/homepage')).status, 503);
      }));
  }

  it('is refused later too, and the good one stays', () =>
    withEdge({}, async (edge, visit) => {
      assert.ok(decisionOf(await visit()));
      const bad = {
        manifest_forged: forged(makeManifest(good, { version: 1 })),
        manifest_expired: makeManifest(good, { version: 2, expiresAt: now - 1 }),
        manifest_stale: makeManifest(good, { version: 0 }),
        snapshot_missing: makeManifest(Buffer.from('x'), { version: 3 }),
      };
      for (const [counter, envelope] of Object.entries(bad)) {
        edge.origin.files['manifest.json'] = envelope;
        await until(async () => {
          assert.ok(decisionOf(await visit()));
          return (await edge.status()).counters[counter] > 0;
        }, counter);
        assert.equal((await edge.status()).version, 1);
      }
      edge.origin.isDown = true;
      assert.ok(decisionOf(await visit()));
    }));

  it('gives way to a good one, under running requests', () =>
    withEdge({}, async (edge, visit) => {
      assert.ok(decisionOf(await visit()));
      edge.publish(good, makeManifest(good, { version: 5 }));
      await until(async () => {
        for (const text of await Promise.all(Array.from({ length: 8 }, visit))) {
          assert.ok(decisionOf(text));
        }
        return (await edge.status()).version === 5;
      }, 'version 5');
      edge.publish(good, makeManifest(good, { version: 4 }));
      await until(async () => {
        await visit();
        return (await edge.status()).counters.manifest_stale > 0;
      }, 'the refusal of version 4');
      assert.equal((await edge.status()).version, 5);
    }));

  it('comes from KV when KV has it', () =>
    withEdge(
      { snapshot: null, kv: { manifest: makeManifest(good), [`snapshot/${sha256(good)}`]: good } },
      async (edge, visit) => {
        await until(async () => decisionOf(await visit()), 'a decision');
        const file = await edge.get(`/_fl/${sha256(good)}`);
        assert.deepEqual(Buffer.from(await file.arrayBuffer()), good);
      },
    ));
});

describe('KV that is away', () => {
  it('is not missed where the origin has the files; where nobody has them the page is the site’s own', async () => {
    await withEdge({ kv: {} }, async (edge, visit) => {
      assert.ok(
        decisionOf(await until(async () => ((await edge.status()).version ? visit() : undefined))),
      );
    });
    await withEdge({ snapshot: null, kv: {} }, async (edge, visit) => {
      assert.equal(decisionOf(await visit()), undefined);
      assert.equal((await edge.get('/', { cookie })).status, 200);
      assert.ok((await edge.status()).counters.manifest_missing > 0);
    });
    // A manifest without its files: what is live stays, and at first nothing is.
    await withEdge(
      { snapshot: null, kv: { manifest: makeManifest(good) } },
      async (edge, visit) => {
        assert.equal(decisionOf(await visit()), undefined);
        assert.ok((await edge.status()).counters.snapshot_missing > 0);
      },
    );
  });
});

describe('an edge that starts anew', () => {
  it('knows the visitor from the cookie alone, and has the same page for them', async () => {
    const pages = [];
    for (let start = 0; start < 2; start++) {
      await withEdge({}, async (edge, visit) => {
        await until(async () => (await edge.status()).version);
        pages.push(await visit());
      });
    }
    assert.ok(decisionOf(pages[0]));
    assert.equal(pages[1], pages[0]);
  });
  it('while the origin is away shows the site’s own page, and decides when it is back', () =>
    withEdge({}, async (edge, visit) => {
      edge.origin.isDown = true;
      assert.equal((await edge.get('/', { cookie })).status, 200);
      edge.origin.isDown = false;
      await until(async () => decisionOf(await visit()), 'a decision');
    }));
});

describe('a visitor’s record that is none', () => {
  it('gives the default page', () =>
    withEdge({}, async (edge) => {
      const texts = [
        '',
        'x',
        '!!!!',
        'A'.repeat(2000),
        cookie.slice(10, -3),
        `${cookie.slice(10)}AAAA`,
      ];
      for (const text of texts) {
        const answer = await edge.get('/', { cookie: `__Host-fl=${text}` });
        assert.equal(await answer.text(), page, text);
      }
      const record = Buffer.from(cookie.slice(10), 'base64url');
      for (let i = 0; i < record.length; i++) {
        for (const bit of [1, 128]) {
          const flipped = Buffer.from(record);
          flipped[i] ^= bit;
          const answer = await edge.get('/', {
            cookie: `__Host-fl=${flipped.toString('base64url')}`,
          });
          assert.equal(answer.status, 200);
          await answer.text();
        }
      }
      const { counters } = await edge.status();
      assert.ok(counters.record_invalid > 0);
      assert.equal(counters.engine_trap, 0);
    }));
});

describe('a slot that cannot be one', () => {
  it('is left alone, and the page around it is filled', () =>
    withEdge({}, async (edge, visit) => {
      assert.ok(decisionOf(await visit()));
      const slot = '<div data-fl-slot="projects"><b data-fl-text="title">default</b></div>';
      for (const [index, empty] of [
        '<br data-fl-slot="hero">',
        '<img data-fl-slot="hero">',
        '<svg><path data-fl-slot="hero"/></svg>',
      ].entries()) {
        const mark = `<p>page ${index}</p>`;
        edge.pages['/'] = { body: `<html><body>${mark}${empty}${slot}</body></html>` };
        const html = await until(async () => {
          const text = await visit();
          return text.includes(mark) && text;
        }, 'the new page');
        assert.ok(html.includes(empty), html);
        assert.ok(decisionOf(html)?.slots.projects.length > 0, html);
      }
      assert.equal((await edge.status()).counters.page_error, 0);
    }));
});

describe('a site that fails', () => {
  it('is shown as it was', () =>
    withEdge({}, async (edge, visit) => {
      assert.ok(decisionOf(await visit()));
      for (const broken of [{ status: 500, body: 'broken' }, { destroy: true }]) {
        edge.pages['/'] = broken;
        assert.ok(decisionOf(await visit()));
      }
      assert.ok((await edge.status()).counters.site_unreachable >= 2);
      edge.pages['/new'] = { status: 500, body: 'broken' };
      const response = await edge.get('/new', { cookie });
      assert.equal(response.status, 500);
      assert.equal(await response.text(), 'broken');
      edge.pages['/dead'] = { destroy: true };
      assert.equal((await edge.get('/dead', { cookie })).status, 502);
    }));
});

describe('an origin that is away', () => {
  it('costs no page and no interaction', () =>
    withEdge({}, async (edge, visit) => {
      assert.ok(decisionOf(await visit()));
      edge.origin.isDown = true;
      const profile = await edge.post('/api/profile', answers);
      assert.equal(profile.status, 503);
      assert.equal((await profile.json()).code, 'unavailable');
      assert.ok(cookieOf(profile), 'the answers are kept with the visitor');
      const form = await edge.post('/api/profile', 'format=Documentary&next=/');
      assert.equal(form.status, 303);
      assert.ok(decisionOf(await visit()));
      assert.equal((await edge.get('/api/personalization/homepage', { cookie })).status, 200);
      assert.ok((await edge.status()).counters.origin_unreachable > 0);
    }));
});
