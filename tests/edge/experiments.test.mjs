// Experiments at the edge: what acts on a page (content, slots, weights, whether it is filled at all, which address it is
// at), what the page says of them, what is remembered, and what the origin hears.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { cookieOf, decisionOf, demo, publishSnapshot, startEdge, until } from './harness.mjs';

const SLOTS = `<section data-fl-slot="projects"><article><h3 data-fl-text="title">A default project</h3></article></section>`;
const PAGE = `<!DOCTYPE html>\n<html lang="en"><body>\n${SLOTS}\n</body></html>\n`;
const BARE = '<!DOCTYPE html>\n<html lang="en"><body>No slots here.</body></html>\n';

const demoSite = demo();
const project = (n) => demoSite.content.filter(({ type }) => type === 'project')[n].id;
const meta = [{ key: 'control' }, { key: 'treatment' }];
const rule = (key, variations, more) => ({ key, hashVersion: 2, variations, meta, ...more });
const notSticky = { disableStickyBucketing: true };

const FLAGS = {
  features: {
    'slot:projects': {
      defaultValue: {},
      rules: [
        rule(
          'placed',
          [{}, { pin: [null, project(3)], exclude: [project(0), 'no-such-content'], limit: 3 }],
          notSticky,
        ),
      ],
    },
    weights: { defaultValue: {}, rules: [rule('unweighted', [{}, { match: 0 }], notSticky)] },
    headline: { defaultValue: 'plain', rules: [rule('headline-test', ['plain', 'bold'])] },
    'holdout:q4': {
      defaultValue: 'general',
      rules: [rule('q4', ['general', 'holdout'], notSticky)],
    },
    country: {
      defaultValue: 'any',
      rules: [{ condition: { id: { $exists: true } }, force: 'known' }],
    },
  },
  experiments: [
    {
      ...rule('pricing', [{}, { urlRedirect: '/pricing-b?from=test', persistQueryString: true }]),
      ...notSticky,
      urlPatterns: [{ type: 'simple', pattern: '/pricing*', include: true }],
    },
    {
      ...rule('outside', [{}, { urlRedirect: 'javascript:alert(1)' }]),
      ...notSticky,
      urlPatterns: [{ type: 'simple', pattern: '/bad', include: true }],
    },
  ],
};
const GRANTED = { personalization: true, measurement: true };

