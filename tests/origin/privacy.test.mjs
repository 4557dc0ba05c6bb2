// What a person may ask for, end to end on the real program: export, erasure with its receipt, choices and their
// history, settings, retention; the same by an admin, audited; rotation; backup and restore.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ANSWERS, DEMO, newSite, PROGRAM, run, serve } from './program.mjs';
import { sql, text, value } from './sqlite.mjs';

let site;
let origin;
let items;
const keys = {};

before(async () => {
  site = await newSite();
  for (const scope of ['admin', 'read', 'content', 'publish', 'experiments', 'privacy']) {
    keys[scope] = (await site.footlight('keys', 'create', '--scope', scope)).stdout.trim();
  }
  origin = await serve(site);
  const page = await origin.call('GET', '/api/admin/content?limit=50', { token: keys.admin });
  items = page.json.content.filter(({ type }) => type === 'project').map(({ uuid }) => uuid);
});

after(async () => {
  await origin.stop();
  site.remove();
});

/** The program on another folder. */
const at = (data, ...args) => run(PROGRAM, ['--data', data, ...args]);

let people = 0;
async function newPerson(consent = { personalization: 'granted', measurement: 'granted' }) {
  const email = `person${++people}@example.com`;
  const { json } = await origin.call('POST', '/api/profile', {
    body: { email, questionnaireData: ANSWERS, consent, visitorId: `visitor-${people}` },
  });
  const who = { token: json.token, user: json.profileId };
  await origin.call('POST', '/api/personalization/interactions', {
    ...who,
    body: {
      interactions: [
        {
          eventId: `e${people}-1`,
          contentId: items[0],
          action: 'click',
          slot: 'projects',
          position: 0,
          reason: 'because you said so',
        },
        {
          eventId: `e${people}-2`,
          contentId: items[1],
          action: 'exposure',
          slot: 'projects',
          position: 1,
          propensity: 0.5,
        },
        { eventId: `e${people}-3`, action: 'convert', goal: 'signup', value: 3 },
      ],
    },
  });
  await origin.call('GET', '/api/personalization/homepage', who);
  return { ...who, email };
}

const main = () => path.join(site.data, 'footlight.db');
const count = (statement) => value(main(), `SELECT count(*) FROM ${statement}`);

test('the export holds everything about the person, and only the person gets it', async () => {
  const who = await newPerson();
  const answer = await origin.call('GET', '/api/privacy/export', who);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-disposition'), /^attachment/);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const { json } = answer;
  assert.equal(json.profile.id, who.user);
  assert.equal(json.profile.email, who.email);
  assert.equal(json.answers.logline, ANSWERS.logline);
  assert.equal(json.answers.format, 'feature_film');
  assert.deepEqual(
    json.interactions.map(({ contentId, action }) => [contentId, action]).sort(),
    [
      [items[0], 'click'],
      [items[1], 'exposure'],
    ].sort(),
  );
  assert.deepEqual(
    json.conversions.map(({ goal, value }) => [goal, value]),
    [['signup', 3]],
  );
  assert.ok(json.recommendations.some(({ reason }) => reason === 'because you said so'));
  assert.deepEqual(
    json.consentHistory.map(({ purpose, choice }) => [purpose, choice]),
    [
      ['personalization', 'granted'],
      ['measurement', 'granted'],
    ],
  );
  assert.equal(json.tokens.length >= 1, true);
  assert.equal((await origin.call('GET', '/api/privacy/export')).status, 401);
  const other = await newPerson();
  assert.equal(
    (await origin.call('GET', '/api/privacy/export', { token: other.token, user: who.user }))
      .status,
    403,
  );
  assert.equal(
    (await origin.call('GET', '/api/privacy/export', { token: keys.admin })).status,
    401,
  );
});

