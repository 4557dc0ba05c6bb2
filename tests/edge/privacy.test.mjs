// What a visitor may ask for at the edge: by link, by form and by script; with a profile and without; and keys that rotate.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import {
  cookieOf,
  demoSnapshot,
  makeManifest,
  otherKeys,
  publicKey,
  startEdge,
  until,
} from './harness.mjs';

const grant = { consent: { personalization: true, measurement: true } };

let edge;
let holder; // cookies of somebody with a profile
let stranger; // a record alone
before(async () => {
  edge = await startEdge({ pages: { '/': { body: '<html><body></body></html>' } } });
  const answer = await edge.post('/api/profile', { questionnaireData: {}, ...grant });
  holder = answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
  assert.match(holder, /__Host-fl-token=the-token/);
  stranger = cookieOf(await edge.post('/api/privacy/consent', { personalization: 'granted' }));
});
after(() => edge.stop());
beforeEach(() => {
  edge.origin.seen.length = 0;
});
const usual = () => ({ success: true });
afterEach(() => {
  edge.origin.answer = usual;
  edge.origin.isDown = false;
});
const set = (response) =>
  Object.fromEntries(
    response.headers.getSetCookie().map((cookie) => {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      return [name, /max-age=0/i.test(cookie) ? null : value];
    }),
  );
const GONE = { '__Host-fl': null, '__Host-fl-shaped': null, '__Host-fl-token': null };

it('answers with data that no browser makes a page of', async () => {
  for (const at of ['/api/privacy/consent', '/api/privacy/nothing', '/_fl/nothing']) {
    const { headers } = await edge.get(at);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', at);
    assert.match(headers.get('content-security-policy'), /default-src 'none'/, at);
  }
});

it('says that Global Privacy Control is honoured', async () => {
  const response = await edge.get('/.well-known/gpc.json');
  assert.equal(response.status, 200);
  assert.equal((await response.json()).gpc, true);
  assert.equal(
    edge.seen.filter(({ url }) => url.includes('gpc')).length,
    0,
    'not the site’s to say',
  );
});

describe('a copy', () => {
  it('is the origin’s, asked for with the cookie’s token', async () => {
    edge.origin.answer = () => ({ format: 'footlight-export', profile: { id: 'x' } });
    const response = await edge.get('/api/privacy/export', { cookie: holder });
    assert.equal((await response.json()).profile.id, 'x');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    const [{ headers, url }] = edge.origin.seen;
    assert.equal(url, '/api/privacy/export');
    assert.equal(headers.authorization, 'Bearer the-token');
    assert.equal(headers.cookie, undefined);
  });
  it('is the record where there is no profile, or none any more', async () => {
    for (const [cookie, asked] of [
      [stranger, 0],
      [`${stranger}; __Host-fl-token=old`, 1],
    ]) {
      edge.origin.seen.length = 0;
      edge.origin.answer = () => ({ status: 401, code: 'unauthorized' });
      const response = await edge.get('/api/privacy/export', { cookie });
      assert.match(response.headers.get('content-disposition'), /^attachment/);
      const { profile, record } = await response.json();
      assert.equal(profile, null);
      assert.equal(record.personalization, 'granted');
      assert.equal(record.unitId, null);
      assert.equal(edge.origin.seen.length, asked);
    }
  });
  it('is not for other sites, and not invented while the origin is away', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const response = await edge.get('/api/privacy/export', {
        cookie: holder,
        'sec-fetch-site': site,
      });
      assert.equal(response.status, 403, site);
    }
    edge.origin.isDown = true;
    assert.equal((await edge.get('/api/privacy/export', { cookie: holder })).status, 503);
    assert.equal((await edge.get('/api/privacy/export', { cookie: stranger })).status, 200);
  });
  it('takes a Bearer token as it comes, and says when it is not valid', async () => {
    edge.origin.answer = () => ({ status: 401, code: 'unauthorized' });
    const response = await edge.get('/api/privacy/export', { authorization: 'Bearer mine' });
    assert.equal(response.status, 401);
    assert.equal(edge.origin.seen[0].headers.authorization, 'Bearer mine');
  });
});

