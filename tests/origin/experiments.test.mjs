// The site's own experiments from first to last: set up, started, decided, exposed, analysed, rolled back, concluded and
// promoted, by the admin API and the command line, each change in the audit log.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { OpenFeature } from '@openfeature/server-sdk';
import { newSite, run, serve } from './program.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');
const { ABTestingFramework } = await import(`${ROOT}/build/js/web/sdk/ab_testing.js`);
const { FootlightServerProvider } = await import(`${ROOT}/build/js/web/openfeature_server.js`);
const { Engine } = await import(`${ROOT}/build/js/wasm/binding/engine.js`);
const { Flags } = await import(`${ROOT}/build/js/wasm/binding/flags.js`);

const SPRING = {
  id: 'spring',
  name: 'Spring banner',
  hypothesis: 'A banner of the season is noticed.',
  flag: 'banner',
  variants: [
    { key: 'control', value: 'none' },
    { key: 'spring', name: 'Spring', value: 'spring' },
  ],
  metrics: [
    { name: 'Sign-ups', kind: 'proportion', events: { goal: 'signup' } },
    {
      name: 'Revenue',
      kind: 'mean',
      events: { goal: 'order', measure: 'value' },
      capPercentile: 0.99,
    },
    {
      name: 'Clicks a view',
      kind: 'ratio',
      events: { action: 'click' },
      per: { action: 'view' },
    },
    {
      name: 'Complaints',
      kind: 'proportion',
      events: { goal: 'complaint' },
      guardrail: true,
      lessIsBetter: true,
    },
  ],
};

let site;
let origin;
let admin;
let experimenter;
let reader;

const api = (method, at, body, token = experimenter) =>
  origin.call(method, `/api/admin${at}`, { token, ...(body !== undefined && { body }) });
const ended = async (id) => {
  for (;;) {
    const { json } = await api('GET', `/jobs/${id}`, undefined, reader);
    if (json.state === 'done' || json.state === 'failed') return json;
  }
};
const changed = async (id, verb, body) => {
  const answer = await api('POST', `/experiments/${id}/${verb}`, body);
  assert.equal(answer.status, 200, answer.text);
  const job = await ended(answer.json.publish.job);
  assert.equal(job.state, 'done', job.error);
  assert.equal(job.report.refused, undefined);
  return answer.json;
};
const flag = async (key, id) => {
  const body = { context: { targetingKey: id } };
  return (await origin.call('POST', `/ofrep/v1/evaluate/flags/${key}`, { body })).json;
};
/** Another process has published: the running one takes it within a second or so. */
const until = async (holds) => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 100));
};
const file = (name, json) => {
  const at = path.join(site.data, name);
  writeFileSync(at, JSON.stringify(json));
  return at;
};
let events = 0;
const send = async (interactions) => {
  for (let at = 0; at < interactions.length; at += 400) {
    const body = {
      interactions: interactions.slice(at, at + 400).map((event) => ({
        eventId: `experiments-${++events}`,
        ...event,
      })),
    };
    const { status, json } = await origin.call('POST', '/api/personalization/interactions', {
      body,
    });
    assert.equal(status, 200);
    assert.deepEqual(json.refused, []);
  }
};
const exposure = (visitorId, experiment, variant, occurredAt) => ({
  action: 'exposure',
  experiment,
  variant,
  visitorId,
  ...(occurredAt && { occurredAt }),
});
const goal = (visitorId, name, value, occurredAt) => ({
  action: 'convert',
  goal: name,
  visitorId,
  ...(value !== undefined && { value }),
  ...(occurredAt && { occurredAt }),
});

before(async () => {
  site = await newSite();
  origin = await serve(site, '--rate-limit', '0', '--key-rate-limit', '0');
  const key = async (scope) =>
    (await site.footlight('keys', 'create', '--scope', scope)).stdout.trim();
  admin = await key('admin');
  experimenter = await key('experiments');
  reader = await key('read');
});