test('an erasure leaves nothing, and its receipt is signed', async () => {
  const who = await newPerson();
  const erased = await origin.call('DELETE', '/api/privacy/profile', who);
  assert.equal(erased.status, 200);
  const { payload, signature } = erased.json.receipt;
  const key = createPublicKey({
    key: Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(erased.json.publicKey, 'base64'),
    ]),
    format: 'der',
    type: 'spki',
  });
  const bytes = Buffer.from(payload, 'base64');
  assert.ok(verify(null, bytes, key, Buffer.from(signature, 'base64')));
  const receipt = JSON.parse(bytes);
  assert.equal(receipt.profileId, who.user);
  assert.equal(receipt.reason, 'person');
  assert.equal(receipt.removed.interactions, 2);
  assert.equal(receipt.removed.conversions, 1);
  // The token is nobody's any more, whatever was cached.
  for (const at of [
    '/api/privacy/export',
    '/api/personalization/homepage',
    '/api/privacy/consent',
  ]) {
    assert.equal((await origin.call('GET', at, who)).status, 401, at);
  }
  assert.equal((await origin.call('DELETE', '/api/privacy/profile', who)).status, 401);
  const id = text(who.user);
  assert.equal(count(`user_profiles WHERE id = ${id}`), 0);
  for (const table of ['content_recommendations', 'personalized_content']) {
    assert.equal(count(`${table} WHERE user_profile_id = ${id}`), 0, table);
  }
  for (const table of [
    'interactions',
    'exposures',
    'conversions',
    'would_show',
    'content_recommendations',
  ]) {
    assert.equal(
      count(`${table} t WHERE NOT EXISTS (SELECT 1 FROM visitors v WHERE v.visitor = t.visitor)`),
      0,
      table,
    );
  }
  assert.equal(value(main(), `SELECT key_destroyed FROM erasures WHERE profile = ${id}`), 1);
  const hex = who.user.replaceAll('-', '').toUpperCase();
  assert.equal(
    value(`${main()}-keys`, `SELECT count(*) FROM profile_keys WHERE hex(profile) = '${hex}'`),
    0,
  );
  // A receipt that was changed is none.
  const file = path.join(site.data, 'receipt.json');
  writeFileSync(file, JSON.stringify(erased.json.receipt));
  assert.match(
    (await site.footlight('privacy', 'verify-receipt', file)).stdout,
    /footlight-erasure/,
  );
  const forged = { ...erased.json.receipt, payload: Buffer.from('{}').toString('base64') };
  writeFileSync(file, JSON.stringify(forged));
  await assert.rejects(site.footlight('privacy', 'verify-receipt', file));
  const { json } = await origin.call('GET', '/api/admin/stats', { token: keys.read });
  assert.notEqual(json.retrainingWantedSince, null);
  await origin.call('POST', '/api/admin/train', { token: keys.publish });
  for (;;) {
    const stats = await origin.call('GET', '/api/admin/stats', { token: keys.read });
    if (stats.json.retrainingWantedSince === null) break;
  }
});