describe('the end', () => {
  it('takes every cookie with it, and passes the receipt on', async () => {
    edge.origin.answer = () => ({ success: true, erasure: 'e', receipt: { payload: 'p' } });
    const response = await edge.get(
      '/api/privacy/profile',
      { cookie: holder },
      { method: 'DELETE' },
    );
    assert.equal((await response.json()).erasure, 'e');
    assert.deepEqual(set(response), GONE);
    assert.equal(response.headers.get('clear-site-data'), '"storage"');
    assert.deepEqual(
      edge.origin.seen.map(({ method, url }) => [method, url]),
      [['DELETE', '/api/privacy/profile']],
    );
  });
  it('works by a plain form, without a profile too', async () => {
    const body = 'erase=yes&next=%2Fprivacy';
    const response = await edge.post('/api/privacy/profile', body, { cookie: holder });
    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), '/privacy');
    assert.deepEqual(set(response), GONE);
    assert.equal(edge.origin.seen[0].method, 'DELETE');
    const alone = await edge.post('/api/privacy/profile', body, { cookie: stranger });
    assert.deepEqual(set(alone), GONE);
    assert.equal(edge.origin.seen.length, 1);
  });
  it('needs a yes, and a page of this site', async () => {
    const refused = await edge.post('/api/privacy/profile', 'next=%2F', { cookie: holder });
    assert.equal(refused.status, 422);
    const foreign = await edge.post('/api/privacy/profile', 'erase=yes', {
      cookie: holder,
      'sec-fetch-site': 'cross-site',
    });
    assert.equal(foreign.status, 403);
    const json = await edge.post('/api/privacy/profile', { erase: 'yes' }, { cookie: holder });
    assert.equal(json.status, 422);
    for (const response of [refused, foreign, json]) assert.deepEqual(set(response), {});
    assert.equal(edge.origin.seen.length, 0);
  });
  it('keeps the token while the origin is away, so that it can be asked for again', async () => {
    edge.origin.isDown = true;
    const response = await edge.post('/api/privacy/profile', 'erase=yes', { cookie: holder });
    assert.equal(response.status, 503);
    assert.deepEqual(set(response), {});
    edge.origin.isDown = false;
    edge.origin.answer = () => ({ status: 500 });
    const broken = await edge.post('/api/privacy/profile', 'erase=yes', { cookie: holder });
    assert.equal(broken.status, 503);
    assert.deepEqual(set(broken), {});
  });
});

describe('settings', () => {
  it('are in force in the cookie at once, and reach the profile', async () => {
    const response = await edge.get(
      '/api/privacy/settings',
      { cookie: holder, 'content-type': 'application/json' },
      { method: 'PUT', body: JSON.stringify({ training: 'denied', optedOut: true }) },
    );
    assert.equal(response.status, 200);
    assert.equal((await response.json()).consent.optedOut, true);
    const { '__Host-fl': record, '__Host-fl-token': token } = set(response);
    assert.ok(record);
    assert.equal(token, null, 'nothing is kept of who opted out');
    const sent = await until(() => edge.origin.seen.find(({ url }) => /consent/.test(url)));
    assert.deepEqual(sent.body, { training: 'denied', optedOut: true });
    const page = await (await edge.get('/', { cookie: `__Host-fl=${record}` })).text();
    assert.doesNotMatch(page, /fl-decision/);
  });
  it('and choices can be read, with a profile and without', async () => {
    edge.origin.answer = () => ({ settings: { training: 'denied' } });
    const own = await (await edge.get('/api/privacy/settings', { cookie: holder })).json();
    assert.equal(own.settings.training, 'denied');
    const other = await (await edge.get('/api/privacy/consent', { cookie: stranger })).json();
    assert.equal(other.consent.personalization, 'granted');
  });
});

it('a private report goes through without anything that names somebody', async () => {
  const report = { contentId: 'c', action: 'click', bit: true, epsilon: 1 };
  const at = '/api/personalization/private-report';
  const response = await edge.post(at, report, { cookie: holder, 'user-agent': 'mine' });
  assert.equal(response.status, 200);
  const [{ headers, body, url }] = edge.origin.seen;
  assert.equal(url, at);
  assert.deepEqual(body, report);
  for (const name of ['cookie', 'authorization', 'x-user-id', 'referer']) {
    assert.equal(headers[name], undefined, name);
  }
  assert.notEqual(headers['user-agent'], 'mine');
  assert.deepEqual(set(response), {});
});

describe('keys that manifests are signed with', () => {
  it('rotate: either is trusted, each with its own count, a third is not', async () => {
    const next = otherKeys();
    const nextKey = next.publicKey
      .export({ type: 'spki', format: 'der' })
      .subarray(-32)
      .toString('base64');
    const bytes = demoSnapshot();
    const rotating = await startEdge({
      pages: { '/': { body: '<html></html>' } },
      manifest: makeManifest(bytes, { version: 9 }),
      bindings: { PUBLIC_KEY: `${publicKey},${nextKey}` },
    });
    const signedAs = async (envelope, check, what) => {
      rotating.publish(bytes, envelope);
      await until(async () => {
        await rotating.get('/');
        return check(await rotating.status());
      }, what);
    };
    const versionIs = (version) => (status) =>
      JSON.stringify(status).includes(`"version":${version}`);
    await signedAs(makeManifest(bytes, { version: 9 }), versionIs(9), 'the old key');
    // Lower than 9: the new key begins its own count.
    await signedAs(makeManifest(bytes, { version: 2 }, next), versionIs(2), 'the new key');
    const refusals = ({ counters }) => counters;
    const before = refusals(await rotating.status());
    await signedAs(
      makeManifest(bytes, { version: 1 }, next),
      (status) => refusals(status).manifest_stale > (before.manifest_stale ?? 0),
      'a rolled back one',
    );
    await signedAs(
      makeManifest(bytes, { version: 50 }, otherKeys()),
      (status) => refusals(status).manifest_forged > (before.manifest_forged ?? 0),
      'a third key',
    );
    await rotating.stop();
  });
});