after(async () => {
  await origin.stop();
  site.remove();
});

test('an experiment needs a key with the scope for it', async () => {
  assert.equal((await api('POST', '/experiments', SPRING, reader)).status, 403);
  assert.equal((await api('POST', '/experiments', SPRING, 'fl_nobody')).status, 401);
  assert.equal((await api('GET', '/audit', undefined, experimenter)).status, 403);
});

test('a draft: every fault has its place, and a good one is kept as it was written', async () => {
  const bad = await api('POST', '/experiments', {
    ...SPRING,
    id: 'no spaces',
    trafficAllocation: 2,
    variants: [
      { key: 'a', value: 1 },
      { key: 'a', value: 2, url: '/x' },
    ],
    metrics: [
      { name: 'x', kind: 'proportion', events: { action: 'swim' } },
      { name: 'x', kind: 'ratio', events: { goal: 'g', slot: 'hero' }, cap: 3 },
    ],
    endDate: '2026-01-01T00:00:00Z',
    startDate: '2026-02-01T00:00:00Z',
    schedule: [],
    typo: 1,
  });
  assert.equal(bad.status, 422);
  const places = bad.json.errors.map(({ pointer }) => pointer);
  for (const place of [
    '/typo',
    '/id',
    '/trafficAllocation',
    '/variants/1/key',
    '/variants/1/url',
    '/metrics/0/events/action',
    '/metrics/1/name',
    '/metrics/1/per',
    '/metrics/1/events/goal',
    '/endDate',
    '/schedule',
  ]) {
    assert.ok(places.includes(place), `${place} is not among ${places}`);
  }
  const condition = await api('POST', '/experiments', {
    ...SPRING,
    condition: { country: { $regex: '(?=x)' } },
  });
  assert.equal(condition.status, 422);

  const never = await api('POST', '/experiments', { ...SPRING, condition: { a: { $nope: 1 } } });
  assert.equal(never.status, 422);
  assert.equal(never.json.errors[0].pointer, '/condition');

  const made = await api('POST', '/experiments', SPRING);
  assert.equal(made.status, 201);
  assert.equal(made.json.status, 'draft');
  assert.equal((await api('POST', '/experiments', SPRING)).status, 409);
  const again = { ...SPRING, hypothesis: 'Changed.' };
  assert.equal((await api('PUT', '/experiments/spring', again)).json.hypothesis, 'Changed.');
  assert.equal((await api('PUT', '/experiments/other', again)).status, 422);
  assert.equal((await api('GET', '/experiments/other')).status, 404);
  assert.equal((await api('POST', '/experiments/spring/stop', {})).status, 409);
  assert.equal((await api('GET', '/experiments/spring/results')).status, 409);
});

const variants = {};
test('started: the flag is decided by the draw, evenly, and the running one is not to be changed', async () => {
  assert.equal((await flag('banner', 'v1')).errorCode, 'FLAG_NOT_FOUND');
  await changed('spring', 'start');
  for (let i = 0; i < 400; i++) {
    const { value, variant, metadata } = await flag('banner', `v${i}`);
    assert.equal(metadata.experiment, 'spring');
    assert.equal(value, variant === 'control' ? 'none' : 'spring');
    variants[`v${i}`] = variant;
  }
  const treated = Object.values(variants).filter((variant) => variant === 'spring').length;
  assert.ok(treated > 150 && treated < 250, `${treated} of 400`);
  assert.equal((await api('PUT', '/experiments/spring', SPRING)).status, 409);
  assert.equal((await api('DELETE', '/experiments/spring')).status, 409);
  const second = { ...SPRING, id: 'second' };
  assert.equal((await api('POST', '/experiments', second)).status, 201);
  const refused = await api('POST', '/experiments/second/start');
  assert.equal(refused.status, 409);
  assert.match(refused.json.detail, /'spring' runs on the flag 'banner'/);
  assert.equal((await api('DELETE', '/experiments/second')).status, 204);
});

