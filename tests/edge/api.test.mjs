// The worker's API: answers from the record, events to the origin only as allowed, forms without JavaScript.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { cookieOf, decisionOf, recordOf, startEdge, until } from './harness.mjs';

const page = `<html lang="en"><body><div data-fl-slot="projects"><p data-fl-text="title">default</p></div></body></html>`;
const answers = {
  timeline: '3+ years – this story has been in my heart a long time',
  personal_meaning: ["It's my baby – I've poured my heart into it"],
  format: 'Feature Film',
  materials: ['A script or draft', 'A pitch deck'],
  budget: '$15-50K',
  logline: 'In a world where...',
  want_consult: true,
};
const grant = { consent: { personalization: true, measurement: true } };
const EVENTS = '/api/personalization/interactions';

let edge;
let known; // answered, agreed to both purposes
let answered; // answered, agreed to nothing
const profile = async (body, headers) => cookieOf(await edge.post('/api/profile', body, headers));
before(async () => {
  edge = await startEdge({ pages: { '/': { body: page } } });
  known = await profile({ questionnaireData: answers, ...grant });
  answered = await profile({ questionnaireData: answers });
});
after(() => edge.stop());
beforeEach(() => {
  edge.origin.seen.length = 0;
});
const home = async (cookie, headers = {}) =>
  (
    await edge.get('/api/personalization/homepage', { ...(cookie && { cookie }), ...headers })
  ).json();
const forwarded = () => edge.origin.seen.filter(({ url }) => url === EVENTS);
const hasUnitId = (cookie) => (recordOf(cookie)[1] & 32) !== 0;

describe('reading', () => {
  it('gives SPEC.md’s homepage, with the fields in the origin’s order', async () => {
    const { hero, featuredProjects, testimonials, services, ...rest } = await home(known);
    assert.deepEqual(rest, {});
    assert.deepEqual([featuredProjects.length, testimonials.length, services.length], [6, 3, 4]);
    const names = Object.keys(featuredProjects[0]);
    assert.deepEqual(names.slice(0, 3), ['id', 'type', 'title']);
    assert.deepEqual(names.slice(-3), ['matchReason', 'confidence', 'engagementRate']);
    assert.ok(hero.title && hero.subtitle && hero.ctaText && hero.backgroundVideo);
    assert.match(featuredProjects[0].matchReason, /feature films/i);
    assert.ok(featuredProjects[0].confidence > 0 && featuredProjects[0].confidence < 1);
  });
  it('gives recommendations by type and limit, best first', async () => {
    const get = (query) =>
      edge.get(`/api/personalization/recommendations${query}`, { cookie: known });
    const { recommendations } = await (await get('?type=resource&limit=4')).json();
    assert.equal(recommendations.length, 4);
    assert.ok(recommendations.every(({ type, url }) => type === 'resource' && url));
    const confidences = recommendations.map(({ confidence }) => confidence);
    assert.deepEqual(
      confidences,
      confidences.toSorted((a, b) => b - a),
    );
    assert.equal((await (await get('')).json()).recommendations.length, 6);
    for (const query of ['?type=film', '?limit=0', '?limit=x']) {
      const response = await get(query);
      assert.equal(response.status, 400);
      assert.equal(response.headers.get('content-type'), 'application/problem+json');
      assert.equal((await response.json()).code, 'bad_parameter');
    }
  });
  it('is the same decision as the page’s', async () => {
    const html = await (await edge.get('/', { cookie: known })).text();
    const ids = (items) => items.map(({ id }) => id);
    const { featuredProjects } = await home(known);
    assert.deepEqual(ids(decisionOf(html).slots.projects), ids(featuredProjects));
  });
  it('speaks the asked language', async () => {
    const german = await home(known, { 'accept-language': 'de-AT,de;q=0.9' });
    assert.match(german.featuredProjects[0].matchReason, /Spielfilm/);
  });
  it('goes to the origin with a token', async () => {
    const authorization = 'Bearer t';
    await home(known, { authorization, 'x-user-id': 'u' });
    const [{ url, headers }] = edge.origin.seen;
    assert.equal(url, '/api/personalization/homepage');
    assert.deepEqual(
      [headers.authorization, headers['x-user-id'], headers.cookie],
      [authorization, 'u', undefined],
    );
  });
});

