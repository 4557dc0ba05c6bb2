// What an attacker tries on an origin: every route of its OpenAPI document with every kind of credentials, inputs beyond
// every limit, requests that can be read in two ways, hostile content, forged snapshots. For the test, and for
// `./dev bench attack`, which counts.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { verifyManifest } from '../../build/js/wasm/binding/manifest.js';
import { checkManifest } from '../../build/js/wasm/binding/manifest_check.js';
import { PROGRAM, raw, run } from './program.mjs';
import { sql, text } from './sqlite.mjs';

const SCOPES = ['admin', 'read', 'content', 'publish', 'experiments', 'privacy'];

/** Collects cases: what was tried, and what came of it where that is not what it should be. */
export function collector() {
  const cases = { routes: 0, passed: 0, failures: [] };
  cases.check = (what, isGood, got = '') => {
    if (isGood) cases.passed++;
    else cases.failures.push(`${what}: ${typeof got === 'string' ? got : JSON.stringify(got)}`);
  };
  return cases;
}

async function newPerson(origin, email) {
  const unitId = randomBytes(8).toString('base64url');
  const consent = { personalization: true, measurement: true };
  const { json } = await origin.call('POST', '/api/profile', {
    body: { email, questionnaireData: {}, consent, visitorId: unitId },
  });
  return { token: json.token, user: json.profileId, unitId };
}

/** Keys and tokens of every kind. */
export async function credentialsOf(site, origin) {
  const database = path.join(site.data, 'footlight.db');
  const key = async (...args) => (await site.footlight('keys', 'create', ...args)).stdout.trim();
  const keys = {};
  for (const scope of SCOPES) keys[scope] = await key('--scope', scope);
  const expiredKey = await key('--scope', 'admin', '--label', 'expired');
  sql(database, "UPDATE api_keys SET expires_at = 1 WHERE label = 'expired'");
  const revokedKey = await key('--scope', 'admin', '--label', 'revoked');
  const id = sql(database, "SELECT id FROM api_keys WHERE label = 'revoked'")[0].id;
  await site.footlight('keys', 'revoke', id);
  const person = await newPerson(origin);
  const other = await newPerson(origin);
  const expired = await newPerson(origin);
  sql(
    database,
    `UPDATE tokens SET expires_at = 1 WHERE profile =
       (SELECT seq FROM user_profiles WHERE id = ${text(expired.user)})`,
  );
  return { keys, expiredKey, revokedKey, person, other, expired };
}

/** Long work and what would take the ground from under the other cases: not asked for with leave. */
const NOT_WITH_LEAVE = new Set([
  'putSite',
  'importContent',
  'train',
  'publish',
  'rollback',
  'precompute',
]);

/** Every operation of the document, with its path filled in. */
export function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([at, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      at: at.replaceAll(/\{\w+\}/g, 'nothing'),
      id: operation.operationId,
      schemes: operation.security.map((one) => Object.keys(one)[0] ?? 'none'),
      scope: operation['x-scope'],
      body: operation.requestBody,
    })),
  );
}