test('a visitor without a profile is found and erased by an admin who is given the unit id', async () => {
  const unitId = randomBytes(8).toString('base64url');
  let sent = 0;
  const click = (headers) =>
    origin.call('POST', '/api/personalization/interactions', {
      headers,
      body: {
        interactions: [
          { eventId: `u-${++sent}`, contentId: items[0], action: 'click', visitorId: unitId },
        ],
      },
    });
  const visitors = count('visitors');
  assert.equal((await click({ 'sec-gpc': '1' })).json.counted, 0);
  assert.equal(count('visitors'), visitors, 'a signal leaves no trace');
  assert.equal((await click()).json.counted, 1);
  await click();
  const copy = JSON.parse((await site.footlight('privacy', 'export', unitId)).stdout);
  assert.equal(copy.profile, null);
  assert.deepEqual(
    copy.interactions.map(({ contentId, action }) => [contentId, action]),
    [
      [items[0], 'click'],
      [items[0], 'click'],
    ],
  );
  const backup = path.join(site.data, 'before-the-unit');
  await site.footlight('backup', backup);
  const { stdout } = await site.footlight('privacy', 'erase', unitId, '--yes');
  const receipt = JSON.parse(Buffer.from(JSON.parse(stdout).payload, 'base64'));
  assert.equal(receipt.profileId, null);
  assert.equal(receipt.removed.interactions, 2);
  assert.equal(count('visitors'), visitors);
  const again = await site.footlight('privacy', 'erase', unitId, '--yes').catch((error) => error);
  assert.match(again.stderr, /no visitor with this id/);
  // What was still on its way is not wanted any more.
  assert.equal((await click()).json.counted, 0);
  assert.equal(count('visitors'), visitors);
  // An older copy forgets, too.
  const other = mkdtempSync(path.join(tmpdir(), 'footlight-unit-'));
  const list = path.join(other, 'erasures.jsonl');
  writeFileSync(list, (await site.footlight('privacy', 'erasures')).stdout);
  copyFileSync(`${main()}-master.key`, path.join(other, 'footlight.db-master.key'));
  await at(other, 'restore', backup, '--erasures', list);
  const rows = value(path.join(other, 'footlight.db'), 'SELECT count(*) FROM visitors');
  assert.equal(rows, visitors);
  rmSync(other, { recursive: true });
  rmSync(backup, { recursive: true });
});

test('an erasure amid requests of the same person leaves nothing, and looks like no failure', async () => {
  const tables = ['visitors', 'interactions', 'content_recommendations', 'personalized_content'];
  const before = tables.map((table) => count(table));
  const statuses = new Set();
  for (let round = 0; round < 5; round++) {
    const visitorId = randomBytes(8).toString('base64url');
    const { json } = await origin.call('POST', '/api/profile', {
      body: { questionnaireData: ANSWERS, consent: { measurement: true }, visitorId },
    });
    const who = { token: json.token, user: json.profileId };
    let isOver = false;
    let sent = 0;
    const keepOn = async (send) => {
      while (!isOver) statuses.add((await send()).status);
    };
    const click = (as, more) =>
      origin.call('POST', '/api/personalization/interactions', {
        ...as,
        body: {
          interactions: [
            { eventId: `${visitorId}${sent++}`, contentId: items[0], action: 'click', ...more },
          ],
        },
      });
    const others = [
      keepOn(() => click(who)),
      keepOn(() => click(who)),
      keepOn(() => click({}, { visitorId })),
      keepOn(() => origin.call('GET', '/api/personalization/homepage', who)),
    ];
    while (sent < 30) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal((await origin.call('DELETE', '/api/privacy/profile', who)).status, 200);
    const until = sent + 30;
    while (sent < until) await new Promise((resolve) => setTimeout(resolve, 1));
    isOver = true;
    await Promise.all(others);
  }
  assert.deepEqual([...statuses].sort(), [200, 401]);
  assert.match((await origin.call('GET', '/metrics')).text, /store_failures_total 0/);
  await new Promise((resolve) => setTimeout(resolve, 300)); // what is written behind
  assert.deepEqual(
    tables.map((table) => count(table)),
    before,
  );
});

test('another process hears of an erasure within a second', async () => {
  const who = await newPerson();
  await origin.call('GET', '/api/personalization/homepage', who);
  await origin.call('GET', '/api/personalization/homepage', who); // kept in memory now
  await site.footlight('privacy', 'erase', who.email, '--yes');
  for (;;) {
    const { status } = await origin.call('GET', '/api/personalization/homepage', who);
    if (status === 401) break;
    assert.equal(status, 200);
  }
  await assert.rejects(site.footlight('privacy', 'erase', who.email, '--yes'), /no profile/);
});