describe('experiments at the edge', () => {
  let edge;
  before(async () => {
    edge = await startEdge({
      snapshot: publishSnapshot(demoSite.site, demoSite.content, FLAGS),
      pages: {
        '/': { body: PAGE },
        '/streamed': { headers: { 'cache-control': 'no-store' }, body: PAGE },
        '/pricing': { body: BARE },
        '/pricing-b': { body: PAGE },
        '/bad': { body: BARE },
      },
    });
  });
  after(() => edge.stop());

  const visitor = async (consent = GRANTED) =>
    cookieOf(
      await edge.post('/api/profile', {
        questionnaireData: { format: 'Feature Film' },
        ...(consent && { consent }),
      }),
    );
  const page = async (cookie, at = '/') => {
    const response = await edge.get(at, { cookie });
    const html = await response.text();
    return { response, html, decision: decisionOf(html) };
  };
  /** Both arms of an experiment: a visitor's cookie and page by variant. */
  const arms = async (experiment, at = '/') => {
    const found = {};
    for (let i = 0; i < 60 && Object.keys(found).length < 2; i++) {
      const cookie = await visitor();
      const one = await page(cookie, at);
      found[one.decision.experiments[experiment]] ??= { cookie, ...one };
    }
    assert.deepEqual(Object.keys(found).sort(), ['control', 'treatment']);
    return found;
  };
  const titles = ({ html }) =>
    [...html.matchAll(/<h3 data-fl-text="title">(.*?)<\/h3>/g)].map((m) =>
      m[1].replaceAll('&amp;', '&'),
    );
  const titleOf = (id) => demoSite.content.find((item) => item.id === id).body.title;

  it('a variant places, keeps out and counts the cards of a slot; streamed the same', async () => {
    const { control, treatment } = await arms('placed');
    assert.equal(treatment.decision.slots.projects.length, 3);
    assert.equal(titles(treatment)[1], titleOf(project(3)));
    assert.ok(!titles(treatment).includes(titleOf(project(0))));
    assert.equal(treatment.decision.slots.projects[1].reason, 'pinned');
    assert.ok(control.decision.slots.projects.length > 3);
    const streamed = await page(treatment.cookie, '/streamed');
    assert.equal(streamed.html, treatment.html);
    // The engine is one for all visitors: what was adjusted for one is not for the next.
    assert.equal((await page(control.cookie)).html, control.html);
  });

  it('the API decides as the page does', async () => {
    const arm = await arms('placed');
    for (const { cookie, decision } of Object.values(arm)) {
      const answer = await edge.get('/api/personalization/homepage', { cookie });
      const projects = (await answer.json()).featuredProjects.map(({ id }) => id);
      const wanted = decision.slots.projects.map(({ id }) => id);
      assert.equal(projects.length, wanted.length);
      if (decision.experiments.placed === 'treatment') assert.equal(projects[1], wanted[1]);
    }
  });

  it('a variant changes the weights', async () => {
    const { control, treatment } = await arms('unweighted');
    const reasons = ({ decision }) => decision.slots.projects.map(({ reason }) => reason);
    assert.ok(reasons(control).includes('question'));
    assert.ok(!reasons(treatment).includes('question'), 'what weighs nothing is no reason');
  });

  it('the page tells what acts on it from what is read, and nothing of what was forced', async () => {
    const cookie = await visitor();
    const { decision } = await page(cookie);
    assert.deepEqual([...decision.shaped].sort(), ['placed', 'q4', 'unweighted']);
    assert.deepEqual(decision.behind, { headline: 'headline-test' });
    const forced = (await page(cookie, '/?headline-test=1&placed=1')).decision;
    assert.equal(forced.flags.headline, 'bold');
    assert.equal(forced.experiments.placed, 'treatment');
    assert.deepEqual([...forced.shaped].sort(), ['q4', 'unweighted']);
    assert.equal(forced.behind, undefined);
  });

  it('who may not be measured is in no experiment, and nothing is remembered of one', async () => {
    const cookie = await visitor({ personalization: true, measurement: false });
    const { response, decision } = await page(cookie);
    assert.deepEqual(decision.experiments, {});
    assert.equal(decision.shaped, undefined);
    assert.equal(decision.flags.headline, 'plain');
    assert.deepEqual(response.headers.getSetCookie(), []);
  });

  it('a signal takes part in no experiment either, whatever the record still holds', async () => {
    const silent = await startEdge({
      snapshot: publishSnapshot(demoSite.site, demoSite.content, FLAGS),
      pages: { '/': { body: PAGE } },
      bindings: { CONSENT_MODE: 'opt-out' },
    });
    try {
      const first = cookieOf(await silent.get('/'));
      const form = { questionnaireData: { format: 'Feature Film' } };
      const cookie = cookieOf(await silent.post('/api/profile', form, { cookie: first }));
      const ask = async (headers) =>
        decisionOf(await (await silent.get('/', { cookie, ...headers })).text());
      assert.ok(Object.keys((await ask({})).experiments).length > 0);
      assert.deepEqual((await ask({ 'sec-gpc': '1' })).experiments, {});
    } finally {
      await silent.stop();
    }
  });

  it('an assignment that sticks is remembered of a streamed page, too', async () => {
    const cookie = await visitor();
    const { response, decision } = await page(cookie, '/streamed');
    const kept = cookieOf(response);
    assert.ok(kept && kept !== cookie);
    const again = await page(kept, '/streamed');
    assert.equal(cookieOf(again.response), undefined);
    assert.deepEqual(again.decision.experiments, decision.experiments);
  });

  it('an assignment that sticks is in the record, and outlives a change of shares', async () => {
    const { control, treatment } = await arms('headline-test');
    for (const arm of [control, treatment]) arm.kept = cookieOf(arm.response);
    assert.ok(control.kept && treatment.kept);
    assert.equal(cookieOf((await page(control.kept)).response), undefined, 'remembered once');
    const changed = structuredClone(FLAGS);
    changed.features.headline.rules[0].weights = [0, 1];
    const other = await startEdge({
      snapshot: publishSnapshot(demoSite.site, demoSite.content, changed),
      pages: { '/': { body: PAGE } },
    });
    try {
      const ask = async (cookie) =>
        decisionOf(await (await other.get('/', { cookie })).text()).experiments['headline-test'];
      assert.equal(await ask(control.kept), 'control');
      assert.equal(await ask(treatment.kept), 'treatment');
      assert.equal(await ask(control.cookie), 'treatment', 'who has no memory is drawn anew');
    } finally {
      await other.stop();
    }
  });

  it('a variant sends a page’s visitors on, both are counted when they see it', async () => {
    const found = {};
    for (let i = 0; i < 60 && Object.keys(found).length < 2; i++) {
      const cookie = await visitor();
      const response = await edge.get('/pricing?utm=x&from=me', { cookie });
      found[response.status] ??= { cookie, response };
    }
    const turned = found[302].response;
    const location = new URL(turned.headers.get('location'));
    assert.equal(location.pathname, '/pricing-b');
    assert.equal(location.search, '?from=test&utm=x');
    assert.match(turned.headers.get('cache-control'), /no-store/);
    const told = (response) =>
      response.headers.getSetCookie().find((cookie) => cookie.startsWith('__Host-fl-shaped='));
    assert.match(told(turned), /^__Host-fl-shaped=pricing:treatment; .*Max-Age=60/);
    assert.match(told(found[200].response), /^__Host-fl-shaped=pricing:control; /);
    assert.equal(await found[200].response.text(), BARE);
    // There is no turn at the target, though the pattern holds there, too.
    const there = await edge.get('/pricing-b', { cookie: found[302].cookie });
    assert.equal(there.status, 200);
    // The cookie is ours: the site never sees it.
    await edge.get('/pricing-b', {
      cookie: `${found[302].cookie}; __Host-fl-shaped=pricing:treatment`,
    });
    assert.ok(edge.seen.every(({ headers }) => !headers.cookie?.includes('__Host-fl')));
    // Forced, it turns, and nobody is counted.
    const forced = await edge.get('/pricing?pricing=1', { cookie: found[200].cookie });
    assert.equal(forced.status, 302);
    assert.equal(told(forced), undefined);
  });

  it('nobody is sent to what is no address, nor without leave, nor a crawler', async () => {
    for (let i = 0; i < 12; i++) {
      assert.equal((await edge.get('/bad', { cookie: await visitor() })).status, 200);
      assert.equal((await edge.get('/pricing')).status, 200);
    }
    const cookie = await visitor({ personalization: true, measurement: false });
    assert.equal((await edge.get('/pricing', { cookie })).status, 200);
    const crawler = { cookie: await visitor(), 'user-agent': 'Googlebot/2.1' };
    assert.equal((await edge.get('/pricing', crawler)).status, 200);
  });

  const plain = (html) => {
    const json = /<script type="application\/json" id="fl-flags">(.*?)<\/script>/s.exec(html)?.[1];
    return json && JSON.parse(json);
  };
  it('pages of whoever is not known carry the flags’ values, without an id', async () => {
    for (const headers of [
      {},
      { 'sec-gpc': '1' },
      { cookie: await visitor(null), 'sec-gpc': '1' },
    ]) {
      for (const at of ['/', '/streamed']) {
        await until(async () => plain(await (await edge.get(at)).text()), 'the snapshot');
        const response = await edge.get(at, headers);
        const html = await response.text();
        const word = plain(html) ?? decisionOf(html);
        assert.equal(word.flags.headline, 'plain');
        assert.equal(word.flags.country, 'any');
        assert.deepEqual(word.experiments, {});
        assert.deepEqual(response.headers.getSetCookie(), []);
      }
    }
    const html = await (await edge.get('/')).text();
    assert.equal(html.replace(/<script.*?<\/script>/s, ''), PAGE, 'else as the site wrote it');
    const crawled = await (await edge.get('/', { 'user-agent': 'Googlebot/2.1' })).text();
    assert.equal(crawled, PAGE);
  });

  it('OFREP, as OpenFeature’s own SDK asks it, for the cookie’s visitor or whom the context names', async () => {
    const cookie = await visitor();
    const { decision } = await page(cookie);
    const provider = new OFREPProvider({ baseUrl: edge.url, headers: [['cookie', cookie]] });
    await OpenFeature.setProviderAndWait(provider);
    const client = OpenFeature.getClient();
    const details = await client.getStringDetails('headline', 'x', {});
    assert.equal(details.value, decision.flags.headline);
    assert.equal(details.variant, decision.experiments['headline-test']);
    assert.equal(details.reason, 'SPLIT');
    assert.equal((await client.getStringDetails('nothing', 'x', {})).errorCode, 'FLAG_NOT_FOUND');
    const seen = new Set();
    for (let i = 0; i < 40; i++) {
      seen.add(await client.getStringValue('headline', 'x', { targetingKey: `unit-${i}` }));
    }
    assert.deepEqual([...seen].sort(), ['bold', 'plain']);
    await OpenFeature.close();

    const all = await edge.post('/ofrep/v1/evaluate/flags', { context: {} }, { cookie });
    const etag = all.headers.get('etag');
    const { flags } = await all.json();
    assert.equal(flags.find(({ key }) => key === 'headline').value, decision.flags.headline);
    const again = await edge.post(
      '/ofrep/v1/evaluate/flags',
      { context: {} },
      { cookie, 'if-none-match': etag },
    );
    assert.equal(again.status, 304);
    for (const [body, code] of [
      [[], 'INVALID_CONTEXT'],
      [{ context: 3 }, 'INVALID_CONTEXT'],
      [{ context: { targetingKey: 3 } }, 'INVALID_CONTEXT'],
      ['{', 'PARSE_ERROR'],
    ]) {
      const refused = await edge.post('/ofrep/v1/evaluate/flags/headline', body);
      assert.equal(refused.status, 400);
      assert.equal((await refused.json()).errorCode, code);
    }
    const plainVisitor = await visitor({ personalization: true, measurement: false });
    const one = await edge.post(
      '/ofrep/v1/evaluate/flags/headline',
      { context: {} },
      { cookie: plainVisitor },
    );
    assert.equal((await one.json()).reason, 'DEFAULT');
  });

  it('exposures and goals go to the origin with the visitor’s id; what is none is refused', async () => {
    const cookie = await visitor();
    edge.origin.seen.length = 0;
    const interactions = [
      { eventId: 'e1', action: 'exposure', experiment: 'placed', variant: 'control' },
      { eventId: 'e2', action: 'convert', goal: 'order', value: 12.5 },
      { eventId: 'e3', action: 'convert', goal: 'signup', contentId: project(1) },
    ];
    const answer = await edge.post(
      '/api/personalization/interactions',
      { interactions },
      { cookie },
    );
    assert.deepEqual((await answer.json()).receipts, ['e1', 'e2', 'e3']);
    const sent = edge.origin.seen.find(({ url }) => url.endsWith('/interactions')).body
      .interactions;
    assert.deepEqual(
      sent.map(({ experiment, variant, goal, value, contentId }) => [
        experiment,
        variant,
        goal,
        value,
        contentId,
      ]),
      [
        ['placed', 'control', undefined, undefined, undefined],
        [undefined, undefined, 'order', 12.5, undefined],
        [undefined, undefined, 'signup', undefined, project(1)],
      ],
    );
    assert.equal(new Set(sent.map(({ visitorId }) => visitorId)).size, 1);
    for (const [event, pointer] of [
      [{ action: 'click', experiment: 'placed', variant: 'x' }, 'action'],
      [{ action: 'exposure', experiment: 'placed' }, 'variant'],
      [{ action: 'exposure', experiment: 'placed', variant: 'x', contentId: 'y' }, 'contentId'],
      [{ action: 'click', goal: 'x' }, 'action'],
      [{ action: 'convert', goal: '' }, 'goal'],
      [{ action: 'convert', goal: 'x', value: '3' }, 'value'],
      [{ action: 'convert' }, 'contentId'],
    ]) {
      const refused = await edge.post(
        '/api/personalization/interactions',
        { interactions: [event] },
        { cookie },
      );
      assert.equal(refused.status, 422);
      assert.equal((await refused.json()).pointer, `/interactions/0/${pointer}`);
    }
    const silent = await visitor({ personalization: true, measurement: false });
    edge.origin.seen.length = 0;
    await edge.post('/api/personalization/interactions', { interactions }, { cookie: silent });
    assert.ok(!edge.origin.seen.some(({ url }) => url.endsWith('/interactions')));
  });
});