describe('interactions', () => {
  const click = async (cookie, item, more = {}, headers = {}) =>
    edge.post(
      '/api/personalization/interaction',
      {
        contentId: item.id,
        contentType: 'featured_project',
        action: 'engage',
        duration: 60000,
        ...more,
      },
      { cookie, ...headers },
    );
  it('raise level and score, change the record and what is shown, and reach the origin', async () => {
    let cookie = known;
    const before = await home(known);
    const levels = [];
    for (const item of before.featuredProjects.slice(0, 4)) {
      const response = await click(cookie, item, {
        feedback: item === before.featuredProjects[0] ? 'negative' : 'positive',
      });
      const { success, updatedProfile } = await response.json();
      assert.equal(success, true);
      levels.push(updatedProfile);
      cookie = cookieOf(response);
      assert.ok(cookie);
    }
    assert.ok(levels.at(-1).engagementLevel > 1);
    assert.ok(levels.at(-1).personalizationScore > levels[0].personalizationScore);
    const after = await home(cookie);
    assert.ok(
      !after.featuredProjects.some(({ id }) => id === before.featuredProjects[0].id),
      'not for me',
    );
    const html = await (await edge.get('/', { cookie })).text();
    assert.equal(decisionOf(html).engagementLevel, levels.at(-1).engagementLevel);
    const events = await until(() => {
      const all = forwarded().flatMap(({ body }) => body.interactions);
      return all.length === 4 && all;
    }, 'four events at the origin');
    assert.equal(new Set(events.map(({ eventId }) => eventId)).size, 4);
    assert.equal(new Set(events.map(({ visitorId }) => visitorId)).size, 1);
    assert.equal(events[1].feedback, 'positive');
    for (const { headers } of forwarded()) assert.equal(headers.cookie, undefined);
  });
  it('come with receipts of the origin, and count once however often they are sent', async () => {
    const [item] = (await home(known)).featuredProjects;
    const interactions = [{ eventId: 'e-1', contentId: item.id, action: 'convert' }];
    edge.origin.isDown = true;
    const away = await edge.post(EVENTS, { interactions }, { cookie: known });
    assert.equal(away.status, 202);
    const first = await away.json();
    assert.deepEqual(first.receipts, []);
    const cookie = cookieOf(away);
    assert.ok(cookie, 'in the record at once');
    edge.origin.isDown = false;
    const response = await edge.post(EVENTS, { interactions }, { cookie });
    const second = await response.json();
    assert.deepEqual(second.receipts, ['e-1']);
    assert.deepEqual(second.updatedProfile, first.updatedProfile);
    assert.equal(cookieOf(response), undefined);
    const again = await edge.post(EVENTS, { interactions }, { cookie });
    assert.deepEqual((await again.json()).updatedProfile, first.updatedProfile);
    assert.equal(cookieOf(again), undefined);
  });
  it('do not wait for the origin when asked not to', async () => {
    const [item] = (await home(known)).featuredProjects;
    const interactions = [{ eventId: 'e-2', contentId: item.id, action: 'click' }];
    const response = await edge.post(`${EVENTS}?wait=0`, { interactions }, { cookie: known });
    assert.equal(response.status, 202);
    assert.ok(cookieOf(response));
    await until(() => forwarded().length > 0, 'the event at the origin');
  });
  it('leave with what the page view was like: as a word, by its names, or by the request', async () => {
    const [item] = (await home(known)).featuredProjects;
    const phone = { 'user-agent': 'Mozilla/5.0 (iPhone)' };
    await click(known, item, { eventId: 'word', context: 0x3312 }, phone);
    await click(
      known,
      item,
      { eventId: 'names', context: { device: 'tablet', weekday: 7 } },
      phone,
    );
    await click(known, item, { eventId: 'request' }, phone);
    const events = await until(() => {
      const all = forwarded().flatMap(({ body }) => body.interactions);
      return all.length === 3 && all;
    }, 'three events at the origin');
    const context = Object.fromEntries(events.map((event) => [event.eventId, event.context]));
    assert.equal(context.word, 0x3312);
    assert.equal(context.names, 0x0703);
    assert.equal(context.request & 15, 2);
    assert.equal(context.request >> 12, 0, 'the page itself led here');
  });
  it('leave and stay nowhere without consent', async () => {
    const [item] = (await home(answered)).featuredProjects;
    const response = await click(answered, item);
    assert.equal((await response.json()).success, true);
    assert.equal(cookieOf(response), undefined);
    const batch = await edge.post(
      EVENTS,
      { interactions: [{ eventId: 'e-3', contentId: item.id, action: 'view' }] },
      { cookie: answered },
    );
    assert.deepEqual((await batch.json()).receipts, ['e-3'], 'nobody need keep it');
    assert.equal(cookieOf(batch), undefined);
    assert.equal(forwarded().length, 0);
  });
  it('are counted for no crawler', async () => {
    const [item] = (await home(known)).featuredProjects;
    await click(known, item, {}, { 'user-agent': 'Googlebot/2.1' });
    await click(known, item, { eventId: 'last' });
    await until(() => forwarded().length > 0, 'the other event');
    assert.deepEqual(
      forwarded().flatMap(({ body }) => body.interactions.map(({ eventId }) => eventId)),
      ['last'],
    );
  });
  it('are refused when they are none', async () => {
    const bad = [
      {},
      { contentId: 'x' },
      { contentId: 'x', action: 'buy' },
      { contentId: 'x', action: 'view', duration: -1 },
      { contentId: 'x', action: 'view', feedback: 'great' },
      { contentId: 7, action: 'view' },
      { contentId: 'x', action: 'view', contentType: 'nonsense' },
      { contentId: 'x', action: 'view', occurredAt: 'yesterday' },
      { contentId: 'x', action: 'view', position: 1.5 },
      { contentId: 'x', action: 'view', propensity: 2 },
      { contentId: 'x', action: 'view', context: 65536 },
      { contentId: 'x', action: 'view', context: { weekday: 200 } },
      { contentId: 'x', action: 'view', context: { weather: 'rain' } },
      { contentId: 'in no snapshot', action: 'view' },
    ];
    for (const body of bad) {
      const response = await edge.post('/api/personalization/interaction', body, { cookie: known });
      assert.equal(response.status, 422, JSON.stringify(body));
      assert.equal((await response.json()).code, 'invalid');
    }
    const large = { contentId: 'x', action: 'view', more: 'x'.repeat(10000) };
    assert.equal((await edge.post('/api/personalization/interaction', large)).status, 413);
    const text = await edge.post('/api/personalization/interaction', 'no json', {
      'content-type': 'text/plain',
    });
    assert.equal((await text.json()).code, 'bad_json');
  });
});