test('choices by purpose, with their history, are in force at once', async () => {
  const who = await newPerson();
  const changed = await origin.call('PUT', '/api/privacy/settings', {
    ...who,
    body: { training: 'denied', measurement: false },
  });
  assert.deepEqual(changed.json.settings, {
    personalization: 'granted',
    measurement: 'denied',
    training: 'denied',
    optedOut: false,
  });
  const sent = await origin.call('POST', '/api/personalization/interaction', {
    ...who,
    body: { contentId: items[2], action: 'click' },
  });
  assert.equal(sent.status, 200);
  const { interactions } = (await origin.call('GET', '/api/privacy/export', who)).json;
  assert.ok(!interactions.some(({ contentId }) => contentId === items[2]), 'not counted');
  await origin.call('POST', '/api/privacy/consent', { ...who, body: { optedOut: true } });
  const { json } = await origin.call('GET', '/api/privacy/consent', who);
  assert.equal(json.consent.optedOut, true);
  assert.deepEqual(
    json.history.map(({ purpose, choice, source }) => [purpose, choice, source]).slice(2),
    [
      ['measurement', 'denied', 'person'],
      ['training', 'denied', 'person'],
      ['optedOut', 'granted', 'person'],
    ],
  );
  const bad = await origin.call('PUT', '/api/privacy/settings', {
    ...who,
    body: { training: 'no' },
  });
  assert.equal(bad.json.pointer, '/training');
});

test('who denies training is not learned from', async () => {
  const who = await newPerson();
  const train = async () => {
    const { json } = await origin.call('POST', '/api/admin/train', { token: keys.publish });
    for (;;) {
      const job = (await origin.call('GET', `/api/admin/jobs/${json.id}`, { token: keys.read }))
        .json;
      if (job.state === 'done') return job.report.visitors;
      assert.notEqual(job.state, 'failed', job.error);
    }
  };
  const before = await train();
  await origin.call('PUT', '/api/privacy/settings', { ...who, body: { training: 'denied' } });
  assert.equal(await train(), before - 1);
  await origin.call('PUT', '/api/privacy/settings', { ...who, body: { training: 'granted' } });
  assert.equal(await train(), before);
});

test('an admin with the scope does the same, and the log says so without naming anybody', async () => {
  const who = await newPerson();
  const at = `/api/admin/privacy/profiles/${who.user}`;
  for (const scope of ['read', 'content', 'publish', 'experiments']) {
    assert.equal(
      (await origin.call('GET', `${at}/export`, { token: keys[scope] })).status,
      403,
      scope,
    );
    assert.equal((await origin.call('DELETE', at, { token: keys[scope] })).status, 403, scope);
  }
  const token = keys.privacy;
  const found = await origin.call('POST', '/api/admin/privacy/find', {
    token,
    body: { email: who.email.toUpperCase() },
  });
  assert.equal(found.json.profileId, who.user);
  assert.equal((await origin.call('GET', `${at}/export`, { token })).json.profile.email, who.email);
  await origin.call('POST', `${at}/consent`, { token, body: { optedOut: true } });
  const rows = async () =>
    (await origin.call('GET', '/api/admin/audit', { token: keys.admin })).json.audit;
  const own = (await rows()).filter(({ person }) => person === who.user);
  assert.deepEqual(own.map(({ action }) => action).sort(), [
    'privacy.consent',
    'privacy.export',
    'privacy.find',
  ]);
  const erased = await origin.call('DELETE', at, { token });
  assert.equal(erased.status, 200);
  assert.equal((await origin.call('DELETE', at, { token })).status, 404);
  const later = await rows();
  assert.ok(later.every(({ person }) => person !== who.user));
  for (const row of own) {
    const same = later.find(({ seq }) => seq === row.seq);
    assert.equal(same.subject, row.subject);
    assert.match(same.subject, /^person:[0-9a-f]{32}$/);
  }
  assert.match((await site.footlight('audit', 'verify')).stdout, /rows, each follows/);
});

