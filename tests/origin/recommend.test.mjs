// Similar visitors, similar content and the recommendations made of them: what they say, and to whom.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newSite, serve } from './program.mjs';

let site;
let origin;
let key;
let projects;
const people = {};

const admin = (at, options = {}) =>
  origin.call('GET', `/api/admin${at}`, { token: key, ...options });
const ids = (items) => items.map(({ id }) => id);

async function person(answers, chosen = [], consent) {
  const { json } = await origin.call('POST', '/api/profile', {
    body: { questionnaireData: answers, ...(consent && { consent }) },
  });
  const own = { token: json.token, user: json.profileId };
  for (const contentId of chosen) {
    const body = { eventId: `${own.user}-${contentId}`, contentId, action: 'click' };
    await origin.call('POST', '/api/personalization/interaction', { ...own, body });
  }
  return own;
}

before(async () => {
  site = await newSite();
  origin = await serve(site);
  key = (await site.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
  const { json } = await admin('/content?limit=500');
  projects = json.content.filter(({ type }) => type === 'project').map(({ uuid }) => uuid);
  const film = { format: 'Feature Film', budget: '$15-50K' };
  people.target = await person(film, [projects[0]]);
  // Six who chose what the target did and one thing more, four of whom chose a third.
  people.alike = [];
  for (let i = 0; i < 6; i++) {
    const chosen = [projects[0], projects[1], ...(i < 4 ? [projects[2]] : [])];
    people.alike.push(await person(film, chosen));
  }
  people.other = await person({ format: 'TV Series' }, [projects[3]]);
  people.denied = await person(film, [projects[0]], { personalization: 'denied' });
});

after(async () => {
  await origin.stop();
  site.remove();
});

test('similar users: those who are alike, most alike first, and nobody who refused', async () => {
  const { json, status } = await admin(`/profiles/${people.target.user}/similar`);
  assert.equal(status, 200);
  assert.equal(json.profileId, people.target.user);
  const found = ids(json.similarUsers);
  assert.deepEqual(new Set(found.slice(0, 6)), new Set(people.alike.map(({ user }) => user)));
  assert.ok(!found.includes(people.target.user) && !found.includes(people.denied.user));
  const values = json.similarUsers.map(({ similarity }) => similarity);
  assert.deepEqual(
    values,
    [...values].sort((a, b) => b - a),
  );
  assert.equal(json.similarUsers[0].sharedAnswers, 2);
  assert.equal(json.similarUsers[0].sharedItems, 1);
  const two = await admin(`/profiles/${people.target.user}/similar?limit=2`);
  assert.deepEqual(two.json.similarUsers, json.similarUsers.slice(0, 2));
  assert.equal((await admin(`/profiles/${people.denied.user}/similar`)).status, 409);
  assert.equal((await admin('/profiles/nobody/similar')).status, 404);
  assert.equal((await admin(`/profiles/${people.target.user}/similar?limit=x`)).status, 400);
});

test('who opts out is gone from the next answer', async () => {
  const leaver = people.alike.pop();
  await origin.call('POST', '/api/privacy/consent', { ...leaver, body: { optedOut: true } });
  const { json } = await admin(`/profiles/${people.target.user}/similar?limit=24`);
  assert.ok(!ids(json.similarUsers).includes(leaver.user));
});

test('collaborative: administrators see who stands behind it, visitors only what five do', async () => {
  const at = `/profiles/${people.target.user}/recommendations?method=collaborative&type=project`;
  const { json } = await admin(at);
  assert.equal(json.method, 'collaborative');
  assert.deepEqual(ids(json.recommendations).slice(0, 2), [projects[1], projects[2]]);
  assert.equal(json.recommendations[0].supporters, 5);
  assert.ok(!ids(json.recommendations).includes(projects[0]), 'what was chosen is not recommended');
  for (const { matchReason, title, confidence } of json.recommendations)
    assert.ok(matchReason && title && confidence > 0 && confidence < 1);

  const own = await origin.call(
    'GET',
    '/api/personalization/recommendations?method=collaborative&type=project',
    people.target,
  );
  assert.deepEqual(ids(own.json.recommendations), [projects[1]]);
  assert.deepEqual(Object.keys(own.json.recommendations[0]).slice(0, 2), ['id', 'type']);
  for (const name of ['supporters', 'score', 'similarUsers'])
    assert.ok(!own.text.includes(name), `${name} is nobody else's business`);
});

test('content: what resembles the choices; the engine stays the default', async () => {
  const get = (query) =>
    origin.call('GET', `/api/personalization/recommendations${query}`, people.target);
  const content = (await get('?method=content&type=project&limit=3')).json.recommendations;
  assert.equal(content.length, 3);
  assert.match(content[0].matchReason, /^Because you looked at /);
  const similar = await origin.call(
    'GET',
    `/api/personalization/similar?contentId=${projects[0]}&type=project&limit=1`,
  );
  assert.equal(content[0].id, similar.json.similar[0].id);
  assert.deepEqual((await get('?method=engine')).json, (await get('')).json);
  assert.equal((await get('?method=magic')).json.code, 'bad_parameter');
  assert.equal((await get('?method=content&type=film')).json.code, 'bad_parameter');
});

test('one profile never reads of another, and a refusal gives nothing', async () => {
  const { target, other, denied } = people;
  const own = '/api/personalization/recommendations?method=collaborative';
  for (const [at, who, status] of [
    [own, {}, 401],
    [own, { token: target.token, user: other.user }, 403],
    [`/api/admin/profiles/${other.user}/similar`, { token: target.token }, 401],
    [`/api/admin/profiles/${other.user}/recommendations`, { token: target.token }, 401],
    [`/api/admin/profiles/${target.user}/similar`, { token: target.token }, 401],
    [`/api/admin/profiles/${target.user}/similar`, {}, 401],
    ['/api/admin/jobs', { token: target.token }, 401],
  ]) {
    const answer = await origin.call('GET', at, who);
    assert.equal(answer.status, status, at);
  }
  const content = (await site.footlight('keys', 'create', '--scope', 'content')).stdout.trim();
  for (const what of ['similar', 'recommendations']) {
    const at = `/api/admin/profiles/${target.user}/${what}`;
    assert.equal((await origin.call('GET', at, { token: content })).status, 403);
  }
  for (const at of ['train', 'precompute']) {
    const answer = await origin.call('POST', `/api/admin/${at}`, { token: content, body: {} });
    assert.equal(answer.status, 403);
  }
  for (const method of ['collaborative', 'content']) {
    const at = `/api/personalization/recommendations?method=${method}`;
    assert.deepEqual((await origin.call('GET', at, denied)).json, { recommendations: [] });
  }
});

test('similar content is the same for everybody, and may be kept', async () => {
  const get = (query) => origin.call('GET', `/api/personalization/similar${query}`);
  const { json, headers } = await get(`?contentId=${projects[0]}&limit=5&locale=en`);
  assert.match(headers.get('cache-control'), /^public, max-age=\d+$/);
  assert.equal(json.contentId, projects[0]);
  assert.equal(json.similar.length, 5);
  const values = json.similar.map(({ similarity }) => similarity);
  assert.deepEqual(
    values,
    [...values].sort((a, b) => b - a),
  );
  assert.ok(!ids(json.similar).includes(projects[0]));
  assert.ok(json.similar.every(({ type }) => type !== 'hero'));
  const named = (await admin(`/content/${projects[0]}`)).json.id;
  assert.deepEqual((await get(`?contentId=${named}&limit=5&locale=en`)).json, json);
  assert.deepEqual((await admin(`/content/${named}/similar?limit=5&locale=en`)).json, json);
  const services = (await get(`?contentId=${projects[0]}&type=service`)).json.similar;
  assert.ok(services.length > 0 && services.every(({ type }) => type === 'service'));
  assert.match(
    (await get(`?contentId=${projects[0]}`)).headers.get('vary') ?? '',
    /Accept-Language/,
  );
  assert.equal((await get('')).json.code, 'bad_parameter');
  assert.equal((await get('?contentId=nothing')).status, 404);
});

test('the command line says the same', async () => {
  const run = async (...args) => JSON.parse((await site.footlight(...args, '--json')).stdout);
  const users = await run('similar', 'users', people.target.user, '--limit', '3');
  const { json } = await admin(`/profiles/${people.target.user}/similar?limit=3`);
  assert.deepEqual(ids(users), ids(json.similarUsers));
  const content = await run('similar', 'content', projects[0], '--limit', '4');
  const same = await admin(`/content/${projects[0]}/similar?limit=4`);
  assert.deepEqual(ids(content), ids(same.json.similar));
  for (const method of ['engine', 'collaborative', 'content']) {
    const list = await run('recommend', people.target.user, '--method', method);
    const at = `/profiles/${people.target.user}/recommendations?method=${method}`;
    assert.deepEqual(ids(list), ids((await admin(at)).json.recommendations), method);
    for (const { matchReason } of list) assert.ok(matchReason);
  }
  await assert.rejects(site.footlight('similar', 'users', people.denied.user), /opted out/);
  await assert.rejects(site.footlight('recommend', 'nobody'), /no profile/);
  await assert.rejects(site.footlight('similar', 'content', 'nothing'), /no item/);
});