describe('the questionnaire', () => {
  it('is answered by the origin, with its token, and kept in the record', async () => {
    const response = await edge.post('/api/profile', {
      email: 'a@example.com',
      questionnaireData: answers,
    });
    const body = await response.json();
    assert.equal(body.token, 'the-token');
    assert.ok(body.profileId);
    const [{ body: sent, headers }] = edge.origin.seen;
    assert.deepEqual(sent.questionnaireData, answers);
    assert.equal(headers.cookie, undefined);
    const [set] = response.headers.getSetCookie();
    assert.match(set, /^__Host-fl=[\w-]+; Path=\/; Max-Age=\d+; Secure; SameSite=Lax$/);
    assert.ok(cookieOf(response).length < 1034);
    assert.doesNotMatch(recordOf(cookieOf(response)).toString('latin1'), /example|world/);
  });
  it('works as a form, without JavaScript', async () => {
    const form = new URLSearchParams([
      ['email', 'a@example.com'],
      ['format', 'Documentary'],
      ['materials', 'A pitch deck'],
      ['excited_parts[]', 'Getting the story right on the page'],
      ['want_consult', 'on'],
      ['logline', ''],
      ['consent', 'measurement'],
      ['next', '/thanks?x=1#top'],
    ]);
    const response = await edge.post('/api/profile', form.toString());
    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), '/thanks?x=1#top');
    const html = await (await edge.get('/', { cookie: cookieOf(response) })).text();
    assert.match(html, /data-fl-filled/);
    assert.equal(decisionOf(html).segment, 'Documentary');
    assert.ok(hasUnitId(cookieOf(response)));
    const [{ body }] = await until(
      () => edge.origin.seen.length > 0 && edge.origin.seen,
      'the profile',
    );
    assert.deepEqual(body.questionnaireData, {
      format: 'Documentary',
      materials: ['A pitch deck'],
      excited_parts: ['Getting the story right on the page'],
      want_consult: true,
    });
    assert.equal(body.email, 'a@example.com');
    assert.ok(body.visitorId);
  });
  it('keeps the profile’s token where it may, so that more answers and choices reach the same profile', async () => {
    const tokenOf = (response) =>
      response.headers.getSetCookie().find((text) => text.startsWith('__Host-fl-token='));
    const silent = await edge.post('/api/profile', { questionnaireData: answers });
    assert.equal(tokenOf(silent), undefined, 'not without consent');
    const first = await edge.post('/api/profile', { questionnaireData: answers, ...grant });
    assert.match(
      tokenOf(first),
      /^__Host-fl-token=the-token; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Lax$/,
    );
    assert.deepEqual(edge.origin.seen.at(-1).body.consent, {
      personalization: 'granted',
      measurement: 'granted',
      optedOut: false,
    });
    const cookie = `${cookieOf(first)}; ${tokenOf(first).split(';')[0]}`;
    const page = await (await edge.get('/', { cookie })).text();
    assert.match(page, /data-fl-filled/, 'it is no foreign cookie');

    const second = await edge.post('/api/profile', 'format=Animation', { cookie });
    assert.ok(tokenOf(second));
    const { headers, body } = edge.origin.seen.at(-1);
    assert.equal(headers.authorization, 'Bearer the-token');
    assert.deepEqual(body.consent, {}, 'no choice was made, so none is changed');

    edge.origin.seen.length = 0;
    const out = await edge.post('/api/privacy/consent', { optedOut: true }, { cookie });
    assert.match(tokenOf(out), /^__Host-fl-token=; Path=\/; Max-Age=0;/);
    const [told] = await until(() => edge.origin.seen.length > 0 && edge.origin.seen, 'the choice');
    assert.equal(told.url, '/api/privacy/consent');
    assert.equal(told.headers.authorization, 'Bearer the-token');
    assert.deepEqual(told.body, { optedOut: true });
  });
  it('sends lines as they were typed, and what is good though a field is refused', async () => {
    const form = new URLSearchParams({ format: 'Animation', description: 'one\r\ntwo' });
    await edge.post('/api/profile', form.toString());
    const { body } = edge.origin.seen.at(-1);
    assert.equal(body.questionnaireData.description, 'one\ntwo');
    assert.equal(body.lenient, true);
  });
  it('leads to no other site', async () => {
    const targets = [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      'javascript:alert(1)',
      '/.//evil.example',
      '',
    ];
    for (const next of targets) {
      const response = await edge.post(
        '/api/profile',
        new URLSearchParams({ format: 'Animation', next }).toString(),
      );
      const location = response.headers.get('location');
      const target = new URL(location, edge.url);
      assert.equal(target.origin, new URL(edge.url).origin, next);
    }
  });
  it('is taken from no other site', async () => {
    const foreign = [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
    ];
    for (const headers of foreign) {
      for (const path of [
        '/api/profile',
        '/api/privacy/consent',
        '/api/personalization/interaction',
        EVENTS,
      ]) {
        const response = await edge.post(path, 'format=Animation', headers);
        assert.equal(response.status, 403, JSON.stringify(headers));
        assert.equal(response.headers.getSetCookie().length, 0);
      }
    }
    const own = await edge.post('/api/profile', 'format=Animation', {
      origin: edge.url,
      'sec-fetch-site': 'same-origin',
    });
    assert.equal(own.status, 303);
  });
});

