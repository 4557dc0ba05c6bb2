// A model that is worse than the live one: refused by command, by request and as a job, each with both numbers; what was
// live stays live; and whoever insists gets it published, with a note that says so.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newSite, serve } from './program.mjs';

const VISITORS = 240;
const KIND = 4; // projects 0 to 3 are of one kind, 4 to 7 of the other
const DAY_MS = 86_400_000;

const SITE = {
  name: 'Two kinds',
  locales: ['en'],
  slots: [{ id: 1, name: 'projects', types: ['project'], limit: 2, max_limit: 4 }],
  questions: [],
};

let site;
let origin;
let key;
let live;

async function load(what, rows) {
  const file = join(site.data, `${what}.jsonl`);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await site.footlight('import', what, file);
}

/** `choices`: [visitor, project] in order. */
const choose = (choices, at) =>
  load(
    'interactions',
    choices.map(([visitor, project], i) => ({
      visitorId: visitor,
      contentId: `p${project}`,
      action: 'click',
      occurredAt: new Date(at + i).toISOString(),
    })),
  );

const admin = (method, path) => origin.call(method, `/api/admin${path}`, { token: key });
const versions = async () =>
  (await admin('GET', '/snapshots')).json.snapshots.map(
    ({ version, state }) => `${version} ${state}`,
  );

const own = (visitor) => (visitor % 2) * KIND;
const steps = (visitor) => [visitor >> 1, (visitor >> 1) + 1 + ((visitor >> 3) % 3)];

before(async () => {
  site = await newSite({ publish: false });
  const file = join(site.data, 'site.json');
  writeFileSync(file, JSON.stringify(SITE));
  await site.footlight('import', 'site', file);
  await load(
    'content',
    Array.from({ length: 2 * KIND }, (_, i) => ({
      id: `p${i}`,
      type: 'project',
      body: { title: `P${i}` },
    })),
  );
  const visitors = Array.from({ length: VISITORS }, (_, v) => v);
  // Everybody chooses two of their kind, and a model learns that.
  const past = Date.now() - 3 * DAY_MS;
  await choose(
    visitors.flatMap((v) => steps(v).map((k) => [`v${v}`, own(v) + (k % KIND)])),
    past,
  );
  await site.footlight('train');
  await site.footlight('publish');
  // Robots choose across the kinds, ten times as often, and the next model believes them.
  await choose(
    Array.from({ length: 10 * VISITORS }, (_, r) => [
      [`r${r}`, r % (2 * KIND)],
      [`r${r}`, (r + KIND) % (2 * KIND)],
    ]).flat(),
    past + DAY_MS,
  );
  await site.footlight('train');
  // Afterwards everybody chooses a third of their kind.
  await choose(
    visitors.map((v) => {
      const chosen = steps(v).map((k) => k % KIND);
      return [`v${v}`, own(v) + [0, 1, 2, 3].find((k) => !chosen.includes(k))];
    }),
    Date.now() - VISITORS,
  );
  origin = await serve(site);
  key = (await site.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
  live = await versions();
});
after(async () => {
  await origin?.stop();
  site.remove();
});

const unchanged = async () => {
  assert.deepEqual(await versions(), live);
  assert.equal((await origin.call('GET', '/healthz')).json.snapshotVersion, 1);
};
const NUMBERS = /held-out.* \d\.\d+ against \d\.\d+/;

test('the request is answered 409 worse_model with both numbers', async () => {
  const { status, json, headers } = await admin('POST', '/publish');
  assert.equal(status, 409, JSON.stringify(json));
  assert.match(headers.get('content-type'), /^application\/problem\+json/);
  assert.equal(json.code, 'worse_model');
  assert.equal(json.title, 'The new model is worse than the live one.');
  assert.match(json.detail, NUMBERS);
  await unchanged();
});

test('the job is done, and its report says why nothing was published', async () => {
  const { status, json } = await admin('POST', '/publish?background=true');
  assert.equal(status, 202);
  let job;
  do job = (await admin('GET', `/jobs/${json.id}`)).json;
  while (job.state === 'queued' || job.state === 'running');
  assert.deepEqual([job.state, job.error], ['done', null]);
  assert.deepEqual(Object.keys(job.report), ['refused']);
  assert.match(job.report.refused, NUMBERS);
  await unchanged();
});

test('the command ends with 1, both numbers, and what overrides it', async () => {
  await assert.rejects(site.footlight('publish'), ({ code, stderr }) => {
    assert.equal(code, 1);
    assert.match(stderr, NUMBERS);
    assert.match(stderr, /--force/);
    return true;
  });
  await unchanged();
});

test('who insists gets it, and the version says so', async () => {
  assert.equal((await admin('POST', '/publish?force=perhaps')).json.code, 'bad_parameter');
  const { status, json } = await admin('POST', '/publish?force=true&note=on+purpose');
  assert.equal(status, 200, JSON.stringify(json));
  assert.ok(json.version > 1);
  const { snapshots } = (await admin('GET', '/snapshots')).json;
  const [forced] = snapshots;
  assert.deepEqual([forced.version, forced.state], [json.version, 'live']);
  assert.match(forced.note, /forced although worse: held-out/);
  assert.match(forced.note, /on purpose/);
  assert.deepEqual([forced.gate.verdict, forced.gate.forced], ['worse', true]);
  assert.ok(forced.gate.heldOut.candidate < forced.gate.heldOut.live);
  assert.equal((await origin.call('GET', '/healthz')).json.snapshotVersion, forced.version);
});