test('what was changed in the audit log is found, the last row too', async () => {
  const copy = mkdtempSync(path.join(tmpdir(), 'footlight-audit-'));
  const backup = path.join(copy, 'backup');
  await site.footlight('keys', 'create', '--scope', 'read');
  await site.footlight('audit', 'checkpoint');
  const checkpoint = path.join(copy, 'checkpoint.json');
  writeFileSync(checkpoint, (await site.footlight('audit', 'checkpoint')).stdout);
  await site.footlight('backup', backup);
  const original = readFileSync(path.join(backup, 'main.db'));
  const verifyCopy = async (...changes) => {
    const data = mkdtempSync(path.join(copy, 'c-'));
    const file = path.join(data, 'footlight.db');
    writeFileSync(file, original);
    writeFileSync(`${file}-keys`, readFileSync(path.join(backup, 'keys.db')));
    writeFileSync(
      `${file}-master.key`,
      readFileSync(path.join(site.data, 'footlight.db-master.key')),
      { mode: 0o600 },
    );
    for (const one of changes) sql(file, one);
    return at(data, 'audit', 'verify').then(
      () => 'whole',
      (error) => error.stderr,
    );
  };
  assert.equal(await verifyCopy(), 'whole');
  const last = '(SELECT max(seq) FROM audit_log)';
  assert.match(
    await verifyCopy("UPDATE audit_log SET actor = 'somebody' WHERE seq = 2"),
    /broken at row 2/,
  );
  assert.match(await verifyCopy('DELETE FROM audit_log WHERE seq = 2'), /broken at row 3/);
  assert.match(
    await verifyCopy(
      'UPDATE audit_log SET seq = 999999 WHERE seq = 2',
      'UPDATE audit_log SET seq = 2 WHERE seq = 3',
      'UPDATE audit_log SET seq = 3 WHERE seq = 999999',
    ),
    /broken at row/,
  );
  assert.match(await verifyCopy(`DELETE FROM audit_log WHERE seq = ${last}`), /missing at the end/);
  // With its checkpoint: the head that is noted beside the keys still knows.
  assert.match(
    await verifyCopy(
      `DELETE FROM audit_checkpoints WHERE seq = ${last}`,
      `DELETE FROM audit_log WHERE seq = ${last}`,
    ),
    /missing at the end: the head noted beside the keys/,
  );
  assert.match(await verifyCopy('UPDATE audit_checkpoints SET at = at + 1'), /no valid signature/);
  assert.match(
    (await site.footlight('audit', 'verify', '--checkpoint', checkpoint)).stdout,
    /signed checkpoints fit/,
  );
  rmSync(copy, { recursive: true });
});

test('the master key rotates while the service runs, and goes on after an interruption', async () => {
  const before = await newPerson();
  const file = path.join(site.data, 'footlight.db-master.key');
  const old = readFileSync(file, 'utf8');
  const [{ stdout }] = await Promise.all([
    site.footlight('keys', 'rotate'),
    ...Array.from({ length: 8 }, () => newPerson()),
  ]);
  assert.match(stdout, /Master key version 2/);
  assert.notEqual(readFileSync(file, 'utf8'), old);
  assert.match(readFileSync(file, 'utf8'), /^2:[0-9a-f]{64}\n$/);
  const later = await newPerson();
  for (const who of [before, later]) {
    assert.equal(
      (await origin.call('GET', '/api/privacy/export', who)).json.profile.email,
      who.email,
    );
  }
  const store = `${main()}-keys`;
  assert.equal(value(store, 'SELECT count(*) FROM profile_keys WHERE master <> 2'), 0);
  // As if it had stopped after the new key was in use.
  sql(store, "INSERT OR REPLACE INTO notes (name, text) VALUES ('rotating_to', '2')");
  assert.match(
    (await site.footlight('doctor').catch((error) => error)).stdout,
    /has not come to its end/,
  );
  assert.match((await site.footlight('keys', 'rotate')).stdout, /earlier rotation was finished/);
  // A process that starts now has only the new key.
  const second = await serve(site);
  assert.equal(
    (await second.call('GET', '/api/privacy/export', before)).json.profile.email,
    before.email,
  );
  await second.stop();
});

