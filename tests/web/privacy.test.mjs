// Local mode: nothing leaves the browser but requests for published files, the same for everybody. Locally private reporting:
// one randomised bit a day that names nobody. And what a page with a script may ask for.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { choosePair, respond } from '../../build/js/web/privacy/reporting.js';
import { startHost } from './host.mjs';
import { filled, html, openBrowser, storageOf, until } from './page.mjs';
import { publishDemo } from './published.mjs';

let site;
let host;
let browser;
let context;
let page;
before(async () => {
  site = publishDemo();
  host = await startHost(site);
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  host.close();
});
beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  host.requests.length = 0;
  host.posts.length = 0;
});
afterEach(() => context.close());

const grant = () =>
  page.evaluate(async () => {
    const { footlight } = await import('/_fl/elements.js');
    footlight().consent({ personalization: 'granted', measurement: 'granted' });
  });

describe('local mode', () => {
  it('personalises, and asks for nothing but published files', async () => {
    // Even with an address of an origin in the page.
    host.pages['/local'] = html({ mode: 'local', key: site.publicKey, data: { api: '' } });
    const queries = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.search || request.postData()) queries.push(request.url());
      assert.equal(request.headers().cookie, undefined);
    });
    await page.goto(`${host.url}/local`);
    await grant();
    await page.evaluate(async () => {
      const { footlight } = await import('/_fl/elements.js');
      const client = footlight();
      const decision = await client.profile({ format: 'Feature Film' }, { email: 'a@example.com' });
      const [{ id }] = decision.slots.projects;
      client.track({ contentId: id, action: 'click', slot: 'projects', position: 0 });
      client.trackConversion('order', 5);
      await client.flush();
      dispatchEvent(new Event('pagehide'));
    });
    await filled(page);
    await page.reload();
    await filled(page); // from the record alone
    await page.waitForTimeout(600); // a batch would have gone
    assert.deepEqual(host.posts, []);
    assert.deepEqual(queries, []);
    for (const request of host.requests) {
      assert.match(
        request,
        /^GET \/(?:local|favicon\.ico|_fl\/(?:manifest\.json|[0-9a-f]{64}|[\w_]+\.(?:js|wasm)))$/,
      );
    }
    const stored = await storageOf(page);
    assert.ok(stored['fl-record']);
    assert.equal(stored.cookie, '');
    assert.equal(stored['fl-token'], undefined);
    assert.deepEqual(
      Object.keys(stored).filter((name) => /fl-q-|fl-profile/.test(name)),
      [],
    );
  });
  it('is forgotten by an erasure, without anybody’s help', async () => {
    host.pages['/local'] = html({ mode: 'local', key: site.publicKey });
    await page.goto(`${host.url}/local`);
    await grant();
    await page.evaluate(async () => {
      const { privacyOf } = await import('/_fl/privacy.js');
      await privacyOf({ mode: 'local' }).eraseProfile();
    });
    const { cookie, ...stored } = await storageOf(page);
    assert.deepEqual(stored, {});
    assert.equal(cookie, '');
    assert.deepEqual(host.posts, []);
  });
});

