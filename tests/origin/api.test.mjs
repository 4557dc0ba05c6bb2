// The API as SPEC.md shows it, and who may do what.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ANSWERS, newSite, serve } from './program.mjs';

let site;
let origin;
let key;
let outbox;

before(async () => {
  site = await newSite();
  outbox = path.join(site.data, 'outbox');
  origin = await serve(
    site,
    '--mail-outbox',
    outbox,
    '--claim-url',
    'https://example.com/claim',
    '--cors-origin',
    'https://example.com',
  );
  key = (await site.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
});

after(async () => {
  const { code } = await origin.stop();
  assert.equal(code, 0, 'SIGTERM ends it in order');
  site.remove();
});

const newProfile = async (body = { questionnaireData: ANSWERS }) => {
  const { status, json } = await origin.call('POST', '/api/profile', { body });
  assert.equal(status, 200);
  return { token: json.token, user: json.profileId, json };
};

const isUuid = (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

test('POST /api/profile answers with score, recommendations, token and record', async () => {
  const { json } = await newProfile({ email: 'first@example.com', questionnaireData: ANSWERS });
  assert.equal(json.success, true);
  assert.ok(isUuid(json.profileId));
  assert.equal(json.personalization.enabled, true);
  assert.ok(json.personalization.score > 50 && json.personalization.score <= 100);
  const [first] = json.personalization.recommendations;
  assert.equal(first.type, 'featured_project');
  assert.ok(isUuid(first.id));
  assert.match(first.reason, /feature films/);
  assert.ok(first.confidence > 0 && first.confidence < 1);
  assert.ok(json.token.length >= 40);
  assert.match(json.record, /^[\w-]{10,1024}$/);
});

test('the homepage has the shape of SPEC.md, and follows the answers', async () => {
  const film = await newProfile();
  const { json, headers } = await origin.call('GET', '/api/personalization/homepage', film);
  assert.deepEqual(Object.keys(json), ['hero', 'featuredProjects', 'testimonials', 'services']);
  assert.ok(
    json.hero.title && json.hero.subtitle && json.hero.ctaText && json.hero.backgroundVideo,
  );
  assert.equal(json.featuredProjects.length, 6);
  assert.equal(json.testimonials.length, 3);
  assert.equal(json.services.length, 4);
  for (const item of [
    json.hero,
    ...json.featuredProjects,
    ...json.testimonials,
    ...json.services,
  ]) {
    assert.deepEqual(Object.keys(item).slice(0, 2), ['id', 'type']);
    assert.deepEqual(Object.keys(item).slice(-3), ['matchReason', 'confidence', 'engagementRate']);
  }
  assert.equal(headers.get('cache-control'), 'no-store');
  const again = await origin.call('GET', '/api/personalization/homepage', film);
  const third = await origin.call('GET', '/api/personalization/homepage', film);
  assert.deepEqual(again.json, json);
  assert.deepEqual(third.json, json);
  const german = await origin.call('GET', '/api/personalization/homepage?locale=de', film);
  assert.match(german.json.hero.matchReason, /Spielfilm/);
  const series = await newProfile({ questionnaireData: { format: 'tv_series' } });
  const other = await origin.call('GET', '/api/personalization/homepage', series);
  assert.notEqual(other.json.hero.id, json.hero.id);
});

test('recommendations take type and limit', async () => {
  const who = await newProfile();
  const get = (query) => origin.call('GET', `/api/personalization/recommendations${query}`, who);
  const { json } = await get('?type=resource&limit=3');
  assert.equal(json.recommendations.length, 3);
  for (const item of json.recommendations) assert.equal(item.type, 'resource');
  const c = (await get('')).json.recommendations.map(({ confidence }) => confidence);
  assert.deepEqual(
    c,
    [...c].sort((a, b) => b - a),
  );
  assert.equal((await get('?type=film')).json.code, 'bad_parameter');
  assert.equal((await get('?limit=0')).json.code, 'bad_parameter');
  assert.equal((await get('?limit=1x')).json.code, 'bad_parameter');
});

test('an interaction raises the scores and shows in the next decision', async () => {
  const who = await newProfile({ questionnaireData: { format: 'Documentary' } });
  const page = () => origin.call('GET', '/api/personalization/homepage', who);
  const first = (await page()).json;
  await page();
  const { id } = first.featuredProjects[0];
  const body = {
    eventId: 'x-1',
    contentId: id,
    contentType: 'featured_project',
    action: 'convert',
    duration: 12000,
    feedback: 'negative',
  };
  await origin.call('POST', '/api/personalization/interaction', { ...who, body });
  const next = (await page()).json;
  assert.ok(
    !next.featuredProjects.some((item) => item.id === id),
    'what was disliked is gone at once',
  );
  let level = 0;
  for (const [i, item] of first.services.entries()) {
    const { json } = await origin.call('POST', '/api/personalization/interaction', {
      ...who,
      body: {
        eventId: `x-2-${i}`,
        contentId: item.id,
        action: 'convert',
        duration: 60000,
        feedback: 'positive',
      },
    });
    assert.ok(json.updatedProfile.engagementLevel >= level);
    level = json.updatedProfile.engagementLevel;
  }
  assert.ok(level >= 4);
  const stats = (await origin.call('GET', '/api/admin/stats', { token: key })).json;
  assert.ok(stats.interactions >= 5);
});

test('an event id counts once, in single and batch form', async () => {
  const who = await newProfile();
  const { id } = (await origin.call('GET', '/api/personalization/homepage', who)).json.hero;
  const event = { eventId: 'once', contentId: id, action: 'click' };
  await origin.call('POST', '/api/personalization/interaction', { ...who, body: event });
  const { json } = await origin.call('POST', '/api/personalization/interactions', {
    ...who,
    body: {
      interactions: [
        event,
        { ...event, eventId: 'twice' },
        { ...event, eventId: 'twice' },
        { eventId: 'odd', contentId: id, action: 'stare' },
        { eventId: 'gone', contentId: 'no-such-thing', action: 'click' },
      ],
    },
  });
  assert.equal(json.counted, 1);
  assert.equal(json.duplicates, 2);
  assert.deepEqual(
    json.refused.map(({ code }) => code),
    ['unknown', 'unknown_content'],
  );
  assert.deepEqual(
    json.receipts,
    ['once', 'twice', 'twice', 'odd', 'gone'],
    'none need be sent again',
  );
  assert.ok(json.updatedProfile.engagementLevel >= 1);
});

test('a visitor without a token is known by visitorId, also after the questionnaire', async () => {
  const visitorId = Buffer.from('12345678').toString('base64url');
  const all = await origin.call('GET', '/api/admin/content?limit=1', { token: key });
  const contentId = all.json.content[0].uuid;
  const send = (eventId) =>
    origin.call('POST', '/api/personalization/interactions', {
      body: {
        interactions: [{ eventId, contentId, action: 'convert', duration: 60000, visitorId }],
      },
    });
  assert.equal((await send('v-1')).json.updatedProfile, undefined);
  await newProfile({ questionnaireData: ANSWERS, visitorId });
  assert.ok(
    (await send('v-2')).json.updatedProfile.engagementLevel > 1,
    'the profile learns from the edge',
  );
});

test('validation names code and pointer', async () => {
  const post = (body, options = {}) => origin.call('POST', '/api/profile', { body, ...options });
  for (const [body, status, code, pointer] of [
    ['{', 400, 'bad_json'],
    ['['.repeat(100), 400, 'bad_json'],
    [{ questionnaireData: { format: 'Opera' } }, 422, 'invalid', '/questionnaireData/format'],
    [{ questionnaireData: { shoe_size: '44' } }, 422, 'invalid', '/questionnaireData/shoe_size'],
    [{ email: 'nobody' }, 422, 'invalid', '/email'],
    [{ role: 'admin' }, 422, 'invalid', '/role'],
    [[], 422, 'invalid'],
  ]) {
    const { status: got, json, headers } = await post(body);
    assert.equal(got, status, JSON.stringify(body));
    assert.equal(json.code, code);
    assert.equal(json.pointer, pointer);
    assert.equal(headers.get('content-type'), 'application/problem+json');
    assert.equal(headers.get('x-request-id'), json.requestId);
  }
  assert.equal(
    (await post('a=b', { type: 'application/x-www-form-urlencoded' })).json.code,
    'unsupported_media_type',
  );
  assert.equal(
    (await post('x', { type: 'multipart/form-data; boundary=b' })).json.code,
    'unsupported_media_type',
  );
});

test('who may do what', async () => {
  const a = await newProfile();
  const b = await newProfile();
  const content = (await site.footlight('keys', 'create', '--scope', 'content')).stdout.trim();
  const read = (await site.footlight('keys', 'create', '--scope', 'read')).stdout.trim();
  const page = '/api/personalization/homepage';
  const doc = { id: 'matrix', type: 'deck', body: { title: 'M' } };
  for (const [method, at, who, status] of [
    ['GET', page, {}, 401],
    ['GET', page, { user: a.user }, 401],
    ['GET', page, { token: 'nonsense' }, 401],
    ['GET', page, { token: `flt_${'A'.repeat(43)}`, user: a.user }, 401],
    ['GET', page, a, 200],
    ['GET', page, { token: a.token }, 200],
    ['GET', page, { token: a.token, user: b.user }, 403],
    ['GET', page, { token: a.token, user: 'me' }, 403],
    ['GET', page, { token: key }, 401],
    ['POST', '/api/privacy/consent', { body: {} }, 401],
    [
      'POST',
      '/api/personalization/interaction',
      { token: 'x', body: { contentId: 'a', action: 'view' } },
      401,
    ],
    ['POST', '/api/profile', { token: 'x', body: {} }, 401],
    ['GET', '/api/admin/stats', {}, 401],
    ['GET', '/api/admin/stats', { token: a.token }, 401],
    ['GET', '/api/admin/stats', { token: read }, 200],
    ['POST', '/api/admin/content', { token: read, body: doc }, 403],
    ['POST', '/api/admin/content', { token: content, body: doc }, 201],
    ['POST', '/api/admin/content', { token: content, body: doc }, 409],
    ['POST', '/api/admin/publish', { token: content }, 403],
    ['PUT', '/api/admin/site', { token: content, body: {} }, 403],
    ['DELETE', '/api/admin/content/matrix', { token: read }, 403],
    ['DELETE', '/api/admin/content/matrix', { token: content }, 204],
    ['DELETE', '/api/admin/content/matrix', { token: content }, 404],
    ['PATCH', '/api/admin/stats', { token: key }, 405],
    ['GET', '/api/nothing', {}, 404],
  ]) {
    const { status: got, text } = await origin.call(method, at, who);
    assert.equal(
      got,
      status,
      `${method} ${at} ${JSON.stringify(Object.keys(who))}: ${text.slice(0, 200)}`,
    );
  }
});

test('the owner updates; an address that is held changes nothing that can be seen', async () => {
  const email = 'held@example.com';
  const first = await newProfile({ email, questionnaireData: { format: 'Animation' } });
  const second = await newProfile({
    email: 'HELD@example.com',
    questionnaireData: { format: 'Animation' },
  });
  assert.notEqual(first.user, second.user);
  const shape = ({ json }) => JSON.stringify({ ...json, profileId: 0, token: 0 });
  assert.equal(shape(first), shape(second));
  const updated = await origin.call('POST', '/api/profile', {
    ...first,
    body: { questionnaireData: { format: 'Short Film' } },
  });
  assert.equal(updated.json.profileId, first.user);
  assert.equal(updated.json.token, first.token);
  const hero = (await origin.call('GET', '/api/personalization/homepage', first)).json.hero;
  assert.match(hero.matchReason, /short films/);
  // The holder of the address gets a link, once.
  let mails = [];
  for (let i = 0; i < 100 && mails.length === 0; i++) {
    mails = readdirSync(outbox);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(mails.length, 1);
  // Asking again fills nobody's mailbox; the mail to another holder comes behind what these would have sent.
  for (const to of [email, email, 'other@example.com', 'other@example.com'])
    await origin.call('POST', '/api/profile', { body: { email: to, questionnaireData: {} } });
  const sent = () =>
    readdirSync(outbox).map((name) => readFileSync(path.join(outbox, name), 'utf8'));
  while (!sent().some((text) => text.includes('other@example.com')))
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(sent().filter((text) => text.includes(email)).length, 1);
  const mail = JSON.parse(readFileSync(path.join(outbox, mails[0]), 'utf8'));
  assert.equal(mail.to, email);
  assert.equal(mail.url, `https://example.com/claim#${mail.claim}`);
  const claim = () => origin.call('POST', '/api/profile/claim', { body: { claim: mail.claim } });
  const claimed = await claim();
  assert.equal(claimed.json.profileId, first.user);
  assert.equal((await claim()).status, 401);
  assert.equal(
    (await origin.call('GET', '/api/personalization/homepage', { token: claimed.json.token }))
      .status,
    200,
  );
});

test('a denial leaves nothing of the page behind, however it comes', async () => {
  const other = await newSite();
  let service = await serve(other);
  const answers = { questionnaireData: ANSWERS, consent: { measurement: 'granted' } };
  const people = [];
  for (const consent of [
    undefined,
    ['/api/profile', { consent: { optedOut: true } }],
    ['/api/profile', { consent: { personalization: 'denied' } }],
    ['/api/privacy/consent', { optedOut: true }],
  ]) {
    const { json } = await service.call('POST', '/api/profile', { body: answers });
    const own = { token: json.token, user: json.profileId };
    assert.equal((await service.call('GET', '/api/personalization/homepage', own)).status, 200);
    if (consent) await service.call('POST', consent[0], { body: consent[1], ...own });
    people.push(own);
  }
  await service.stop();
  rmSync(path.join(other.data, 'publish/manifest.json'));
  service = await serve(other);
  const statuses = [];
  for (const own of people)
    statuses.push((await service.call('GET', '/api/personalization/homepage', own)).status);
  assert.deepEqual(statuses, [200, 503, 503, 503], 'only the first is shown a page of before');
  await service.stop();
  other.remove();
});

test('what a section showed earns its own score', async () => {
  // Written behind the answer, so one has to look until it is there.
  const grown = async (contents) => {
    for (;;) {
      const now = await stats();
      if (now.contents > contents) return now;
    }
  };
  const stats = async () => {
    const { json } = await origin.call('GET', '/api/admin/stats', { token: key });
    const { contents = 0, engagementScore = 0 } =
      json.sections.find(({ section }) => section === 'featured_projects') ?? {};
    return { contents, total: Math.round(contents * engagementScore) };
  };
  const empty = await stats();
  const own = await newProfile({
    questionnaireData: { format: 'Animation' },
    consent: { measurement: 'granted', personalization: 'granted' },
  });
  const page = await origin.call('GET', '/api/personalization/homepage', own);
  const before = await grown(empty.contents);
  await origin.call('POST', '/api/personalization/interaction', {
    body: { contentId: page.json.featuredProjects[0].id, action: 'convert' },
    ...own,
  });
  const after = await stats();
  assert.ok(after.total > before.total);
  await origin.call('GET', '/api/personalization/homepage', own);
  const next = await grown(after.contents);
  assert.equal(next.total, after.total, 'and the score stays with what earned it');
});

test('opting out gives the page of somebody unknown', async () => {
  const who = await newProfile();
  const { json } = await origin.call('POST', '/api/privacy/consent', {
    ...who,
    body: { optedOut: true },
  });
  assert.deepEqual(json.consent, {
    personalization: 'unset',
    measurement: 'unset',
    training: 'denied',
    optedOut: true,
  });
  const page = (await origin.call('GET', '/api/personalization/homepage', who)).json;
  assert.doesNotMatch(page.hero.matchReason, /feature films/);
  const before = (await origin.call('GET', '/api/admin/stats', { token: key })).json.interactions;
  const body = { contentId: page.hero.id, action: 'click' };
  assert.equal(
    (await origin.call('POST', '/api/personalization/interaction', { ...who, body })).status,
    200,
  );
  assert.equal(
    (await origin.call('GET', '/api/admin/stats', { token: key })).json.interactions,
    before,
    'nothing is kept',
  );
  const back = await origin.call('POST', '/api/privacy/consent', {
    ...who,
    body: { personalization: 'granted' },
  });
  assert.equal(back.json.consent.optedOut, false);
});

test('content is imported with errors by row, and published', async () => {
  const rows = [
    '{"id":"n1","type":"resource","body":{"title":"N"}}',
    '{"id":"n2","type":"film","body":{}}',
    '{',
  ].join('\n');
  const { json } = await origin.call('POST', '/api/admin/content/import', {
    token: key,
    body: rows,
    type: 'application/x-ndjson',
  });
  assert.deepEqual([json.rows, json.created, json.refused], [3, 1, 2]);
  assert.deepEqual(
    json.errors.map(({ line }) => line),
    [2, 3],
  );
  const csv =
    'id,type,body.title,attributes.format\r\nn3,resource,"A, ""B""",tv_series|animation\r\n';
  const second = await origin.call('POST', '/api/admin/content/import', {
    token: key,
    body: csv,
    type: 'text/csv',
  });
  assert.equal(second.json.created, 1);
  const item = (await origin.call('GET', '/api/admin/content/n3', { token: key })).json;
  assert.equal(item.body.title, 'A, "B"');
  assert.deepEqual(item.attributes.format, ['tv_series', 'animation']);
  const put = await origin.call('PUT', '/api/admin/content/n3', {
    token: key,
    body: { ...item, body: { title: 'C' } },
  });
  assert.equal(put.json.body.title, 'C');
  assert.equal(put.json.itemId, item.itemId);
  const before = (await origin.call('GET', '/healthz')).json.snapshotVersion;
  const published = await origin.call('POST', '/api/admin/publish', { token: key });
  assert.equal(published.status, 200, published.text);
  assert.equal((await origin.call('GET', '/healthz')).json.snapshotVersion, published.json.version);
  const rolled = await origin.call('POST', `/api/admin/snapshots/${before}/rollback`, {
    token: key,
  });
  assert.equal(rolled.status, 200, rolled.text);
  assert.ok(rolled.json.version > published.json.version);
  const list = (await origin.call('GET', '/api/admin/snapshots', { token: key })).json.snapshots;
  assert.equal(list[0].state, 'live');
  const manifest = await origin.call('GET', '/snapshots/manifest.json');
  const payload = JSON.parse(Buffer.from(manifest.json.payload, 'base64').toString());
  const file = await fetch(`${origin.base}/snapshots/${payload.snapshot.sha256}`);
  assert.equal((await file.arrayBuffer()).byteLength, payload.snapshot.bytes);
  assert.match(file.headers.get('cache-control'), /immutable/);
  assert.equal((await origin.call('GET', '/snapshots/..%2f..%2ffootlight.db')).status, 404);
  assert.equal((await origin.call('POST', '/api/admin/train', { token: key })).status, 202);
});

test('OpenAPI says what the routes do', async () => {
  const { json } = await origin.call('GET', '/openapi.json');
  assert.equal(json.openapi, '3.1.0');
  const schemas = json.components.schemas;
  for (const [at, operations] of Object.entries(json.paths)) {
    const url = at.replace(/\{\w+\}/g, '1');
    for (const [method, operation] of Object.entries(operations)) {
      // An API key alone, no body: whatever the answer, the route is there.
      const { status, json: problem } = await origin.call(method.toUpperCase(), url, {});
      assert.notEqual(status, 405, `${method} ${at}`);
      const needsKey = operation.security.some(
        (one) => 'apiKey' in one || ('visitorToken' in one && operation.security.length === 1),
      );
      if (needsKey) assert.equal(status, 401, `${method} ${at}`);
      else if (status === 404) assert.equal(problem.code, 'not_found');
      else assert.notEqual(status, 401, `${method} ${at}`);
      for (const [, name] of JSON.stringify(operation).matchAll(/#\/components\/schemas\/(\w+)/g))
        assert.ok(schemas[name], name);
    }
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      if (operations[method.toLowerCase()]) continue;
      const { status } = await origin.call(method, url, method === 'GET' ? {} : { body: {} });
      assert.ok(
        [404, 405, 401].includes(status),
        `${method} ${at} is not in the document and gave ${status}`,
      );
    }
  }
});

test('CORS answers those on the list and nobody else', async () => {
  const ask = (from) =>
    origin.call('OPTIONS', '/api/profile', {
      headers: { origin: from, 'access-control-request-method': 'POST' },
    });
  assert.equal(
    (await ask('https://example.com')).headers.get('access-control-allow-origin'),
    'https://example.com',
  );
  assert.equal(
    (await ask('https://evil.example')).headers.get('access-control-allow-origin'),
    null,
  );
});
