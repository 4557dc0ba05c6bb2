// Flags and experiments from a file to an answer: import, publish, the command line, and OFREP as OpenFeature's own SDK
// asks it.
import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { newSite, serve } from './program.mjs';

const FEATURES = {
  greeting: {
    defaultValue: 'Hello',
    rules: [
      { id: 'german', condition: { country: { $in: ['DE', 'AT'] } }, force: 'Guten Tag' },
      {
        id: 'test',
        key: 'greeting-test',
        hashVersion: 2,
        variations: ['Hello', 'Hi there'],
        meta: [{ key: 'control' }, { key: 'friendly' }],
      },
    ],
  },
  limit: { defaultValue: 3 },
  layout: {
    defaultValue: { columns: 2 },
    rules: [{ condition: { beta: true }, force: { columns: 3 } }],
  },
  dark: { defaultValue: false, rules: [{ coverage: 1, hashVersion: 2, force: true }] },
  nothing: { defaultValue: null },
  ring: {
    defaultValue: 1,
    rules: [{ parentConditions: [{ id: 'ring', condition: { value: 1 } }], force: 2 }],
  },
};

let site;
let origin;
let reader;
const file = (name, json) => {
  const at = path.join(site.data, name);
  writeFileSync(at, typeof json === 'string' ? json : JSON.stringify(json));
  return at;
};
const failed = async (...args) => {
  const error = await site.footlight(...args).then(
    () => assert.fail('it succeeded'),
    (e) => e,
  );
  return { code: error.code, text: error.stderr };
};
const flag = async (key, context) =>
  origin.call('POST', `/ofrep/v1/evaluate/flags/${key}`, { body: { context } });

before(async () => {
  site = await newSite();
});

after(async () => {
  await origin?.stop();
  await OpenFeature.close();
  site.remove();
});

test('without flags the command says what to do, and OFREP knows none', async () => {
  const { code, text } = await failed('flags');
  assert.equal(code, 1);
  assert.match(text, /footlight import flags/);
});

test('a document with faults is refused with every place named, and the one before stays', async () => {
  await site.footlight(
    'import',
    'flags',
    file('good.json', { features: { on: { defaultValue: 1 } } }),
  );
  const bad = {
    features: {
      a: { rules: [{ force: 1, condition: { email: { $regex: '(?=x)y' } } }] },
      b: { rules: [{ variations: [1, 2], weights: 'half' }] },
      c: { rules: [{ force: 1, schedule: [{ from: 'soon', coverage: 2 }] }] },
    },
  };
  const { code, text } = await failed('import', 'flags', file('bad.json', bad));
  assert.equal(code, 1);
  assert.match(text, /cannot be bounded.*\/features\/a\/rules\/0\/condition\/email\/\$regex/);
  assert.match(text, /\/features\/b\/rules\/0\/weights/);
  assert.match(text, /\/features\/c\/rules\/0\/schedule\/0\/from/);
  assert.match(text, /\/features\/c\/rules\/0\/schedule\/0\/coverage/);
  assert.match((await site.footlight('flags')).stdout, /on +1/);
  assert.equal((await failed('import', 'flags', file('broken.json', '{'))).code, 1);
  const huge = await failed('import', 'flags', file('huge.json', '{"features": 1e400}'));
  assert.match(huge.text, /number that is too large/);
  const unknown = { features: { a: { rules: [{ force: 1, condition: { x: { $near: 1 } } }] } } };
  const warned = await site.footlight('import', 'flags', file('warn.json', unknown));
  assert.match(warned.stderr, /warning: .*\$near.*never holds/);
});

test('what is no document of flags takes none away', async () => {
  const other = await failed('import', 'flags', file('other.json', { id: 'x', variants: [] }));
  assert.equal(other.code, 1);
  assert.match(other.text, /neither features nor experiments/);
});

test("GrowthBook's payload comes in plain and encrypted, and gives the same assignments", async () => {
  const payload = file('payload.json', { status: 200, features: FEATURES, experiments: [] });
  const { stdout, stderr } = await site.footlight('import', 'growthbook', payload);
  assert.match(stdout, /6 features, 5 rules, 1 experiments/);
  assert.match(stderr, /'ring' is its own prerequisite/);
  const plain = await site.footlight('flags', '--json', '--attributes', '{"id": "visitor-1"}');

  const key = randomBytes(16);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-128-cbc', key, iv);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(FEATURES)), cipher.final()]);
  const encryptedFeatures = `${iv.toString('base64')}.${sealed.toString('base64')}`;
  const other = file('sealed.json', { features: {}, encryptedFeatures });
  assert.match((await failed('import', 'growthbook', other)).text, /--key/);
  const wrong = randomBytes(16).toString('base64');
  const refused = await failed('import', 'growthbook', other, '--key', wrong);
  assert.match(refused.text, /decrypt/);
  await site.footlight('import', 'growthbook', other, '--key', key.toString('base64'));
  const opened = await site.footlight('flags', '--json', '--attributes', '{"id": "visitor-1"}');
  assert.equal(opened.stdout, plain.stdout);
  assert.equal(JSON.parse(plain.stdout).greeting.experiment.key, 'greeting-test');
});

