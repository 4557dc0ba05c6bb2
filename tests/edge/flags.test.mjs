// Flags at the edge: the page carries results and no rules, the same for kept and streamed pages, and the first experiment
// that everybody wants, a page that is filled against one that is not.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { OpenFeature } from '@openfeature/web-sdk';
import {
  cookieOf,
  decisionOf,
  demo,
  publishSnapshot,
  recordOf,
  root,
  startEdge,
} from './harness.mjs';

const { FootlightProvider } = await import(`${root}/build/js/web/openfeature.js`);

const SLOTS = `<section data-fl-slot="hero"><div><h1 data-fl-text="title">Default hero</h1></div></section>`;
const PAGE = `<!DOCTYPE html>\n<html lang="en"><body>\n${SLOTS}\n</body></html>\n`;
const SECRET = 'rule-of-the-house';

const FLAGS = {
  features: {
    personalization: {
      defaultValue: true,
      rules: [
        {
          key: 'personalised',
          hashVersion: 2,
          variations: [false, true],
          meta: [{ key: 'default' }, { key: 'personalised' }],
        },
      ],
    },
    banner: {
      defaultValue: 'none',
      rules: [
        {
          id: SECRET,
          condition: { device: 'phone', segment: { $ne: SECRET } },
          force: '</script><b>',
        },
        { condition: { path: SECRET }, force: 'never' },
      ],
    },
    known: {
      defaultValue: false,
      rules: [{ condition: { id: { $regex: '^[0-9a-f]{16}$' } }, force: true }],
    },
    shape: { defaultValue: { columns: 3 } },
    nothing: { defaultValue: null },
    trial: {
      defaultValue: 'off',
      rules: [
        {
          key: 'trial-run',
          hashVersion: 2,
          variations: ['a', 'b'],
          meta: [{ key: 'control' }, { key: 'other' }],
        },
      ],
    },
  },
};

describe('flags at the edge', () => {
  let edge;
  before(async () => {
    const { site, content } = demo();
    edge = await startEdge({
      snapshot: publishSnapshot(site, content, FLAGS),
      pages: {
        '/': { body: PAGE },
        '/streamed': { headers: { 'cache-control': 'no-store' }, body: PAGE },
      },
    });
  });
  after(async () => {
    await OpenFeature.close();
    await edge.stop();
  });

  const visitor = async (consent) => {
    const response = await edge.post('/api/profile', {
      questionnaireData: { format: 'Feature Film' },
      ...(consent && { consent }),
    });
    return cookieOf(response);
  };

  it('two visitors in either variant: one page filled, the other as the site wrote it', async () => {
    const seen = {};
    for (let i = 0; i < 40 && Object.keys(seen).length < 2; i++) {
      const cookie = await visitor({ personalization: true, measurement: true });
      const html = await (await edge.get('/', { cookie })).text();
      const decision = decisionOf(html);
      const variant = decision.experiments.personalised;
      assert.equal(decision.flags.personalization, variant === 'personalised');
      assert.equal(decision.flags.known, true);
      assert.equal(await (await edge.get('/', { cookie })).text(), html, 'the same again');
      const streamed = await (await edge.get('/streamed', { cookie })).text();
      assert.equal(streamed, html, 'streamed the same');
      seen[variant] = { html, decision };
    }
    assert.deepEqual(Object.keys(seen).sort(), ['default', 'personalised']);
    assert.match(seen.personalised.html, /data-fl-filled/);
    assert.ok(seen.default.html.includes(SLOTS));
    assert.equal(seen.default.decision.unpersonalized, true);
    assert.equal(seen.default.decision.slots.hero.length, 1, 'what would have been there');
  });

  it('who may not be measured has no id, and is in no experiment', async () => {
    const cookie = await visitor({ personalization: true, measurement: false });
    assert.ok(recordOf(cookie).length > 0);
    const { flags, experiments } = decisionOf(await (await edge.get('/', { cookie })).text());
    assert.deepEqual(experiments, {});
    assert.equal(flags.personalization, true);
    assert.equal(flags.known, false);
  });

  it('a page carries values and no rules, safe in a script', async () => {
    const cookie = await visitor();
    const phone = {
      cookie,
      'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile',
    };
    const html = await (await edge.get('/', phone)).text();
    const { flags } = decisionOf(html);
    assert.equal(flags.banner, '</script><b>');
    assert.ok(!html.includes('</script><b>') && !html.includes(SECRET) && !html.includes('$ne'));
    assert.equal(decisionOf(await (await edge.get('/', { cookie })).text()).flags.banner, 'none');
  });

  it("OpenFeature's web SDK reads them from the page", async () => {
    const cookie = await visitor({ personalization: true, measurement: true });
    const decision = decisionOf(await (await edge.get('/', { cookie })).text());
    const read = [];
    const conversions = [];
    const page = {
      flags: decision,
      flag(key, fallback) {
        read.push(key);
        return decision.flags[key] ?? fallback;
      },
      loadFlags: async () => decision,
      trackConversion: (...conversion) => conversions.push(conversion),
    };
    await OpenFeature.setProviderAndWait(new FootlightProvider(page));
    const client = OpenFeature.getClient();
    assert.equal(client.getStringValue('banner', 'x'), 'none');
    assert.deepEqual(client.getObjectValue('shape', {}), { columns: 3 });
    assert.equal(client.getNumberValue('nothing', 7), 7);
    assert.equal(client.getBooleanDetails('elsewhere', true).errorCode, 'FLAG_NOT_FOUND');
    assert.equal(client.getBooleanDetails('banner', true).errorCode, 'TYPE_MISMATCH');
    assert.equal(client.getBooleanDetails('banner', true).value, true);
    const shown = client.getStringDetails('trial', 'x');
    assert.equal(shown.reason, 'SPLIT');
    assert.equal(shown.variant, decision.experiments['trial-run']);
    assert.ok(read.includes('trial'), 'reading it is what exposes');
    client.track('order', { value: 12.5 });
    assert.deepEqual(conversions, [['order', 12.5]]);
  });
});
