// A worker that has just started: what comes before its first snapshot is not lost.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cookieOf, decisionOf, demoSnapshot, recordOf, sha256, startEdge } from './harness.mjs';

const page = `<html lang="en"><body><div data-fl-slot="projects"><p data-fl-text="title">default</p></div></body></html>`;
const DENIED = 0b1010; // both purposes, in the record's second byte

async function withEdge(options, work) {
  const edge = await startEdge({ pages: { '/': { body: page } }, ...options });
  try {
    await work(edge);
  } finally {
    await edge.stop();
  }
}

describe('before the first snapshot', () => {
  it('posts wait for it, pages only a moment', () =>
    withEdge({}, async (edge) => {
      let release;
      edge.origin.held = new Promise((done) => {
        release = done;
      });
      const known = {
        cookie: cookieOf(await edge.post('/api/privacy/consent', { personalization: true })),
      };
      assert.equal(await (await edge.get('/', known)).text(), page, 'the site’s own meanwhile');
      const posts = [
        edge.post('/api/profile', 'format=Documentary'),
        edge.post('/api/profile', { questionnaireData: { format: 'Documentary' } }),
        edge.post('/api/profile', 'format=Documentary&next=/thanks'),
        edge.get('/api/personalization/homepage'),
        edge.get('/_fl/manifest.json'),
      ];
      // Is answered after a page's wait, so the posts have come as well; none of them began the check.
      assert.equal((await (await edge.get('/_fl/status')).json()).version, null);
      assert.equal(edge.origin.asked.length, 1);
      release();
      const [form, json, other, home, manifest] = await Promise.all(posts);
      for (const response of [form, json, other]) {
        const text = await (await edge.get('/', { cookie: cookieOf(response) })).text();
        assert.equal(decisionOf(text).segment, 'Documentary');
      }
      assert.deepEqual([form.status, json.status, other.status], [303, 200, 303]);
      assert.deepEqual([home.status, manifest.status], [200, 200]);
    }));

  it('every page of the first moment is filled', () =>
    withEdge({}, async (edge) => {
      const { cookie } = await withCookie();
      const texts = await Promise.all(
        Array.from({ length: 8 }, async () => (await edge.get('/', { cookie })).text()),
      );
      assert.deepEqual(
        texts.map((text) => decisionOf(text)?.segment),
        Array(8).fill('Documentary'),
      );
    }));

  it('a choice needs none', () =>
    withEdge({ snapshot: null }, async (edge) => {
      const { cookie } = await withCookie();
      const denied = await edge.post(
        '/api/privacy/consent',
        'personalization=denied&measurement=denied&next=/privacy',
        { cookie },
      );
      assert.equal(denied.status, 303);
      assert.deepEqual([...recordOf(cookieOf(denied))].slice(0, 2), [0xf1, DENIED]);
      assert.ok(recordOf(cookieOf(denied)).length < recordOf(cookie).length, 'forgotten');
      const out = await edge.post('/api/privacy/consent', { optedOut: true }, { cookie });
      assert.equal((await out.json()).consent.optedOut, true);
      assert.equal(recordOf(cookieOf(out))[1] & 16, 16);
      const granted = await edge.post('/api/privacy/consent', { measurement: true }, { cookie });
      const record = recordOf(cookieOf(granted));
      assert.ok(record.length > recordOf(cookie).length, 'what was answered stays, with a unit id');
      const odd = await edge.post(
        '/api/privacy/consent',
        { optedOut: true },
        { cookie: '__Host-fl=none' },
      );
      assert.equal(recordOf(cookieOf(odd))[1], 16);
    }));

  it('a questionnaire’s choice is kept and its answers reach the origin', () =>
    withEdge({ snapshot: null }, async (edge) => {
      const silent = await edge.post('/api/profile', 'format=Documentary');
      assert.equal(silent.status, 303);
      assert.equal(cookieOf(silent), undefined, 'there is nothing to keep');
      const form = await edge.post('/api/profile', 'format=Documentary&consent=measurement');
      assert.equal(recordOf(cookieOf(form))[1], 4 + 32);
      const profiles = edge.origin.seen.filter(({ url }) => url === '/api/profile');
      assert.equal(profiles.length, 2);
      assert.equal(profiles[1].body.questionnaireData.format, 'Documentary');
      assert.equal(profiles[1].body.consent.measurement, 'granted');
    }));
});

/** Of somebody who has answered, from a worker of its own. */
async function withCookie() {
  const edge = await startEdge();
  const cookie = cookieOf(await edge.post('/api/profile', 'format=Documentary'));
  await edge.stop();
  return { cookie };
}

describe('what the origin sends', () => {
  const endless = (sent) => (response) => {
    const chunk = Buffer.alloc(1 << 16, ' ');
    const write = () => {
      for (let more = true; more && sent.bytes < 256 << 20; ) {
        more = response.write(chunk);
        sent.bytes += chunk.length;
      }
      if (sent.bytes >= 256 << 20) response.end();
    };
    response.on('drain', write).on('close', () => sent.done());
    response.writeHead(200);
    write();
  };
  const counting = () => {
    const sent = { bytes: 0 };
    sent.closed = new Promise((done) => {
      sent.done = done;
    });
    return sent;
  };
  it('is read no further than it may be long', () =>
    withEdge({}, async (edge) => {
      const sent = { manifest: counting(), snapshot: counting() };
      const snapshotName = sha256(demoSnapshot());
      edge.origin.files[snapshotName] = endless(sent.snapshot);
      assert.equal((await edge.get('/api/personalization/homepage')).status, 503);
      await sent.snapshot.closed;
      assert.ok(sent.snapshot.bytes < 96 << 20, `${sent.snapshot.bytes} bytes of a snapshot`);
      edge.origin.files['manifest.json'] = endless(sent.manifest);
      assert.equal((await edge.get('/api/personalization/homepage')).status, 503);
      await sent.manifest.closed;
      assert.ok(sent.manifest.bytes < 32 << 20, `${sent.manifest.bytes} bytes of a manifest`);
    }));
});