describe('consent', () => {
  it('is a form and JSON, and the later choice counts', async () => {
    const post = async (body, cookie) =>
      edge.post('/api/privacy/consent', body, cookie ? { cookie } : {});
    const granted = await post(
      { personalization: 'granted', measurement: 'granted', optedOut: false },
      answered,
    );
    assert.deepEqual((await granted.json()).consent, {
      personalization: 'granted',
      measurement: 'granted',
      optedOut: false,
    });
    assert.ok(hasUnitId(cookieOf(granted)));
    const unmeasured = await post('measurement=denied&next=/privacy', cookieOf(granted));
    assert.equal(unmeasured.status, 303);
    assert.equal(unmeasured.headers.get('location'), '/privacy');
    assert.ok(!hasUnitId(cookieOf(unmeasured)));
    assert.match(
      await (await edge.get('/', { cookie: cookieOf(unmeasured) })).text(),
      /data-fl-filled/,
    );
    const unclear = await post({ optedOut: 'yes' }, cookieOf(unmeasured));
    assert.equal(unclear.status, 422, 'never taken for a no');
    const out = await post({ optedOut: true }, cookieOf(unmeasured));
    assert.equal(await (await edge.get('/', { cookie: cookieOf(out) })).text(), page);
    assert.ok(recordOf(cookieOf(out)).length < recordOf(known).length, 'forgotten');
    const later = await profile({ questionnaireData: answers }, { cookie: cookieOf(out) });
    assert.equal(later, undefined, 'an opted-out visitor’s answers are not kept');
    const back = await post({ personalization: true }, cookieOf(out));
    assert.match(await (await edge.get('/', { cookie: cookieOf(back) })).text(), /data-fl-filled/);
  });

  const signals = [{ 'sec-gpc': '1' }, { dnt: '1' }];
  it('opt-in: silence keeps nothing; a questionnaire is used all the same; a choice beats a signal', async () => {
    for (const headers of [{}, ...signals]) {
      assert.equal(await (await edge.get('/', headers)).text(), page);
      assert.match(
        await (await edge.get('/', { cookie: answered, ...headers })).text(),
        /data-fl-filled/,
      );
      assert.ok(!hasUnitId(await profile({ questionnaireData: answers }, headers)));
      const withChoice = await edge.get('/', { cookie: known, ...headers });
      assert.match(await withChoice.text(), /data-fl-filled/);
      assert.equal(withChoice.headers.getSetCookie().length, 0);
    }
  });
  it('opt-out: silence is consent, a signal is not, and a crawler is nobody', async () => {
    const open = await startEdge({
      pages: { '/': { body: page } },
      bindings: { CONSENT_MODE: 'opt-out' },
    });
    try {
      const first = await open.get('/');
      assert.match(await first.text(), /data-fl-filled/);
      assert.ok(hasUnitId(cookieOf(first)));
      const second = await open.get('/', { cookie: cookieOf(first) });
      assert.equal(second.headers.getSetCookie().length, 0);
      for (const headers of [
        ...signals,
        { 'user-agent': 'Mozilla/5.0 (compatible; bingbot/2.0)' },
      ]) {
        const response = await open.get('/', headers);
        assert.equal(await response.text(), page, JSON.stringify(headers));
        assert.equal(response.headers.getSetCookie().length, 0);
      }
    } finally {
      await open.stop();
    }
  });
  it('a crawler gets the default even with a record', async () => {
    for (const agent of [
      'Googlebot/2.1 (+http://www.google.com/bot.html)',
      'facebookexternalhit/1.1',
      'Baiduspider',
    ]) {
      const response = await edge.get('/', { cookie: known, 'user-agent': agent });
      assert.equal(await response.text(), page, agent);
    }
    const phone = await edge.get('/', {
      cookie: known,
      'user-agent': 'Mozilla/5.0 (Linux; Android 9; CUBOT X19)',
    });
    assert.match(await phone.text(), /data-fl-filled/);
  });
});