/** Object-level authorization, route by route. */
export async function tryCredentials(origin, credentials, cases) {
  const document = await (await fetch(`${origin.base}/openapi.json`)).json();
  const operations = operationsOf(document);
  cases.routes = operations.length;
  const { keys, expiredKey, revokedKey, person, other, expired } = credentials;
  for (const operation of operations) {
    const { method, at, id, schemes, scope, body } = operation;
    const send = async (headers) => {
      const type = Object.keys(body?.content ?? {})[0];
      const response = await fetch(origin.base + at, {
        method,
        headers: { ...(type && { 'content-type': type }), ...headers },
        ...(type && { body: '{}' }),
      });
      const answer = await response.text();
      return { status: response.status, answer };
    };
    const bearer = (token, rest = {}) => ({ authorization: `Bearer ${token}`, ...rest });
    const is = async (what, headers, ...statuses) => {
      const { status, answer } = await send(headers);
      cases.check(
        `${method} ${at}, ${what}`,
        statuses.includes(status),
        `${status} ${answer.slice(0, 200)}`,
      );
    };
    const isLetIn = async (what, headers) => {
      const { status, answer } = await send(headers);
      const isGood = status !== 401 && status !== 403 && status < 500;
      cases.check(`${method} ${at}, ${what}`, isGood, `${status} ${answer.slice(0, 200)}`);
    };
    const garbage = [
      ['garbage', { authorization: 'Bearer garbage' }],
      ['an empty token', { authorization: 'Bearer ' }],
      ['another scheme', { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }],
      ['a very long token', { authorization: `Bearer ${'a'.repeat(4000)}` }],
    ];
    if (schemes.includes('apiKey')) {
      await is('without a key', {}, 401);
      for (const [what, headers] of garbage) await is(`with ${what}`, headers, 401);
      await is('with a visitor’s token', bearer(person.token), 401);
      await is('with an expired key', bearer(expiredKey), 401);
      await is('with a revoked key', bearer(revokedKey), 401);
      await is('with a key in the query', {}, 401);
      for (const one of SCOPES) {
        const isAllowed = one === 'admin' || scope === 'read' || scope === one;
        if (!isAllowed) await is(`with scope ${one}`, bearer(keys[one]), 403);
        else if (!NOT_WITH_LEAVE.has(id)) await isLetIn(`with scope ${one}`, bearer(keys[one]));
      }
    } else if (schemes.includes('visitorToken')) {
      const isOptional = schemes.includes('none');
      if (!isOptional) await is('without a token', {}, 401);
      for (const [what, headers] of garbage) await is(`with ${what}`, headers, 401);
      await is('with an expired token', bearer(expired.token), 401);
      await is('with an admin’s key', bearer(keys.admin), 401);
      await is('as somebody else', bearer(other.token, { 'x-user-id': person.user }), 403);
      await is(
        'as somebody else, in capitals',
        bearer(other.token, { 'x-user-id': person.user.toUpperCase() }),
        403,
      );
      await is('as nobody that there is', bearer(other.token, { 'x-user-id': 'nobody' }), 403);
      await is('by a name alone', { 'x-user-id': person.user }, 401);
      if (!isOptional) await is('by a unit id alone', { 'x-visitor-id': person.unitId }, 401);
      if (id !== 'eraseProfile') {
        await isLetIn('with the token', bearer(person.token));
        await isLetIn('with token and name', bearer(person.token, { 'x-user-id': person.user }));
      }
    } else {
      await isLetIn('without anything', {});
      await isLetIn('with garbage', { authorization: 'Bearer garbage' });
    }
    // No other method does something there, and none is a way past the credentials.
    const wrong = method === 'GET' ? 'PATCH' : 'TRACE';
    const odd = await raw(
      origin.port,
      `${wrong} ${at} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
    cases.check(`${wrong} ${at}`, /^HTTP\/1\.1 (?:40[0145]|501)/.test(odd), odd.slice(0, 60));
  }
  // Everybody is still there: nobody was changed or erased on the way.
  for (const [name, { token, user }] of Object.entries({ person, other })) {
    const { status } = await origin.call('GET', '/api/privacy/consent', { token, user });
    cases.check(`${name} is still there`, status === 200, String(status));
  }
}

/** Bodies, heads and addresses beyond every limit. */
export async function tryLimits(origin, { keys, person }, cases) {
  const post = async (at, body, headers = {}) => {
    const response = await fetch(origin.base + at, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    const answer = await response.text();
    return { status: response.status, answer };
  };
  const deep = (open, close) => open.repeat(5000) + close.repeat(5000);
  const bodies = [
    ['a body over the limit', `{"email":"${'a'.repeat(70_000)}"}`, [413]],
    ['arrays in arrays', deep('[', ']'), [400]],
    ['objects in objects', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, [400]],
    ['an open string', '{"email":"', [400]],
    ['no JSON', 'email=a', [400]],
    ['two documents', '{}{}', [400]],
    ['a number for an object', '1', [422]],
    ['a list for an object', '[]', [422]],
    ['a number beyond all', '{"email":1e999}', [400, 422]],
    [
      'bytes that are no UTF-8',
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      [400],
    ],
    ['an unknown field', '{"__proto__":{"admin":true}}', [422]],
    ['a field twice', '{"email":"a@b.c","email":1}', [422]],
    ['a zero byte in a text', '{"visitorId":"a\\u0000b","questionnaireData":{}}', [200, 422]],
    ['half a surrogate', '{"visitorId":"\\ud800"}', [200, 400, 422]],
  ];
  for (const [what, body, statuses] of bodies) {
    for (const at of ['/api/profile', '/api/personalization/interaction', '/api/profile/claim']) {
      const isProfile = at === '/api/profile';
      const { status, answer } = await post(at, body);
      const isGood = isProfile ? statuses.includes(status) : status >= 400 && status < 500;
      cases.check(`POST ${at}: ${what}`, isGood, `${status} ${answer.slice(0, 160)}`);
    }
  }
  const many = JSON.stringify({
    interactions: Array.from({ length: 501 }, () => ({ action: 'view' })),
  });
  cases.check('501 events', (await post('/api/personalization/interactions', many)).status === 422);
  for (const [field, length] of Object.entries({
    eventId: 256,
    contentId: 256,
    slot: 101,
    reason: 501,
    goal: 101,
  })) {
    const body = JSON.stringify({ contentId: 'a', action: 'click', [field]: 'a'.repeat(length) });
    const { status } = await post('/api/personalization/interaction', body);
    cases.check(`${field} of ${length} letters`, status === 422, String(status));
  }
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    '',
  ]) {
    const { status } = await post('/api/profile', '{}', { 'content-type': type });
    cases.check(`a body as ${type || 'nothing'}`, status === 415 || status === 400, String(status));
  }
  const { status: encoded } = await post('/api/profile', '{}', { 'content-encoding': 'gzip' });
  cases.check('a compressed body', encoded === 415, String(encoded));
  const heads = [
    [
      'a path of 20,000 letters',
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      /^HTTP\/1\.1 4/,
    ],
    [
      'a header of 100,000 letters',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
      /^HTTP\/1\.1 4|^$/,
    ],
    [
      'a thousand headers',
      `GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(1000)}\r\n`,
      /^HTTP\/1\.1 4|^$/,
    ],
    ['no version', 'GET /healthz\r\n\r\n', /^HTTP\/1\.1 4|^$/],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 4|^$/],
    ['TLS', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), /^HTTP\/1\.1 4|^$/],
    ['zero bytes', '\0\0\0\0\r\n\r\n', /^HTTP\/1\.1 4|^$/],
    [
      'an address of dots',
      'GET /snapshots/../../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 4/,
    ],
    [
      'the same, encoded',
      'GET /snapshots/%2e%2e%2f%2e%2e%2fkeys%2fsigning.key HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 4/,
    ],
    [
      'the database',
      'GET /snapshots/footlight.db HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 4/,
    ],
  ];
  for (const [what, bytes, expected] of heads) {
    const answer = await raw(origin.port, bytes, null);
    cases.check(what, expected.test(answer) && !/root:|SQLite/.test(answer), answer.slice(0, 80));
  }
  for (const query of [
    'limit=0',
    'limit=-1',
    'limit=1e9',
    'limit=abc',
    'type=no',
    'method=no',
    'limit=%00',
  ]) {
    const response = await fetch(`${origin.base}/api/personalization/recommendations?${query}`, {
      headers: { authorization: `Bearer ${person.token}` },
    });
    await response.text();
    cases.check(`?${query}`, response.status === 400, String(response.status));
  }
  for (const at of [
    '/api/admin/content?limit=501',
    '/api/admin/content?after=x',
    '/api/admin/audit?before=0',
    '/api/admin/snapshots/x',
  ]) {
    const response = await fetch(origin.base + at, {
      headers: { authorization: `Bearer ${keys.admin}` },
    });
    await response.text();
    cases.check(at, [400, 404].includes(response.status), String(response.status));
  }
}

/** Requests that two programs in a row would read in two ways: the second, hidden one must not be answered. */
export async function trySmuggling(origin, cases) {
  const hidden = 'GET /healthz HTTP/1.1\r\nHost: hidden\r\n\r\n';
  const head = (lines) =>
    `POST /api/profile HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${lines}\r\n\r\n`;
  const size = (text) => Buffer.byteLength(text);
  const tries = [
    [
      'both lengths',
      head(`Content-Length: ${size(hidden) + 5}\r\nTransfer-Encoding: chunked`) +
        `0\r\n\r\n${hidden}`,
    ],
    [
      'chunked first',
      head(`Transfer-Encoding: chunked\r\nContent-Length: 4`) + `0\r\n\r\n${hidden}`,
    ],
    ['two lengths', head('Content-Length: 0\r\nContent-Length: 60') + hidden],
    ['a list of lengths', head('Content-Length: 0, 60') + hidden],
    ['a length with a plus', head('Content-Length: +0') + hidden],
    ['a length in hex', head('Content-Length: 0x0') + hidden],
    ['a negative length', head('Content-Length: -1') + hidden],
    ['a huge length', head('Content-Length: 99999999999999999999') + hidden],
    ['a space before the colon', head('Content-Length : 0') + hidden],
    ['a folded header', head('Content-Length:\r\n 0') + hidden],
    ['chunked twice', head('Transfer-Encoding: chunked, chunked') + `0\r\n\r\n${hidden}`],
    ['an unknown coding', head('Transfer-Encoding: xchunked') + `0\r\n\r\n${hidden}`],
    ['a coding with a vertical tab', head('Transfer-Encoding: \x0bchunked') + `0\r\n\r\n${hidden}`],
    [
      'identity and chunked',
      head('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked') + `0\r\n\r\n${hidden}`,
    ],
    ['a bare line feed', `POST /api/profile HTTP/1.1\nHost: x\nContent-Length: 0\n\n${hidden}`],
    ['a bare carriage return', head('X: a\rContent-Length: 0') + hidden],
    ['a chunk size with a sign', head('Transfer-Encoding: chunked') + `+0\r\n\r\n${hidden}`],
    [
      'a chunk size too large',
      head('Transfer-Encoding: chunked') + `fffffffffffffffff\r\n${hidden}`,
    ],
    [
      'a chunk without an end',
      head('Transfer-Encoding: chunked') + `5\r\n{}   X\r\n0\r\n\r\n${hidden}`,
    ],
    [
      'a body beyond the limit',
      head('Content-Length: 100000') + '{'.repeat(100_000 - size(hidden)) + hidden,
    ],
    [
      'a body of a GET',
      `GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: ${size(hidden)}\r\n\r\n${hidden}`,
    ],
    ['a header without a name', head(': x\r\nContent-Length: 0') + hidden],
    ['a zero byte in a header', head('X: a\0b\r\nContent-Length: 0') + hidden],
  ];
  for (const [what, bytes] of tries) {
    // Half closed: the server ends when it has answered what it takes for all.
    const answer = await raw(origin.port, bytes, null);
    const answers = answer.match(/HTTP\/1\.1 \d{3} /g) ?? [];
    const isHealth = /"snapshotVersion"/.test(answer) && what !== 'a body of a GET';
    const isGood =
      what === 'a body of a GET' ? answers.length <= 1 : answers.length <= 1 && !isHealth;
    cases.check(`smuggling: ${what}`, isGood, `${answers.length} answers: ${answer.slice(0, 120)}`);
  }
}

/** Content and answers that would be code somewhere: they come out as what they are, data. */
export async function tryHostileContent(origin, { keys, person }, cases) {
  const hostile = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE user_profiles; --",
    '{{constructor.constructor("x")()}}',
    '</script><script>',
    '\u2028\u2029',
    '../../etc/passwd',
    '%s%n%x',
    'javascript:alert(1)',
    '=cmd|calc!A1',
  ];
  for (const [index, value] of hostile.entries()) {
    const made = await origin.call('POST', '/api/admin/content', {
      token: keys.content,
      body: { id: `hostile-${index}`, type: 'project', body: { title: value, url: value } },
    });
    cases.check(`content ${index}`, made.status === 201, made.text);
    const read = await origin.call('GET', `/api/admin/content/hostile-${index}`, {
      token: keys.read,
    });
    cases.check(
      `content ${index} comes out as it went in`,
      read.json?.body?.title === value,
      read.text,
    );
    cases.check(
      `content ${index} is no page`,
      read.headers.get('content-type') === 'application/json' &&
        read.headers.get('x-content-type-options') === 'nosniff' &&
        /default-src 'none'/.test(read.headers.get('content-security-policy') ?? ''),
    );
    const answered = await origin.call('POST', '/api/profile', {
      ...person,
      body: { questionnaireData: { logline: value } },
    });
    cases.check(`an answer ${index}`, answered.status === 200, answered.text);
    const copy = await origin.call('GET', '/api/privacy/export', person);
    cases.check(
      `an answer ${index} comes out as it went in`,
      copy.json?.answers?.logline === value,
    );
    const missing = await origin.call('GET', `/api/admin/content/${encodeURIComponent(value)}`, {
      token: keys.read,
    });
    cases.check(
      `an error does not repeat ${index}`,
      missing.status === 404 && !missing.text.includes(value),
      missing.text,
    );
  }
  const admin = await origin.call('GET', '/api/admin/stats', { token: keys.read });
  cases.check('all tables are there', admin.status === 200 && admin.json.profiles > 0, admin.text);
}

const SHA = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A snapshot that was forged, cut, replayed, expired or rolled back: no origin takes it, nor does what edge and browser share. */
export async function trySnapshots(site, cases) {
  const folder = mkdtempSync(path.join(tmpdir(), 'footlight-attack-'));
  const published = path.join(site.data, 'publish');
  const good = readFileSync(path.join(published, 'manifest.json'), 'utf8');
  const manifest = JSON.parse(Buffer.from(JSON.parse(good).payload, 'base64'));
  const keys = generateKeyPairSync('ed25519');
  const rawKey = keys.publicKey
    .export({ type: 'spki', format: 'der' })
    .subarray(-32)
    .toString('base64');
  const seal = (changes, by = keys) => {
    const payload = Buffer.from(JSON.stringify({ ...manifest, ...changes }));
    return JSON.stringify({
      payload: payload.toString('base64'),
      signature: sign(null, payload, by.privateKey).toString('base64'),
      keyId: SHA(Buffer.from(rawKey, 'base64')).slice(0, 16),
    });
  };
  const now = Math.floor(Date.now() / 1000);
  const parts = JSON.parse(good);
  const swap = (field, value) => JSON.stringify({ ...parts, [field]: value });
  const flipped = (text64, at) => {
    const bytes = Buffer.from(text64, 'base64');
    bytes[at % bytes.length] ^= 1;
    return bytes.toString('base64');
  };
  const forged = [
    ['another key', seal({})],
    [
      'another key under the old name',
      JSON.stringify({ ...JSON.parse(seal({})), keyId: parts.keyId }),
    ],
    ['no signature', swap('signature', '')],
    ['a signature of zeros', swap('signature', Buffer.alloc(64).toString('base64'))],
    ['a short signature', swap('signature', Buffer.alloc(63).toString('base64'))],
    ['another payload', swap('payload', Buffer.from('{}').toString('base64'))],
    ['no payload', swap('payload', '')],
    ['not JSON', good.slice(0, -20)],
    ['a list', '[]'],
    ['nothing', ''],
    ...Array.from({ length: 12 }, (_, i) => [
      `bit ${i} of the payload`,
      swap('payload', flipped(parts.payload, i * 37)),
    ]),
    ...Array.from({ length: 8 }, (_, i) => [
      `bit ${i} of the signature`,
      swap('signature', flipped(parts.signature, i * 8)),
    ]),
  ];
  const publicKey = readFileSync(path.join(site.data, 'keys/signing.pub'), 'utf8').trim();
  const refusalOf = async (envelope, trust) => {
    try {
      await verifyManifest(envelope, trust, checkManifest);
      return 'taken';
    } catch (error) {
      return error.message;
    }
  };
  const trust = { publicKey, now, minVersion: () => 0 };
  cases.check('the good one is taken', (await refusalOf(good, trust)) === 'taken');
  for (const [what, envelope] of forged) {
    const refusal = await refusalOf(envelope, trust);
    cases.check(`edge and browser: ${what}`, ['forged', 'malformed'].includes(refusal), refusal);
  }
  const own = { publicKey: rawKey, now, minVersion: (key) => (key === rawKey ? 5 : 0) };
  for (const [what, changes, expected] of [
    ['expired', { version: 9, expiresAt: now }, 'expired'],
    ['rolled back', { version: 4 }, 'stale'],
    ['of a later format', { version: 9, format: 2 }, /unsupported|malformed/],
    ['for a later engine', { version: 9, minEngine: '2.0' }, /unsupported|malformed/],
    ['without a version', { version: undefined }, /malformed|stale/],
    ['a version that is a text', { version: '9' }, /malformed|stale/],
    ['a file that is no hash', { version: 9, snapshot: { sha256: '../x', bytes: 1 } }, /malformed/],
  ]) {
    const refusal = await refusalOf(seal(changes), own);
    const isGood = expected instanceof RegExp ? expected.test(refusal) : refusal === expected;
    cases.check(`edge and browser: ${what}`, isGood, refusal);
  }
  // The origin, by `doctor`, which reads what serve reads.
  const look = async (what, prepare, expected) => {
    const data = mkdtempSync(path.join(folder, 'd-'));
    for (const name of ['footlight.db', 'footlight.db-keys', 'footlight.db-master.key']) {
      copyFileSync(path.join(site.data, name), path.join(data, name));
    }
    for (const name of ['publish', 'keys'])
      cpSync(path.join(site.data, name), path.join(data, name), { recursive: true });
    prepare(path.join(data, 'publish'));
    const { stdout } = await run(PROGRAM, ['--data', data, 'doctor']).catch((error) => error);
    cases.check(`origin: ${what}`, expected.test(stdout), stdout);
  };
  await look('as published', () => {}, /snapshot \d+ is live/);
  for (const [what, envelope] of forged.slice(0, 10)) {
    const prepare = (at) => writeFileSync(path.join(at, 'manifest.json'), envelope);
    await look(what, prepare, /snapshot is refused: (?:forged|malformed)|manifest is missing/);
  }
  const file = (at) => path.join(at, manifest.snapshot.sha256);
  const bytes = readFileSync(file(published));
  await look(
    'a truncated file',
    (at) => writeFileSync(file(at), bytes.subarray(0, -1)),
    /refused: mismatch/,
  );
  await look('an empty file', (at) => writeFileSync(file(at), ''), /refused/);
  for (let i = 0; i < 8; i++) {
    const changed = Buffer.from(bytes);
    changed[(i * 7919) % changed.length] ^= 1 << i;
    await look(
      `bit ${i} of the file`,
      (at) => writeFileSync(file(at), changed),
      /refused: mismatch/,
    );
  }
  await look('a missing file', (at) => rmSync(file(at)), /refused/);
  rmSync(folder, { recursive: true });
}

/** Who comes too often waits, whoever they say they are. */
export async function tryRates(serve, site, cases) {
  const slow = await serve(site, '--rate-limit', '0.2', '--trusted-proxy', '127.0.0.1');
  let origin = slow;
  const get = async (address, at = '/healthz', headers = {}) => {
    const response = await fetch(origin.base + at, {
      headers: { ...(address && { 'x-forwarded-for': address }), ...headers },
    });
    await response.text();
    return response;
  };
  const manyAs = async (address, count) => {
    const statuses = await Promise.all(Array.from({ length: count }, () => get(address)));
    return statuses.filter(({ status }) => status === 429);
  };
  const limited = await manyAs('203.0.113.1', 200);
  cases.check('a client that comes too often', limited.length > 50, String(limited.length));
  cases.check('is told when to come again', limited[0]?.headers.get('retry-after') === '1');
  cases.check('another client is served', (await get('203.0.113.2')).status === 200);
  cases.check(
    'a name in front of the address changes nothing',
    (await get('1.1.1.1, 203.0.113.1')).status === 429,
  );
  cases.check('a port behind it neither', (await get('203.0.113.1:4711')).status === 429);
  await manyAs('2001:db8:0:1::1', 200);
  cases.check(
    'a neighbour in the same /64 waits, too',
    (await get('2001:db8:0:1::2')).status === 429,
  );
  cases.check('the next /64 does not', (await get('2001:db8:0:2::1')).status === 200);
  origin = await serve(
    site,
    ...['--profile-rate-limit', '5', '--trusted-proxy', '127.0.0.1', '--key-rate-limit', '5'],
  );
  const profile = async (address) => {
    const response = await fetch(`${origin.base}/api/profile`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      body: '{"questionnaireData":{}}',
    });
    await response.text();
    return response.status;
  };
  const made = [];
  for (let i = 0; i < 12; i++) made.push(await profile('203.0.113.7'));
  cases.check(
    'a script that makes profiles',
    made.filter((status) => status === 200).length <= 6,
    made,
  );
  cases.check('somebody else makes one', (await profile('203.0.113.8')) === 200);
  const guesses = [];
  for (let i = 0; i < 30; i++) {
    const headers = { authorization: `Bearer flk_${'a'.repeat(42)}${i % 10}` };
    guesses.push((await get('203.0.113.9', '/api/admin/stats', headers)).status);
  }
  cases.check('guesses at keys', guesses.at(-1) === 429 && guesses[0] === 401, guesses);
  const key = (await site.footlight('keys', 'create', '--scope', 'read')).stdout.trim();
  const asKey = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      get(`203.0.114.${i}`, '/api/admin/stats', { authorization: `Bearer ${key}` }),
    ),
  );
  cases.check(
    'one key from many addresses',
    asKey.some(({ status }) => status === 429),
  );
  for (const one of [slow, origin]) await one.stop();
  const direct = await serve(site, '--rate-limit', '20');
  const many = await Promise.all(
    Array.from({ length: 100 }, () =>
      fetch(`${direct.base}/healthz`, { headers: { 'x-forwarded-for': '203.0.113.1' } }),
    ),
  );
  cases.check(
    'without a trusted proxy nobody is believed',
    many.every(({ status }) => status === 200),
  );
  await direct.stop();
}