test('exposures count once, unknown experiments are refused, and a goal needs its own words', async () => {
  const post = async (event) =>
    (
      await origin.call('POST', '/api/personalization/interactions', {
        body: { interactions: [event] },
      })
    ).json;
  assert.equal(
    (await post({ eventId: 'once', ...exposure('v0', 'spring', variants.v0) })).counted,
    1,
  );
  assert.equal(
    (await post({ eventId: 'twice', ...exposure('v0', 'spring', variants.v0) })).duplicates,
    1,
  );
  const unknown = await post({ eventId: 'what', ...exposure('v0', 'summer', 'x') });
  assert.equal(unknown.refused[0].code, 'unknown_experiment');
  for (const event of [
    { action: 'click', experiment: 'spring', variant: 'x' },
    { action: 'exposure', experiment: 'spring' },
    { action: 'exposure', experiment: 'spring', variant: 'x', contentId: 'y' },
    { action: 'click', goal: 'signup' },
    { action: 'convert', goal: 'signup', value: 'much' },
    { action: 'convert', contentId: 'y', value: 3 },
    { action: 'convert' },
  ]) {
    const { refused } = await post({ eventId: JSON.stringify(event), visitorId: 'v0', ...event });
    assert.equal(refused.length, 1, JSON.stringify(event));
  }
  const twice = { eventId: 'order-1', ...goal('v0', 'order', 20) };
  assert.equal((await post(twice)).counted, 1);
  assert.equal((await post(twice)).duplicates, 1);
});

test('results: joined, capped, adjusted, the winner named only when it is sure', async () => {
  const early = (await api('GET', '/experiments/spring/results')).json;
  assert.equal(early.results.winner, null);
  assert.match(early.results.advice, /Go on/);

  const ids = Array.from({ length: 1200 }, (_, i) => `v${i}`);
  const variantOf = (id) => variants[id] ?? (Number(id.slice(1)) % 2 ? 'spring' : 'control');
  await send(ids.map((id) => exposure(id, 'spring', variantOf(id))));
  const converting = ids.filter(
    (id, i) => Math.floor(i / 2) % 10 < (variantOf(id) === 'spring' ? 5 : 2),
  );
  await send(converting.map((id) => goal(id, 'signup')));
  await send(converting.filter((_, i) => i % 3 === 0).map((id) => goal(id, 'order', 10)));
  // What happened before the exposure, long after it, or is of another goal, does not count.
  await send([goal('v3', 'signup', undefined, '2020-01-01T00:00:00Z'), goal('v4', 'other')]);
  // One saw both, and one is a program.
  await send([exposure('v7', 'spring', variantOf('v7') === 'spring' ? 'control' : 'spring')]);
  const { results, units, leftOut, days, detectableEffect } = (
    await api('GET', '/experiments/spring/results')
  ).json;
  assert.equal(units.control + units.spring, 1199);
  assert.equal(leftOut.multipleExposed, 1);
  assert.equal(results.winner, 'spring');
  assert.match(results.advice, /Roll 'spring' out/);
  assert.ok(results.health.every(({ passed }) => passed));
  const signups = results.metrics.find(({ name }) => name === 'Sign-ups');
  assert.ok(Math.abs(signups.comparisons[0].treatmentMean - 0.5) < 0.05);
  assert.ok(Math.abs(signups.comparisons[0].controlMean - 0.2) < 0.05);
  assert.equal(
    days.at(-1).units.reduce((a, b) => a + b),
    1199,
  );
  assert.ok(detectableEffect > 0);
});