describe('locally private reporting', () => {
  const open = async (day, mode = 'local') => {
    host.pages['/'] = html({ mode, key: site.publicKey, data: { api: '' } });
    await page.goto(host.url);
    await page.evaluate(
      async ({ day, publicKey }) => {
        const [{ footlight }, { reportPrivately }] = await Promise.all([
          import('/_fl/elements.js'),
          import('/_fl/privacy.js'),
        ]);
        window.reporter = reportPrivately(footlight(), {
          publicKey,
          epsilon: 2,
          now: () => day * 86400000 + 1000,
        });
        window.track = (contentId) => footlight().track({ contentId, action: 'click' });
      },
      { day, publicKey: site.publicKey },
    );
  };
  const report = () => page.evaluate(() => window.reporter.report());

  it('sends one bit a day about a pair that was chosen by lot, and nothing that names anybody', async () => {
    await open(20000);
    assert.equal(await report(), false, 'not without leave');
    await grant();
    assert.equal(await report(), true);
    assert.equal(await report(), false, 'once a day');
    await open(20001);
    assert.equal(await report(), true);
    const reports = host.posts.filter(([path]) => path === '/api/personalization/private-report');
    assert.equal(reports.length, 2);
    for (const [, body, headers] of reports) {
      assert.deepEqual(Object.keys(body).sort(), ['action', 'bit', 'contentId', 'epsilon']);
      assert.equal(body.epsilon, 2);
      for (const name of ['cookie', 'authorization', 'referer'])
        assert.equal(headers[name], undefined, name);
    }
    assert.equal(host.posts.length, 2, 'in local mode there is nothing else');
  });
  it('notes what was done, for two days at the most', async () => {
    await open(20000);
    await grant();
    await page.evaluate(() => window.track('6f1c'));
    assert.equal((await storageOf(page))['fl-did-20000'], '6f1c:click');
    await open(20002);
    await report();
    assert.equal((await storageOf(page))['fl-did-20000'], undefined);
    await page.evaluate(async () => {
      const { footlight } = await import('/_fl/elements.js');
      footlight().consent({ optedOut: true });
    });
    assert.deepEqual(Object.keys(await storageOf(page)).sort(), ['cookie', 'fl-record']);
    assert.equal(await report(), false);
  });
  it('chooses uniformly, and answers with the stated probability', () => {
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 4294967296;
    };
    const counts = new Map();
    const n = 40000;
    for (let i = 0; i < n; i++) {
      const { contentId, action } = choosePair(['a', 'b', 'c'], random);
      counts.set(contentId + action, (counts.get(contentId + action) ?? 0) + 1);
    }
    assert.equal(counts.size, 12);
    for (const count of counts.values())
      assert.ok(Math.abs(count - n / 12) < 5 * Math.sqrt(n / 12));
    for (const epsilon of [0.5, 1, 3]) {
      let truths = 0;
      for (let i = 0; i < n; i++)
        truths += respond(i % 2 === 0, epsilon, random) === (i % 2 === 0) ? 1 : 0;
      const p = 1 / (1 + Math.exp(-epsilon));
      assert.ok(Math.abs(truths / n - p) < 5 * Math.sqrt((p * (1 - p)) / n), `epsilon ${epsilon}`);
    }
  });
});

describe('a page with a script', () => {
  it('asks for copy, settings and end with the token that the SDK has', async () => {
    host.pages['/'] = html({ key: site.publicKey, data: { api: '' } });
    const asked = [];
    await page.route('**/api/privacy/**', (route) => {
      const request = route.request();
      asked.push([
        request.method(),
        new URL(request.url()).pathname,
        request.headers().authorization,
      ]);
      const settings = { personalization: 'granted', training: 'denied' };
      return route.fulfill({ json: { success: true, erasure: 'e', settings, history: [1] } });
    });
    await page.goto(host.url);
    await grant();
    await page.evaluate(() => localStorage.setItem('fl-token', 'mine'));
    const answers = await page.evaluate(async () => {
      const { privacyOf } = await import('/_fl/privacy.js');
      const privacy = privacyOf();
      return [
        await privacy.exportProfile(),
        await privacy.settings(),
        await privacy.change({ training: 'denied' }),
        await privacy.history(),
        await privacy.eraseProfile(),
      ];
    });
    assert.equal(answers[2].training, 'denied');
    assert.equal(answers[4].erasure, 'e');
    const own = asked.filter(([method]) => method !== 'POST');
    assert.deepEqual(
      own.map(([method, path]) => `${method} ${path.slice('/api/privacy/'.length)}`),
      [
        'GET export',
        'GET settings',
        'PUT settings',
        'GET settings',
        'GET consent',
        'DELETE profile',
      ],
    );
    for (const [, , authorization] of own) assert.equal(authorization, 'Bearer mine');
    await until(
      async () => Object.keys(await storageOf(page)).length === 1,
      'nothing but the empty cookie',
    );
  });
});
