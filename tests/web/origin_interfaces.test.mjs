// SPEC.md's classes that work on the origin, against the real one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ANSWERS, newSite, serve } from '../origin/program.mjs';

let site;
let origin;
let server;
let api;
let projects;
const people = [];

before(async () => {
  api = await import('../../build/web/interfaces.js');
  site = await newSite();
  origin = await serve(site);
  const apiKey = (await site.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
  server = { api: origin.base, apiKey };
  const { json } = await origin.call('GET', '/api/admin/content?limit=500', { token: apiKey });
  projects = json.content.filter(({ type }) => type === 'project').map(({ uuid }) => uuid);
  const body = { questionnaireData: ANSWERS, consent: { measurement: 'granted' } };
  for (let i = 0; i < 7; i++) {
    const { json } = await origin.call('POST', '/api/profile', { body });
    const own = { token: json.token, user: json.profileId };
    for (const contentId of i === 0 ? [projects[0]] : [projects[0], projects[1]]) {
      const event = { eventId: `${i}-${contentId}`, contentId, action: 'click' };
      await origin.call('POST', '/api/personalization/interaction', { ...own, body: event });
    }
    people.push(own);
  }
});

after(async () => {
  await origin.stop();
  site.remove();
});

test('CollaborativeFiltering.findSimilarUsers, on a server', async () => {
  const filtering = new api.CollaborativeFiltering(server);
  const users = await filtering.findSimilarUsers(people[0].user);
  assert.deepEqual(new Set(users.map(({ id }) => id)), new Set(people.slice(1).map((p) => p.user)));
  assert.equal((await filtering.findSimilarUsers(people[0].user, 2)).length, 2);
  await assert.rejects(filtering.findSimilarUsers('nobody'), { code: 'not_found', status: 404 });
  const visitor = new api.CollaborativeFiltering({ api: origin.base, token: people[0].token });
  await assert.rejects(visitor.findSimilarUsers(people[0].user), { code: 'unauthorized' });
});

test("CollaborativeFiltering.recommendBasedOnSimilarity, with the visitor's own token", async () => {
  const visitor = new api.CollaborativeFiltering({ api: origin.base, token: people[0].token });
  const all = await visitor.recommendBasedOnSimilarity(people[0].user, []);
  assert.deepEqual(
    all.map(({ id }) => id),
    [projects[1]],
  );
  const given = [{ id: projects[2] }, { id: projects[1], title: 'as given', extra: 1 }];
  const [one, ...rest] = await visitor.recommendBasedOnSimilarity(people[0].user, given);
  assert.equal(rest.length, 0);
  assert.equal(one.id, projects[1]);
  assert.equal(one.extra, 1);
  assert.ok(one.matchReason && one.confidence > 0);
  await assert.rejects(visitor.recommendBasedOnSimilarity(people[1].user, []), { status: 403 });
  const admin = new api.CollaborativeFiltering(server);
  const seen = await admin.recommendBasedOnSimilarity(people[0].user, []);
  assert.equal(seen[0].supporters, 6);
});

test('MLPersonalizationModel.train sends what it is given, and waits for the training', async () => {
  const model = new api.MLPersonalizationModel(undefined, server);
  const userData = Array.from({ length: 6 }, (_, i) => ({
    userId: `visitor-${i}`,
    eventId: `trained-${i}`,
    contentId: projects[3],
    action: 'click',
  }));
  await model.train(userData);
  const { json } = await origin.call('GET', '/api/admin/jobs', { token: server.apiKey });
  assert.equal(json.jobs[0].state, 'done');
  assert.equal(json.jobs[0].report.visitors, 13);
  await assert.rejects(new api.MLPersonalizationModel().train([]), { code: 'unauthorized' });
});

test('PersonalizationPrecomputer', async () => {
  const precomputer = new api.PersonalizationPrecomputer(server);
  await precomputer.precomputeForUser(people[0].user);
  await precomputer.precomputeForSegment({ id: 0 });
  await assert.rejects(precomputer.precomputeForSegment({ id: 999 }), { code: 'not_found' });
  await assert.rejects(precomputer.schedulePrecomputations(), /off-peak/);
});