test('a program is left out', async () => {
  const { json: content } = await api('GET', '/content?limit=1', undefined, reader);
  const [{ id: contentId }] = content.content;
  await send([exposure('robot', 'spring', 'spring')]);
  await send(
    Array.from({ length: 700 }, () => ({ contentId, action: 'click', visitorId: 'robot' })),
  );
  const { leftOut, results } = (await api('GET', '/experiments/spring/results')).json;
  assert.equal(leftOut.programs, 1);
  const clicks = results.metrics.find(({ name }) => name === 'Clicks a view');
  assert.equal(clicks.comparisons[0].treatmentMean, 0);
});

test('the report is one page that needs nothing else, and the command line says the same', async () => {
  const { text, headers } = await origin.call('GET', '/api/admin/experiments/spring/report', {
    token: reader,
  });
  assert.match(headers.get('content-type'), /text\/html/);
  assert.match(text, /Roll &#39;spring&#39; out|Roll 'spring' out|Roll &apos;spring&apos; out/);
  assert.match(text, /<svg/);
  assert.doesNotMatch(text, /<script|src=|href="http/);
  const report = path.join(site.data, 'spring.html');
  const { stdout } = await site.footlight('experiment', 'results', 'spring', '--report', report);
  assert.match(stdout, /Roll 'spring' out/);
  assert.match(readFileSync(report, 'utf8'), /<svg/);
});

test('concluded and promoted: the winner is everybody’s', async () => {
  const wrong = await api('POST', '/experiments/spring/conclude', { winner: 'autumn' });
  assert.equal(wrong.status, 409);
  assert.equal((await api('POST', '/experiments/spring/promote')).status, 409);
  const concluded = await changed('spring', 'conclude', { winner: 'spring', note: 'clear' });
  assert.equal(concluded.status, 'concluded');
  assert.equal(concluded.winner, 'spring');
  await changed('spring', 'promote');
  for (const id of ['v0', 'v1', 'v2', 'new']) {
    const { value, reason } = await flag('banner', id);
    assert.equal(value, 'spring');
    assert.equal(reason, 'DEFAULT');
  }
});

test('a rollout stops by itself when a guardrail breaks', async () => {
  const rollout = {
    id: 'checkout',
    kind: 'rollout',
    flag: 'checkout',
    variants: [
      { key: 'old', value: 'old' },
      { key: 'new', value: 'new' },
    ],
    schedule: [
      { from: '2026-01-01T00:00:00Z', share: 0.5 },
      { from: '2100-01-01T00:00:00Z', share: 1 },
    ],
    metrics: [
      { name: 'Orders', events: { goal: 'order' } },
      { name: 'Errors', events: { goal: 'error' }, guardrail: true, lessIsBetter: true },
    ],
  };
  await site.footlight('experiment', 'create', file('checkout.json', rollout));
  await site.footlight('experiment', 'start', 'checkout', '--publish');
  await fetch(`${origin.base}/healthz`);
  const ids = Array.from({ length: 600 }, (_, i) => `r${i}`);
  await send(ids.map((id, i) => exposure(id, 'checkout', i % 2 ? 'new' : 'old')));
  await send(ids.filter((_, i) => i % 2 && i % 5 === 0).map((id) => goal(id, 'error')));
  const { stdout } = await site.footlight('experiment', 'watch', '--publish');
  assert.match(stdout, /checkout +rolled_back +guardrail 'Errors' is surely worse in 'new'/);
  const { status, note } = (await api('GET', '/experiments/checkout')).json;
  assert.equal(status, 'stopped');
  assert.match(note, /rolled back/);
  await until(async () => (await flag('checkout', 'r1')).errorCode === 'FLAG_NOT_FOUND');
});

test('a holdout keeps its share out of every other experiment', async () => {
  const metrics = [{ name: 'Orders', events: { goal: 'order' } }];
  await api('POST', '/experiments', { id: 'q4', kind: 'holdout', share: 0.2, metrics });
  await changed('q4', 'start');
  const colour = {
    id: 'colour',
    flag: 'colour',
    variants: [
      { key: 'red', value: 'red' },
      { key: 'blue', value: 'blue' },
    ],
    metrics,
  };
  await api('POST', '/experiments', colour);
  await changed('colour', 'start');
  let held = 0;
  for (let i = 0; i < 300; i++) {
    const holdout = await flag('holdout:q4', `h${i}`);
    const { reason, value } = await flag('colour', `h${i}`);
    if (holdout.value !== 'holdout') {
      assert.equal(reason, 'SPLIT');
      continue;
    }
    held++;
    assert.equal(value, 'red');
    assert.equal(reason, 'DEFAULT');
  }
  assert.ok(held > 30 && held < 90, `${held} of 300`);
  await changed('colour', 'stop', { note: 'enough' });
  await changed('q4', 'stop', {});
});

test('SPEC’s ABTestingFramework on a server: assigned, exposed, converted, analysed', async () => {
  const metrics = [{ name: 'Conversions', events: { goal: 'conversion' } }];
  const size = {
    id: 'size',
    flag: 'size',
    variants: [
      { key: 'small', value: 1 },
      { key: 'large', value: 2 },
    ],
    metrics,
  };
  await api('POST', '/experiments', size);
  const framework = new ABTestingFramework({ api: origin.base, apiKey: reader });
  assert.equal(await framework.assignVariant('u1', 'size'), 'small', 'not running: the control');
  await assert.rejects(framework.assignVariant('u1', 'nothing'), { code: 'not_found' });
  await changed('size', 'start');
  const count = { small: 0, large: 0 };
  for (let i = 0; i < 60; i++) {
    const variant = await framework.assignVariant(`u${i}`, 'size');
    assert.equal(await framework.assignVariant(`u${i}`, 'size'), variant);
    if (count[variant]++ % 2 === 0) await framework.trackConversion(`u${i}`, 'size', variant);
  }
  const { units, results } = await framework.analyzeResults('size');
  assert.deepEqual(units, count);
  assert.ok(units.small > 10 && units.large > 10);
  const [{ controlMean }] = results.metrics[0].comparisons;
  assert.equal(controlMean, Math.ceil(count.small / 2) / count.small);
});

test('OpenFeature’s server SDK evaluates here, and reports what it drew', async () => {
  const envelope = JSON.parse(readFileSync(path.join(site.data, 'publish/manifest.json'), 'utf8'));
  const { snapshot } = JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
  const bytes = readFileSync(path.join(site.data, 'publish', snapshot.sha256));
  const wasm = readFileSync(path.join(ROOT, 'build/web/engine_full.wasm'));
  const engine = Engine.load(new WebAssembly.Module(wasm), bytes);
  const provider = new FootlightServerProvider({
    flags: new Flags(engine.flagExports),
    api: origin.base,
  });
  await OpenFeature.setProviderAndWait(provider);
  const client = OpenFeature.getClient();
  const before = (await api('GET', '/experiments/size/results')).json.units;
  const drawn = { small: 0, large: 0 };
  for (let i = 100; i < 140; i++) {
    const context = { targetingKey: `u${i}` };
    const { value, variant, reason } = await client.getNumberDetails('size', 0, context);
    assert.equal(reason, 'SPLIT');
    assert.equal(value, variant === 'small' ? 1 : 2);
    assert.equal(variant, (await flag('size', `u${i}`)).variant, 'as the origin says');
    await client.getNumberValue('size', 0, context);
    drawn[variant]++;
    client.track('conversion', context, { value: 3 });
  }
  const wrong = await client.getStringDetails('size', 'x', { targetingKey: 'u1' });
  assert.equal(wrong.errorCode, 'TYPE_MISMATCH');
  const unknown = await client.getBooleanDetails('nothing', true, {});
  assert.equal(unknown.errorCode, 'FLAG_NOT_FOUND');
  await OpenFeature.close(); // sends what waits
  const { units } = (await api('GET', '/experiments/size/results')).json;
  assert.equal(units.small, before.small + drawn.small);
  assert.equal(units.large, before.large + drawn.large);
  await changed('size', 'stop', {});
});

const manifestOf = () => {
  const envelope = JSON.parse(readFileSync(path.join(site.data, 'publish/manifest.json'), 'utf8'));
  return JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
};
test('a canary: a share of the visitors first, ended or promoted', async () => {
  const before = manifestOf();
  const { stdout } = await site.footlight('publish', '--canary', '0.2', '--note', 'careful');
  const id = /experiment (canary-\d+)/.exec(stdout)[1];
  const during = manifestOf();
  assert.equal(during.canary.experiment, id);
  assert.equal(during.canary.share, 0.2);
  assert.ok(during.version > before.version);
  assert.equal((await api('GET', `/experiments/${id}`)).json.kind, 'canary');
  for (const args of [
    ['publish'],
    ['publish', '--canary', '0.1'],
    ['rollback', String(before.version)],
  ]) {
    const error = await site.footlight(...args).catch((e) => e);
    assert.equal(error.code, 1);
    assert.match(error.stderr, new RegExp(`the canary '${id}'`));
  }
  // Flags may change meanwhile, for both.
  await site.footlight('publish', '--flags-only');
  const meanwhile = manifestOf();
  assert.equal(meanwhile.canary.experiment, id);
  assert.ok(meanwhile.version > during.version);
  await send([exposure('c1', id, 'live'), exposure('c2', id, 'canary')]);
  assert.deepEqual((await api('GET', `/experiments/${id}/results`)).json.units, {
    live: 1,
    canary: 1,
  });
  await changed(id, 'stop', {});
  assert.equal(manifestOf().canary, undefined);

  const again = /experiment (canary-\d+)/.exec(
    (await site.footlight('publish', '--canary', '0.5')).stdout,
  )[1];
  await changed(again, 'conclude', { winner: 'canary' });
  assert.equal(manifestOf().canary, undefined);
  await changed(again, 'promote');
  const { snapshots } = (await api('GET', '/snapshots', undefined, reader)).json;
  assert.equal(snapshots[0].state, 'live');
  assert.match(snapshots[0].note, new RegExp(again));
});

test('ready made: personalised against default', async () => {
  await site.footlight('experiment', 'create', '--personalised-vs-default', 'first');
  const { stdout } = await site.footlight('experiment', 'start', 'first', '--publish');
  assert.match(stdout, /Published version/);
  await until(async () => (await flag('personalization', 'p0')).errorCode === undefined);
  const seen = new Set();
  for (let i = 0; i < 30; i++) seen.add((await flag('personalization', `p${i}`)).value);
  assert.deepEqual([...seen].sort(), [false, true]);
  await site.footlight('experiment', 'stop', 'first', '--note', 'seen enough');
});

test('every change is in the audit log, which shows when it was tampered with', async () => {
  const { audit } = (await api('GET', '/audit', undefined, admin)).json;
  const actions = audit.map(({ action, subject }) => `${action} ${subject}`);
  for (const wanted of [
    'experiment.create spring',
    'experiment.replace spring',
    'experiment.start spring',
    'experiment.delete second',
    'experiment.conclude spring',
    'experiment.promote spring',
    'experiment.stop checkout',
    'experiment.stop first',
  ]) {
    assert.ok(actions.includes(wanted), `${wanted} is not among ${actions}`);
  }
  assert.match(audit.find(({ action }) => action === 'experiment.promote').actor, /^key:/);
  assert.match(audit[0].actor, /^cli:/);
  assert.match(
    (await site.footlight('audit', 'verify')).stdout,
    /each follows from the one before/,
  );
  const tamper = "UPDATE audit_log SET actor = 'nobody' WHERE seq = 3";
  await run('sqlite3', [path.join(site.data, 'footlight.db'), tamper]);
  const error = await site.footlight('audit', 'verify').catch((e) => e);
  assert.equal(error.code, 1);
  assert.match(error.stderr, /broken at row 3/);
});