test('a master key of the environment rotates by a second one in it', async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'footlight-env-'));
  const keyed = (keys, ...args) =>
    run(PROGRAM, ['--data', data, ...args], {
      env: { ...process.env, FOOTLIGHT_MASTER_KEY: keys },
    });
  const [one, two] = ['a1'.repeat(32), 'b2'.repeat(32)];
  const file = path.join(data, 'site.json');
  writeFileSync(file, readFileSync(path.join(DEMO, 'site.json')));
  await keyed(one, 'import', 'site', file);
  assert.ok(!readdirSync(data).some((name) => name.endsWith('master.key')), 'none on the disk');
  await assert.rejects(keyed(one, 'keys', 'rotate'), /add a comma and 2:64 hexadecimal digits/);
  assert.match((await keyed(`${one},2:${two}`, 'keys', 'rotate')).stdout, /version 2/);
  await keyed(`2:${two}`, 'keys', 'list');
  await assert.rejects(keyed(one, 'keys', 'list'), /version 2 is missing/);
  await assert.rejects(
    keyed(`2:${one}`, 'keys', 'list'),
    /not the one this database was written with/,
  );
  for (const wrong of ['', 'abc', `0:${one}`, `${one},${two}`, `2:${two}x`]) {
    await assert.rejects(keyed(wrong, 'keys', 'list'), (error) => {
      assert.ok(!error.stderr.includes(two.slice(0, 20)), 'what was read is not repeated');
      return /hexadecimal|twice/.test(error.stderr);
    });
  }
  rmSync(data, { recursive: true });
});

test('a backup of a running service is sound; restore replays the erasures', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'footlight-backup-'));
  const [kept, erasedLater] = [await newPerson(), await newPerson()];
  const writes = Array.from({ length: 20 }, () => newPerson());
  await site.footlight('backup', path.join(folder, 'one'));
  await Promise.all(writes);
  assert.match(
    (await site.footlight('backup', '--check', path.join(folder, 'one'))).stdout,
    /sound/,
  );
  await assert.rejects(
    site.footlight('backup', path.join(folder, 'one')),
    /holds a backup already/,
  );
  await origin.call('DELETE', '/api/privacy/profile', erasedLater);
  // Elsewhere, from the backup alone: with its keys, and a list of erasures that was kept apart.
  const elsewhere = path.join(folder, 'elsewhere');
  const list = path.join(folder, 'erasures.jsonl');
  writeFileSync(list, (await site.footlight('privacy', 'erasures')).stdout);
  const there = (...args) => at(elsewhere, ...args);
  const key = readFileSync(path.join(site.data, 'footlight.db-master.key'));
  await assert.rejects(there('restore', path.join(folder, 'one')), /Cannot read the key file/);
  writeFileSync(path.join(elsewhere, 'footlight.db-master.key'), key, { mode: 0o600 });
  const restored = (await there('restore', path.join(folder, 'one'), '--erasures', list)).stdout;
  assert.match(restored, /keys of the backup/);
  await assert.rejects(there('privacy', 'export', erasedLater.user), /no profile/);
  assert.match((await there('privacy', 'export', kept.user)).stdout, new RegExp(kept.email));
  assert.match((await there('audit', 'verify')).stdout, /each follows/);
  // In place: refused while it is in use, then without the erased one although no list was given.
  await assert.rejects(site.footlight('restore', path.join(folder, 'one'), '--force'), /is in use/);
  await origin.stop();
  await assert.rejects(site.footlight('restore', path.join(folder, 'one')), /--force/);
  assert.match(
    (await site.footlight('restore', path.join(folder, 'one'), '--force')).stdout,
    /as they were/,
  );
  origin = await serve(site);
  assert.equal((await origin.call('GET', '/api/privacy/export', erasedLater)).status, 401);
  assert.equal(
    (await origin.call('GET', '/api/privacy/export', kept)).json.profile.email,
    kept.email,
  );
  rmSync(folder, { recursive: true });
});