describe('files', () => {
  it('are served with tags, compressed or not', async () => {
    for (const [name, type] of [
      ['sdk.js', /javascript/],
      ['elements.js', /javascript/],
      ['engine.wasm', /wasm/],
    ]) {
      const response = await edge.get(`/_fl/${name}`, { 'accept-encoding': 'gzip' });
      assert.match(response.headers.get('content-type'), type);
      const bytes = Buffer.from(await response.arrayBuffer());
      const plain = await edge.get(`/_fl/${name}`, { 'accept-encoding': 'identity' });
      assert.deepEqual(Buffer.from(await plain.arrayBuffer()), bytes);
      const etag = response.headers.get('etag');
      assert.equal((await edge.get(`/_fl/${name}`, { 'if-none-match': `W/${etag}` })).status, 304);
      if (name === 'engine.wasm') assert.ok(WebAssembly.validate(bytes));
    }
  });
  it('are those of the manifest, for ever under their hash', async () => {
    const envelope = await (await edge.get('/_fl/manifest.json')).json();
    const { packs } = JSON.parse(Buffer.from(envelope.payload, 'base64'));
    const pack = await edge.get(`/_fl/${packs[0].sha256}`);
    assert.match(pack.headers.get('cache-control'), /immutable/);
    assert.equal((await pack.arrayBuffer()).byteLength, packs[0].bytes);
    edge.origin.files['0'.repeat(64)] = 'other bytes';
    assert.equal((await edge.get(`/_fl/${'0'.repeat(64)}`)).status, 404);
    assert.equal((await edge.get('/_fl/secret')).status, 404);
    const plain = await edge.get(`/_fl/${packs[0].sha256}`, { 'accept-encoding': 'identity' });
    assert.equal((await plain.arrayBuffer()).byteLength, packs[0].bytes);
    assert.equal(pack.headers.get('content-encoding'), 'gzip');
    edge.origin.isDown = true;
    const kept = await edge.get(`/_fl/${packs[0].sha256}`);
    const unknown = await edge.get(`/_fl/${'1'.repeat(64)}`);
    edge.origin.isDown = false;
    assert.equal((await kept.arrayBuffer()).byteLength, packs[0].bytes);
    assert.equal(unknown.status, 503);
    assert.equal((await unknown.json()).code, 'unavailable');
    assert.equal((await edge.get('/_fl/toString')).status, 404);
  });
});
