// Long work of the service: on request, and by itself in off-peak hours.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ANSWERS, newSite, serve } from './program.mjs';

/** Off-peak hours that the present is in. */
function hoursNow() {
  const text = (ms) => new Date(ms).toISOString().slice(11, 16);
  return `${text(Date.now() - 2 * 3600e3)}-${text(Date.now() + 2 * 3600e3)}`;
}

/** Retention runs beside it once a day, by itself. */
const learning = ({ jobs }) => jobs.filter(({ kind }) => kind !== 'retention');

let site;
let origin;
let key;

const admin = (method, at, body) =>
  origin.call(method, `/api/admin${at}`, { token: key, ...(body && { body }) });

async function ended(id) {
  for (;;) {
    const { json } = await admin('GET', `/jobs/${id}`);
    if (json.state === 'done' || json.state === 'failed') return json;
  }
}

const newProfile = async (consent) => {
  const body = { questionnaireData: ANSWERS, consent };
  const { json } = await origin.call('POST', '/api/profile', { body });
  return { token: json.token, user: json.profileId };
};

before(async () => {
  site = await newSite();
  origin = await serve(site);
  key = (await site.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
});

after(async () => {
  await origin.stop();
  site.remove();
});

test('training is a job, and so is a publish that asks for it', async () => {
  const queued = await admin('POST', '/train');
  assert.equal(queued.status, 202);
  assert.equal(queued.headers.get('location'), `/api/admin/jobs/${queued.json.id}`);
  assert.equal(queued.json.kind, 'train');
  const trained = await ended(queued.json.id);
  assert.equal(trained.state, 'done', trained.error);
  assert.ok(trained.report.modelBytes > 0 && trained.finishedAt >= trained.startedAt);
  const publish = await admin('POST', '/publish?background=true&note=from+a+job');
  assert.equal(publish.status, 202);
  const published = await ended(publish.json.id);
  assert.equal(published.report.version, 2);
  assert.equal((await origin.call('GET', '/healthz')).json.snapshotVersion, 2);
  const jobs = learning((await admin('GET', '/jobs')).json);
  assert.deepEqual(
    jobs.map(({ id }) => id),
    [publish.json.id, queued.json.id],
  );
  assert.equal((await admin('GET', '/jobs/nothing')).status, 404);
  assert.equal((await admin('POST', '/publish?background=maybe')).json.code, 'bad_parameter');
  assert.match((await origin.call('GET', '/metrics')).text, /footlight_trainings_total 1\n/);
});

test('precompute: a profile, a segment, the active', async () => {
  const granted = await newProfile({ measurement: 'granted' });
  const denied = await newProfile({ measurement: 'denied' });
  const one = await admin('POST', '/precompute', { userId: granted.user });
  assert.deepEqual(one.json, { userId: granted.user, snapshotVersion: 2, computed: true });
  assert.equal((await admin('POST', '/precompute', { userId: denied.user })).json.computed, false);
  const all = await admin('POST', '/precompute', { activeDays: 1 });
  assert.equal(all.status, 202);
  const done = await ended(all.json.id);
  assert.equal(done.state, 'done', done.error);
  assert.equal(done.report.active, 2);
  assert.equal(done.report.computed, 1);
  const everyone = (await admin('POST', '/precompute', { segmentId: 0 })).json;
  const hero = everyone.slates.find(({ slot }) => slot === 'hero');
  assert.equal(hero.items[0].type, 'hero');
  for (const [body, status, pointer] of [
    [{ userId: 'nobody' }, 404],
    [{ segmentId: 999 }, 404],
    [{ activeDays: 0 }, 422, '/activeDays'],
    [{ when: 'never' }, 422, '/when'],
    [{ userId: granted.user, segmentId: 0 }, 422],
    [{ activeDays: 1, when: 'off-peak' }, 409],
    [{ force: true }, 422, '/force'],
  ]) {
    const answer = await admin('POST', '/precompute', body);
    assert.equal(answer.status, status, JSON.stringify(body));
    if (pointer) assert.equal(answer.json.pointer, pointer);
  }
});

test('what was precomputed is what one gets without a snapshot', async () => {
  const other = await newSite();
  let service = await serve(other);
  const body = { questionnaireData: ANSWERS, consent: { measurement: 'granted' } };
  const { json } = await service.call('POST', '/api/profile', { body });
  const own = { token: json.token, user: json.profileId };
  await service.stop();
  assert.match((await other.footlight('precompute')).stdout, /Precomputed 1 of 1 active profiles/);
  assert.match(
    (await other.footlight('precompute', '--user', own.user)).stdout,
    /Precomputed the homepage/,
  );
  assert.match((await other.footlight('precompute', '--segment', '0')).stdout, /hero/);
  await assert.rejects(other.footlight('precompute', '--segment', '999'), /no segment/);
  service = await serve(other);
  const page = (await service.call('GET', '/api/personalization/homepage', own)).json;
  await service.stop();
  rmSync(path.join(other.data, 'publish/manifest.json'));
  service = await serve(other);
  assert.deepEqual((await service.call('GET', '/api/personalization/homepage', own)).json, page);
  await service.stop();
  other.remove();
});

test('in off-peak hours it learns once, whoever is started and however often', async () => {
  const night = await newSite();
  const services = [];
  const nightly = async (hours = hoursNow()) => {
    const service = await serve(night, '--off-peak', hours);
    services.push(service);
    return service;
  };
  const first = await nightly();
  while (!/nightly done/.test(first.log())) {
    assert.ok(!/failed/.test(first.log()), first.log());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const token = (await night.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
  const { json } = await first.call('GET', '/api/admin/jobs', { token });
  assert.equal(learning(json).length, 1);
  assert.equal(learning(json)[0].report.publish.version, 2);
  await first.stop();
  const again = await nightly();
  await nightly();
  // A job of its own shows that the schedule had its turn and took none.
  for (const service of services.slice(1)) {
    const { id } = (await service.call('POST', '/api/admin/train', { token })).json;
    let job;
    do job = (await service.call('GET', `/api/admin/jobs/${id}`, { token })).json;
    while (job.state === 'queued' || job.state === 'running');
    assert.equal(job.state, 'done', job.error);
    const jobs = learning((await service.call('GET', '/api/admin/jobs', { token })).json);
    assert.deepEqual(
      jobs.map(({ kind }) => kind),
      ['train'],
    );
  }
  assert.equal((await again.call('GET', '/healthz')).json.snapshotVersion, 2);
  for (const service of services.slice(1)) await service.stop();
  await assert.rejects(night.footlight('serve', '--off-peak', '2-5'), /02:00-05:00/);
  night.remove();
});