test('what is published is what OFREP answers', async () => {
  await site.footlight('publish');
  reader = (await site.footlight('keys', 'create', '--scope', 'read')).stdout.trim();
  origin = await serve(site);
  const german = await flag('greeting', { targetingKey: 'visitor-1', country: 'DE' });
  assert.equal(german.status, 200);
  assert.deepEqual(german.json, {
    key: 'greeting',
    value: 'Guten Tag',
    reason: 'TARGETING_MATCH',
    metadata: { source: 'force', ruleId: 'german' },
  });
  const tested = await flag('greeting', { targetingKey: 'visitor-1' });
  assert.equal(tested.json.reason, 'SPLIT');
  assert.ok(['control', 'friendly'].includes(tested.json.variant));
  const said = await site.footlight(
    'flags',
    'greeting',
    '--json',
    '--attributes',
    '{"id": "visitor-1"}',
  );
  assert.equal(JSON.parse(said.stdout).greeting.experiment.variant, tested.json.variant);
  // Nobody to draw for: the default.
  assert.equal((await flag('greeting', {})).json.reason, 'DEFAULT');
  // No value: the caller's own default stands.
  assert.deepEqual(Object.keys((await flag('nothing', {})).json), ['key', 'reason', 'metadata']);
});

test('what is wrong is said in OFREP’s codes', async () => {
  const missing = await flag('elsewhere', { targetingKey: 'x' });
  assert.equal(missing.status, 404);
  assert.equal(missing.json.errorCode, 'FLAG_NOT_FOUND');
  assert.equal((await flag('ring', {})).json.errorCode, 'GENERAL');
  const call = (body) => origin.call('POST', '/ofrep/v1/evaluate/flags/limit', { body });
  for (const body of [{}, { context: [] }, [], { context: { targetingKey: 7 } }]) {
    const { status, json } = await call(body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.equal(json.errorCode, 'INVALID_CONTEXT');
  }
  assert.equal((await call('{')).json.errorCode, 'PARSE_ERROR');
  let deep = 1;
  for (let i = 0; i < 50; i++) deep = { deep };
  assert.equal((await call({ context: deep })).json.errorCode, 'INVALID_CONTEXT');
});

test('all flags at once, and 304 for who has them', async () => {
  const all = { body: { context: { targetingKey: 'visitor-1', beta: true } } };
  const first = await origin.call('POST', '/ofrep/v1/evaluate/flags', all);
  assert.deepEqual(
    first.json.flags.map(({ key }) => key),
    Object.keys(FEATURES).sort(),
  );
  assert.deepEqual(first.json.flags.find(({ key }) => key === 'layout').value, { columns: 3 });
  const headers = { 'if-none-match': first.headers.get('etag') };
  const again = await origin.call('POST', '/ofrep/v1/evaluate/flags', { ...all, headers });
  assert.equal(again.status, 304);
  assert.equal(again.text, '');
});

test("OpenFeature's server SDK over its OFREP provider", async () => {
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: origin.base }));
  const client = OpenFeature.getClient();
  const context = { targetingKey: 'visitor-1', country: 'AT', beta: true };
  assert.equal(await client.getStringValue('greeting', 'fallback', context), 'Guten Tag');
  assert.equal(await client.getNumberValue('limit', 1, context), 3);
  assert.equal(await client.getBooleanValue('dark', false, context), true);
  assert.deepEqual(await client.getObjectValue('layout', {}, context), { columns: 3 });
  const details = await client.getStringDetails('greeting', 'x', { targetingKey: 'visitor-1' });
  assert.equal(details.reason, 'SPLIT');
  assert.ok(details.variant);
  const unknown = await client.getBooleanDetails('elsewhere', true, context);
  assert.equal(unknown.value, true);
  assert.equal(unknown.errorCode, 'FLAG_NOT_FOUND');
});

test('what flags change of a decision holds for the API, for whoever they are about', async () => {
  const { content } = (await origin.call('GET', '/api/admin/content?limit=200', { token: reader }))
    .json;
  const projects = content.filter(({ type }) => type === 'project');
  const [placed, hidden] = [projects.at(-1), projects[0]];
  const shorts = (value) => ({
    defaultValue: null,
    rules: [{ condition: { segment: { $regex: 'Short' } }, force: value }],
  });
  const features = {
    'slot:projects': shorts({ pin: [null, placed.id], exclude: [hidden.id], limit: 4 }),
    personalization: {
      defaultValue: true,
      rules: [{ condition: { segment: { $regex: 'Docu' } }, force: false }],
    },
  };
  const visit = async (format) => {
    const made = await origin.call('POST', '/api/profile', {
      body: { questionnaireData: { format } },
    });
    const ask = async (at) =>
      (await origin.call('GET', `/api/personalization/${at}`, { token: made.json.token })).json;
    return {
      shown: async () => (await ask('homepage')).featuredProjects,
      listed: async () => (await ask('recommendations?type=project&limit=24')).recommendations,
    };
  };
  const [short, feature, documentary] = await Promise.all(
    ['Short Film', 'Feature Film', 'Documentary'].map(visit),
  );
  const before = await feature.shown();
  assert.ok((await documentary.shown()).some(({ matchReason }) => /interest/.test(matchReason)));
  await site.footlight('import', 'flags', file('acting.json', { features }));
  await site.footlight('publish', '--flags-only');
  for (;;) {
    const shown = await short.shown();
    if (shown.length === 4) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const shown = await short.shown();
  assert.equal(shown[1].title, placed.body.title);
  assert.ok(!shown.some(({ title }) => title === hidden.body.title));
  assert.ok(!(await short.listed()).some(({ title }) => title === hidden.body.title));
  assert.equal((await feature.shown()).length, before.length);
  assert.ok(!(await documentary.shown()).some(({ matchReason }) => /interest/.test(matchReason)));
});
