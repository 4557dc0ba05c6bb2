// A database of an older version opens with everything in it: tests/golden/schema3 was written by the program of its time.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DEMO, PROGRAM, run, serve } from './program.mjs';
import { sql, value } from './sqlite.mjs';

const golden = path.resolve(import.meta.dirname, '../golden/schema3');

test('version 3: profile, token, API key, past and goals are there, and the master key can rotate', async () => {
  const expected = JSON.parse(readFileSync(path.join(golden, 'expected.json'), 'utf8'));
  const data = mkdtempSync(path.join(tmpdir(), 'footlight-migrate-'));
  const db = path.join(data, 'footlight.db');
  sql(db, readFileSync(path.join(golden, 'main.sql'), 'utf8'));
  sql(`${db}-keys`, readFileSync(path.join(golden, 'keys.sql'), 'utf8'));
  copyFileSync(path.join(golden, 'master.key'), `${db}-master.key`);
  chmodSync(`${db}-master.key`, 0o600);
  assert.equal(value(db, 'PRAGMA user_version'), 3);
  assert.equal(value(db, 'SELECT goal FROM conversions'), 'signup');
  const footlight = (...args) => run(PROGRAM, ['--data', data, ...args]);
  await footlight('import', 'site', path.join(DEMO, 'site.json'));
  assert.equal(value(db, 'PRAGMA user_version'), 4);
  assert.match(value(db, 'SELECT goal FROM conversions'), /^g:[0-9a-f]{32}$/);
  for (const rotate of [false, true]) {
    if (rotate) await footlight('keys', 'rotate');
    const origin = await serve({ data });
    const { json } = await origin.call('GET', '/api/privacy/export', {
      token: expected.token,
      user: expected.user,
    });
    assert.equal(json.profile.email, expected.email);
    assert.equal(json.answers.logline, 'In a world where...');
    assert.equal(json.interactions.length, 1);
    assert.equal(json.conversions.length, 1);
    const found = await origin.call('POST', '/api/admin/privacy/find', {
      token: expected.key,
      body: { email: expected.email },
    });
    assert.equal(found.json.profileId, expected.user);
    await origin.stop();
  }
  assert.match(
    (await footlight('doctor').catch((error) => error)).stdout,
    /1 profiles, each with its key/,
  );
  rmSync(data, { recursive: true });
});
