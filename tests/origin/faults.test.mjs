// A disk that is full, fails or is read-only, a page that is damaged, a clock that goes back: what was acknowledged stays,
// what cannot be stored is refused with a word, pages are served all the while, and it goes on when it is over.
import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { newSite, PROGRAM, run, serve } from './program.mjs';
import { sql, value } from './sqlite.mjs';

/** The thread sanitizer’s own calls come before those of a preloaded library. */
const options = { skip: /build\/tsan\//.test(PROGRAM) && 'needs the program that ships' };
const LIBRARY = path.join(path.resolve(import.meta.dirname, '../..'), 'build/release/libfaults.so');

let site;
let origin;
let who;
let folder;
let sent = 0;
const database = () => path.join(site.data, 'footlight.db');
const fault = (text) => writeFileSync(path.join(folder, 'faults'), text);
const interaction = (number = ++sent) =>
  origin.call('POST', '/api/personalization/interactions', {
    ...who,
    body: {
      interactions: [
        { eventId: `e${number}`, contentId: who.contentId, action: 'click', duration: number },
      ],
    },
  });
const numbers = () =>
  sql(database(), 'SELECT duration_ms AS n FROM interactions WHERE action = 1 ORDER BY n').map(
    ({ n }) => n,
  );
const pagesAreServed = async () => {
  assert.equal((await origin.call('GET', '/api/personalization/homepage', who)).status, 200);
  assert.equal((await origin.call('GET', '/healthz')).json.status, 'ok');
  assert.equal((await origin.call('GET', '/snapshots/manifest.json')).status, 200);
};

beforeEach(async () => {
  site = await newSite();
  folder = mkdtempSync(path.join(tmpdir(), 'footlight-faults-'));
  fault('none');
  sent = 0;
  process.env.LD_PRELOAD = LIBRARY;
  process.env.FOOTLIGHT_FAULTS = path.join(folder, 'faults');
  process.env.FOOTLIGHT_FAULTS_UNDER = site.data;
  origin = await serve(site);
  for (const name of ['LD_PRELOAD', 'FOOTLIGHT_FAULTS', 'FOOTLIGHT_FAULTS_UNDER'])
    delete process.env[name];
  const { json } = await origin.call('POST', '/api/profile', {
    body: {
      questionnaireData: { format: 'Animation' },
      consent: { personalization: true, measurement: true },
    },
  });
  who = {
    token: json.token,
    user: json.profileId,
    contentId: json.personalization.recommendations[0].id,
  };
});
afterEach(async () => {
  await origin.stop();
  site.remove();
  rmSync(folder, { recursive: true });
});

for (const [name, what] of [
  ['full', 'a full disk'],
  ['fsync', 'a disk whose fsync fails'],
  ['readonly', 'a disk that is read-only'],
]) {
  test(`${what}: refused, served, and gone on with`, options, async () => {
    const acknowledged = [];
    for (let i = 0; i < 5; i++) {
      assert.equal((await interaction()).status, 200);
      acknowledged.push(sent);
    }
    fault(name);
    for (let i = 0; i < 5; i++) {
      const { status, json, headers } = await interaction();
      assert.equal(status, 503, JSON.stringify(json));
      assert.equal(json.code, 'unavailable');
      assert.equal(headers.get('retry-after'), '1');
    }
    assert.equal((await origin.call('DELETE', '/api/privacy/profile', who)).status, 503);
    await pagesAreServed();
    assert.match((await origin.call('GET', '/metrics')).text, /store_failures_total [1-9]/);
    fault('none');
    // The senders come again with what they have no receipt for, and with what they have.
    for (let number = 1; number <= sent; number++)
      assert.equal((await interaction(number)).status, 200);
    assert.deepEqual(
      numbers(),
      Array.from({ length: sent }, (_, i) => i + 1),
    );
    await pagesAreServed();
    assert.equal(
      (await origin.call('GET', '/api/privacy/export', who)).json.answers.format,
      'animation',
    );
    await origin.stop('SIGKILL');
    origin = await serve(site);
    assert.deepEqual(numbers().slice(0, acknowledged.length), acknowledged);
    await pagesAreServed();
  });
}

test('a clock that goes back by a day, and comes again', options, async () => {
  assert.equal((await interaction()).status, 200);
  fault('clock -86400000');
  assert.equal((await interaction()).status, 200);
  await pagesAreServed();
  const made = await origin.call('POST', '/api/profile', { body: { questionnaireData: {} } });
  assert.equal(made.status, 200);
  const key = (await site.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
  assert.equal(
    (await origin.call('POST', '/api/admin/publish?force=true', { token: key })).status,
    200,
  );
  const version = (await origin.call('GET', '/healthz')).json.snapshotVersion;
  fault('none');
  assert.equal((await interaction()).status, 200);
  await pagesAreServed();
  assert.equal(
    (await origin.call('GET', '/healthz')).json.snapshotVersion,
    version,
    'no version is given twice',
  );
  assert.equal(
    (await origin.call('GET', '/api/privacy/export', made.json.token && { token: made.json.token }))
      .status,
    200,
  );
  assert.match((await site.footlight('audit', 'verify')).stdout, /each follows/);
  assert.deepEqual(numbers(), [1, 2, 3]);
});

test('a lost signing key is told of, and not replaced in silence', options, async () => {
  const key = path.join(site.data, 'keys/signing.key');
  const kept = readFileSync(key);
  rmSync(key);
  for (const command of ['doctor', 'publish']) {
    const error = await site.footlight(command).catch((failed) => failed);
    assert.equal(error.code, 1, command);
    assert.match(error.stdout + error.stderr, /signing\.key is missing/);
  }
  assert.ok(!existsSync(key), 'looking makes none');
  await origin.stop();
  origin = await serve(site); // its public half is enough to serve what is there
  await pagesAreServed();
  writeFileSync(key, kept, { mode: 0o600 });
  await site.footlight('publish');
  await site.footlight('doctor');
  rmSync(key);
  const { stdout } = await site.footlight('publish', '--new-signing-key');
  assert.match(stdout, /A signing key was made/);
  await site.footlight('doctor');
});

test('a damaged page is found, and a backup puts it right', options, async () => {
  for (let i = 0; i < 20; i++) await interaction();
  const backup = path.join(folder, 'backup');
  await site.footlight('backup', backup);
  const erased = await origin.call('POST', '/api/profile', { body: { questionnaireData: {} } });
  await origin.call('DELETE', '/api/privacy/profile', { token: erased.json.token });
  await origin.stop();
  const pageSize = value(database(), 'PRAGMA page_size');
  const root = value(database(), "SELECT rootpage FROM sqlite_schema WHERE name = 'interactions'");
  const file = openSync(database(), 'r+');
  assert.ok(fstatSync(file).size > root * pageSize);
  writeSync(file, Buffer.alloc(pageSize, 0xa5), 0, pageSize, (root - 1) * pageSize);
  closeSync(file);
  const doctor = await site.footlight('doctor').catch((error) => error);
  assert.match(doctor.stdout, /WRONG .*footlight\.db: .*\n\s+footlight restore/);
  await assert.rejects(
    site.footlight('backup', path.join(folder, 'of-damage')),
    /not sound|malformed/,
  );
  // Pages come from the snapshot and the profile, which are whole; what is damaged says so.
  origin = await serve(site);
  await pagesAreServed();
  const { status } = await interaction();
  assert.ok(status === 503 || status === 500, String(status));
  await origin.stop();
  const restored = await run(PROGRAM, ['--data', site.data, 'restore', backup, '--force']);
  assert.match(restored.stdout, /as they were/);
  origin = await serve(site);
  await pagesAreServed();
  assert.deepEqual(
    numbers(),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  assert.equal((await interaction(99)).status, 200);
  assert.ok(readFileSync(database()).length > 0);
});
