// SPEC.md's interfaces in Chromium, over the demo's content.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHost } from './host.mjs';
import { html, openBrowser } from './page.mjs';
import { openEngine, publishDemo } from './published.mjs';

let site;
let host;
let browser;
let page;

before(async () => {
  site = publishDemo();
  host = await startHost(site);
  browser = await openBrowser();
  host.pages['/'] = html({ slots: '' }).replace(/<meta name="footlight"[^>]*>/, '');
  page = await browser.newPage();
  await page.goto(host.url);
  await page.evaluate(async (publicKey) => {
    const { createFootlight } = await import('/_fl/sdk.js');
    window.api = await import('/_fl/interfaces.js');
    window.client = createFootlight({ publicKey, engine: window.api.Engine });
  }, site.publicKey);
});
after(async () => {
  await browser?.close();
  host?.close();
});

async function idsOf(type, check = () => true) {
  const engine = await openEngine(site);
  const indexes = Array.from({ length: engine.itemCount }, (_, i) => i);
  return indexes
    .filter((i) => engine.itemType(i) === type && check(engine.itemBody(i)))
    .map((i) => engine.itemUuid(i));
}

test('ContentMatcher: a matching format is a factor, a reason and confidence', async () => {
  const [film] = await idsOf('project', ({ format }) => format === 'Documentary');
  const out = await page.evaluate(async (id) => {
    const matcher = new api.ContentMatcherImpl(client);
    return {
      match: await matcher.matchContent({ format: 'Documentary' }, { id }),
      other: await matcher.matchContent({ format: 'Animation' }, { id }),
      open: await matcher.matchContent({}, { id }),
      unknown: await matcher.matchContent({ format: 'Documentary' }, { id: crypto.randomUUID() }),
    };
  }, film);
  assert.equal(out.match.factors[0].type, 'format_match');
  assert.match(out.match.reason, /documentar/i);
  assert.ok(out.match.confidence > 0 && out.match.confidence < 1);
  for (const { confidence, reason, factors } of [out.other, out.open, out.unknown]) {
    assert.deepEqual({ confidence, reason, factors }, { confidence: 0, reason: '', factors: [] });
  }
});

test('calculateConfidence is bounded and monotone, generateMatchReason names the strongest', async () => {
  const out = await page.evaluate(() => {
    const matcher = new api.ContentMatcherImpl(client);
    const format = { type: 'format_match', score: 0.3 };
    const budget = { type: 'budget_match', score: 0.2 };
    return {
      confidences: [[], [budget], [format], [format, budget], Array(99).fill(format)].map(
        (factors) => matcher.calculateConfidence(factors),
      ),
      reason: matcher.generateMatchReason([budget, format]),
      none: matcher.generateMatchReason([]),
    };
  });
  assert.deepEqual(
    out.confidences,
    [...out.confidences].sort((a, b) => a - b),
  );
  assert.equal(out.confidences[0], 0);
  assert.ok(out.confidences.at(-1) < 1);
  assert.equal(out.reason, 'Matches your format');
  assert.equal(out.none, '');
});

test('RecommendationEngine', async () => {
  const out = await page.evaluate(async () => {
    const engine = new api.LocalRecommendationEngine(client);
    const score = await engine.getPersonalizationScore('me');
    await client.profile({ format: 'Documentary', budget: '15_50k' });
    return {
      before: score,
      after: await engine.getPersonalizationScore('me'),
      list: await engine.generateRecommendations('me', {
        types: ['resource', 'project'],
        limit: 4,
      }),
      data: await api.personalizationData(client),
    };
  });
  assert.ok(out.after > out.before);
  assert.equal(out.list.length, 8);
  const sorted = [...out.list].sort((a, b) => b.confidence - a.confidence);
  assert.deepEqual(out.list, sorted);
  for (const { title, matchReason } of out.list) assert.ok(title && matchReason);
  assert.equal(out.data.hero.type, 'hero');
  assert.equal(out.data.featuredProjects.length, 6);
  assert.equal(out.data.testimonials.length, 3);
});

test('ContentBasedFiltering', async () => {
  const [id] = await idsOf('project');
  const out = await page.evaluate(async (id) => {
    const filtering = new api.ContentBasedFiltering(client);
    const similar = await filtering.recommendSimilarContent(id, 5);
    return {
      similar,
      self: await filtering.calculateContentSimilarity({ id }, { id }),
      first: await filtering.calculateContentSimilarity({ id }, similar[0]),
      unknown: await filtering.calculateContentSimilarity({ id }, { id: 'x' }),
    };
  }, id);
  assert.ok(Math.abs(out.self - 1) < 1e-6);
  assert.equal(out.first, out.similar[0].similarity);
  assert.equal(out.unknown, 0);
  assert.ok(out.similar.length <= 5 && !out.similar.some((item) => item.id === id));
});

test('CacheManager forgets when there is a new decision', async () => {
  const out = await page.evaluate(async () => {
    const cache = new api.MemoryCache(client);
    await cache.setPersonalizedContent('me', '/', 1);
    const kept = await cache.getPersonalizedContent('me', '/');
    await client.decide();
    return [kept, await cache.getPersonalizedContent('me', '/')];
  });
  assert.deepEqual(out, [1, undefined]);
});

test('MLPersonalizationModel predicts on the device, as far as the snapshot has learned', async () => {
  const [id] = await idsOf('project');
  const out = await page.evaluate(async (id) => {
    const model = new api.MLPersonalizationModel(client);
    const profile = { format: 'Documentary' };
    return {
      engage: await model.predictEngagement(profile, { id }),
      heads: await model.predict(profile, { id }),
      unknown: await model.predictEngagement(profile, { id: 'x' }),
      vector: await model.prepareFeatures(profile, { id }),
      fields: await model.prepareFeaturesByName(profile),
      without: await new api.MLPersonalizationModel()
        .predictEngagement(profile, { id })
        .catch(String),
    };
  }, id);
  assert.equal(out.engage, out.heads.engage);
  assert.ok(out.heads.click >= out.heads.engage && out.heads.engage >= out.heads.convert);
  assert.ok(out.heads.click <= 1 && out.heads.convert >= 0);
  assert.equal(out.unknown, 0);
  const bins = out.fields.flatMap(({ bins }) => bins).length;
  assert.equal(out.vector.filter((value) => value === 1).length, bins);
  assert.ok(out.vector.every((value) => value === 0 || value === 1));
  // Nobody has done anything on this site yet: there is no engagement model.
  assert.deepEqual([out.fields, out.engage, out.heads.probability], [[], 0, null]);
  assert.match(out.without, /engine/);
});