test('a restore that is cut short has happened or has not', async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'footlight-restore-'));
  const file = path.join(data, 'footlight.db');
  const staging = `${file}.restoring`;
  const before = path.join(data, 'before');
  const after = path.join(data, 'after');
  const gone = await newPerson();
  await site.footlight('backup', before);
  await origin.call('DELETE', '/api/privacy/profile', gone);
  await site.footlight('backup', after);
  copyFileSync(`${main()}-master.key`, `${file}-master.key`);
  await at(data, 'restore', after);
  const profiles = value(file, 'SELECT count(*) FROM user_profiles');
  const isWhole = async () => {
    await at(data, 'audit', 'verify');
    assert.equal(value(file, 'SELECT count(*) FROM user_profiles'), profiles);
    assert.equal(
      value(file, `SELECT count(*) FROM erasures WHERE profile = ${text(gone.user)}`),
      1,
      'an erasure is not forgotten on the way',
    );
  };
  for (let round = 0; round < 8; round++) {
    const child = spawn(PROGRAM, ['--data', data, 'restore', before, '--force'], {
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    setTimeout(() => child.kill('SIGKILL'), 15 * round);
    await ended;
    await isWhole();
  }
  // Ready, and not yet in place, or half of it: whoever comes next puts it there.
  const restored = () =>
    value(file, "SELECT subject FROM audit_log WHERE action = 'restore' ORDER BY seq DESC LIMIT 1");
  const copy = (from, to) => {
    for (const suffix of ['', '-keys']) copyFileSync(from + suffix, to + suffix);
  };
  await at(data, 'restore', after, '--force');
  copy(file, path.join(data, 'old'));
  await at(data, 'restore', before, '--force');
  copy(file, path.join(data, 'new'));
  for (const isHalfWay of [false, true]) {
    copy(path.join(data, 'old'), file);
    mkdirSync(staging);
    copy(path.join(data, 'new'), path.join(staging, 'footlight.db'));
    if (isHalfWay) renameSync(path.join(staging, 'footlight.db-keys'), `${file}-keys`);
    writeFileSync(path.join(staging, 'ready'), '');
    await isWhole();
    assert.equal(restored(), 'before');
    assert.equal(existsSync(staging), false);
  }
  mkdirSync(staging); // what is not ready is nothing
  copy(path.join(data, 'old'), path.join(staging, 'footlight.db'));
  await isWhole();
  assert.equal(restored(), 'before');
  rmSync(data, { recursive: true });
});

test('an older copy of the data cannot be read after an erasure, with the keys of today', async () => {
  const who = await newPerson();
  const folder = mkdtempSync(path.join(tmpdir(), 'footlight-old-'));
  await site.footlight('backup', path.join(folder, 'old'));
  await origin.call('DELETE', '/api/privacy/profile', who);
  const sealed = value(
    path.join(folder, 'old', 'main.db'),
    `SELECT length(email) FROM user_profiles WHERE id = ${text(who.user)}`,
  );
  assert.ok(sealed > 41, 'the sealed field is in the old copy');
  const data = path.join(folder, 'read');
  await site.footlight('backup', path.join(folder, 'now'));
  mkdirSync(data);
  copyFileSync(path.join(folder, 'old', 'main.db'), path.join(data, 'footlight.db'));
  copyFileSync(path.join(folder, 'now', 'keys.db'), path.join(data, 'footlight.db-keys'));
  copyFileSync(
    path.join(site.data, 'footlight.db-master.key'),
    path.join(data, 'footlight.db-master.key'),
  );
  await assert.rejects(at(data, 'privacy', 'export', who.user), /was erased/);
  const doctor = await at(data, 'doctor').catch((error) => error);
  assert.match(doctor.stdout, /have no key that opens/);
  rmSync(folder, { recursive: true });
});

test('retention runs by itself, counts what it would do, and says what it did', async () => {
  const who = await newPerson();
  const old = await newPerson();
  const long = Date.now() - 800 * 86400e3;
  sql(
    main(),
    `UPDATE user_profiles SET created_at = ${long}, updated_at = ${long}, last_engaged_at = ${long}
       WHERE id = ${text(old.user)};
     UPDATE interactions SET occurred_at = ${long} WHERE visitor =
       (SELECT v.visitor FROM visitors v JOIN user_profiles p ON p.seq = v.profile WHERE p.id = ${text(who.user)})`,
  );
  const planned = JSON.parse((await site.footlight('privacy', 'retention', '--dry-run')).stdout);
  assert.equal(planned.profiles, 1);
  assert.ok(planned.interactions >= 2);
  sql(main(), "DELETE FROM meta WHERE name = 'retention_day'"); // a new day
  for (;;) {
    const { jobs } = (await origin.call('GET', '/api/admin/jobs', { token: keys.admin })).json;
    const job = jobs.find(({ kind, report }) => kind === 'retention' && report?.profiles === 1);
    if (!job) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    assert.equal(job.report.interactions, planned.interactions);
    break;
  }
  const { audit } = (await origin.call('GET', '/api/admin/audit', { token: keys.admin })).json;
  assert.ok(
    audit.some(({ action, detail }) => action === 'privacy.retention' && detail.profiles === 1),
  );
  assert.equal((await origin.call('GET', '/api/privacy/export', old)).status, 401);
  assert.deepEqual((await origin.call('GET', '/api/privacy/export', who)).json.interactions, []);
  assert.equal(
    JSON.parse((await site.footlight('privacy', 'retention', '--dry-run')).stdout).profiles,
    0,
  );
});

test('GPC is declared, and a signal counts where nobody has chosen', async () => {
  const { json } = await origin.call('GET', '/.well-known/gpc.json');
  assert.equal(json.gpc, true);
  const signalled = await origin.call('POST', '/api/personalization/interaction', {
    headers: { 'sec-gpc': '1' },
    body: { contentId: items[0], action: 'click', visitorId: 'gpc-visitor' },
  });
  assert.equal(signalled.status, 200);
  const before = count('interactions');
  await origin.call('POST', '/api/personalization/interaction', {
    headers: { dnt: '1' },
    body: { contentId: items[0], action: 'click', visitorId: 'gpc-visitor-2' },
  });
  assert.equal(count('interactions'), before);
});

test('private reports count without anybody, and name what is wrong', async () => {
  const body = { contentId: items[0], action: 'click', bit: true, epsilon: 1 };
  const at = '/api/personalization/private-report';
  for (let i = 0; i < 20; i++) {
    assert.equal(
      (await origin.call('POST', at, { body: { ...body, bit: i % 2 === 0 } })).status,
      200,
    );
  }
  const { json } = await origin.call('GET', '/api/admin/privacy/reports?days=1', {
    token: keys.read,
  });
  const one = json.estimates.find(
    ({ contentId, action }) => contentId === items[0] && action === 'click',
  );
  assert.equal(one.reports, 20);
  const p = 1 / (1 + Math.exp(-1));
  assert.ok(Math.abs(one.share - (0.5 - (1 - p)) / (2 * p - 1)) < 1e-9);
  assert.equal(
    (await origin.call('POST', at, { body: { ...body, epsilon: 0 } })).json.pointer,
    '/epsilon',
  );
  assert.equal(
    (await origin.call('POST', at, { body: { ...body, visitorId: 'x' } })).json.pointer,
    '/visitorId',
  );
  const unknown = await origin.call('POST', at, { body: { ...body, contentId: 'no-such' } });
  assert.equal(unknown.json.errors[0].code, 'unknown_content');
});

test('nothing is left behind by backups of this test', () => {
  assert.ok(!readdirSync(site.data).some((name) => name.includes('trial')));
});
