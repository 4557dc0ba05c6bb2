// The privacy of a whole installation, as `./dev demo` starts it, seen from its files, its log and a real browser.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startDemo } from '../../web/demo/demo.mjs';
import { root, until } from '../edge/harness.mjs';
import { DEMO, newSite, PROGRAM, serve } from '../origin/program.mjs';
import { openBrowser } from '../web/page.mjs';
import {
  backupInto,
  cachesLeft,
  filesUnder,
  findCanaries,
  inventory,
  keysOf,
  lookAround,
  plantAnswers,
  plantCanaries,
  rowsLeft,
  storedIn,
  textSite,
} from './privacy_checks.mjs';

const folder = mkdtempSync(join(tmpdir(), 'footlight-private-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('files, log and metrics', () => {
  let site;
  let origin;
  let planted;
  let key;
  before(async () => {
    site = await newSite();
    origin = await serve(site);
    key = (await site.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
    const page = await origin.call('GET', '/api/admin/content?limit=20', { token: key });
    const contents = page.json.content.map(({ uuid }) => uuid);
    planted = await plantCanaries(origin.base, { key, contents });
  });
  after(async () => {
    await origin.stop();
    site.remove();
  });
  const places = async () => {
    backupInto(PROGRAM, site.data, join(site.data, `backup-${Date.now()}`));
    const metrics = await (await fetch(`${origin.base}/metrics`)).text();
    return [
      ...filesUnder(site.data).map((file) => [file, readFileSync(file)]),
      ['log', Buffer.from(origin.log())],
      ['metrics', Buffer.from(metrics)],
    ];
  };

  it('show none of the values that were put into every field', async () => {
    assert.ok(planted.stored >= 6, `the person gets ${planted.stored} of them back`);
    const found = findCanaries({ ...planted.canaries, ...planted.secrets }, await places());
    assert.deepEqual(found, []);
  });
  it('show none of the answers either, whatever a question asks for', async () => {
    const other = await newSite({ publish: false });
    const document = textSite(JSON.parse(readFileSync(join(DEMO, 'site.json'), 'utf8')));
    writeFileSync(join(folder, 'text.json'), JSON.stringify(document));
    await other.footlight('import', 'site', join(folder, 'text.json'));
    const service = await serve(other);
    const { canaries, stored } = await plantAnswers(service.base, document);
    assert.equal(stored, document.questions.length + 1, 'all of them, and the address');
    const files = filesUnder(other.data).map((file) => [file, readFileSync(file)]);
    assert.deepEqual(findCanaries(canaries, [...files, ['log', Buffer.from(service.log())]]), []);
    await service.stop();
    other.remove();
  });
  it('(the search finds what is there)', async () => {
    const { canaries } = planted;
    const forms = [
      canaries.email,
      Buffer.from(`x${canaries.logline}`).toString('base64'),
      Buffer.from(canaries.goal).toString('hex'),
    ].join(' ');
    const found = findCanaries(canaries, [['here', Buffer.from(forms)]]);
    assert.deepEqual(found.map(([field]) => field).sort(), ['email', 'goal', 'logline']);
    assert.ok(findCanaries({ site: 'Lanternlight' }, await places()).length > 0);
  });
  it('hold nothing of a person who was erased', async () => {
    const db = join(site.data, 'footlight.db');
    const own = keysOf(db, planted.person.user);
    assert.ok(rowsLeft(db, own) > 5);
    assert.ok((await cachesLeft(origin.base, planted.person)) > 0);
    const { token, user } = planted.person;
    const erased = await origin.call('DELETE', '/api/privacy/profile', { token, user });
    assert.equal(erased.status, 200);
    assert.equal(rowsLeft(db, own), 0);
    assert.equal(await cachesLeft(origin.base, planted.person), 0);
  });
});

describe('the browser', () => {
  const known = inventory(root);
  let demo;
  let browser;
  before(async () => {
    demo = await startDemo({ data: join(folder, 'data'), site: join(folder, 'site') });
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await demo?.close();
  });
  const visit = async (options) => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const sent = [];
    page.on('request', (request) => {
      if (request.method() !== 'GET' || /\/api\//.test(request.url())) sent.push(request.url());
      assert.equal(new URL(request.url()).origin, new URL(demo.edge).origin, 'no other host');
    });
    return { context, page, sent };
  };
  const areKnown = (stored) => {
    for (const { name, where } of stored) {
      const row = known.find((one) => one.pattern.test(name) && one.where === where);
      assert.ok(row, `${where} ${name} is not in web/STORAGE.md`);
    }
  };

  it('holds and sends nothing before a choice', async () => {
    const { context, page, sent } = await visit();
    await lookAround(page, demo.edge);
    assert.deepEqual(await storedIn(context, page), []);
    assert.deepEqual(sent, []);
    await context.close();
  });
  it('holds what web/STORAGE.md says after one, and the choice alone after it was taken back', async () => {
    const { context, page, sent } = await visit();
    await page.goto(`${demo.edge}/questionnaire`, { waitUntil: 'networkidle' });
    await page.evaluate(() => {
      document.querySelector('[name="logline"]').value = 'a lighthouse';
    });
    await page.locator('[data-fl-consent="all"]').first().click();
    await page.locator('form[action="/api/profile"] button:not([type="button"])').click();
    await page.waitForURL(/\/(?!questionnaire)/);
    await page.waitForLoadState('networkidle');
    await page.locator('[data-fl-slot="projects"] a[href]').first().click();
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(1500);
    const stored = await storedIn(context, page);
    areKnown(stored);
    const names = stored.map(({ name }) => name);
    for (const name of ['__Host-fl', '__Host-fl-token']) assert.ok(names.includes(name), name);
    assert.ok(sent.some((url) => url.endsWith('/api/profile')));
    assert.ok(
      sent.some((url) => url.endsWith('/interactions')),
      'what was seen is counted now',
    );
    const token = (await context.cookies()).find(({ name }) => name === '__Host-fl-token');
    assert.ok(token.httpOnly && token.secure);
    for (const { name, sameSite, secure } of await context.cookies()) {
      assert.ok(secure && sameSite === 'Lax', name);
    }
    for (const purpose of ['personalization', 'measurement']) {
      await page.goto(`${demo.edge}/privacy`, { waitUntil: 'networkidle' });
      await page.locator(`main button[name="${purpose}"][value="denied"]`).click();
      await page.waitForLoadState('networkidle');
    }
    sent.length = 0;
    await lookAround(page, demo.edge);
    const rest = await storedIn(context, page);
    assert.deepEqual(
      rest.map(({ name }) => name),
      ['__Host-fl'],
    );
    assert.deepEqual(sent, [], 'nothing is counted any more');
    await context.close();
  });
  it('gives a copy and the end by a link and a form, without a script too', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { context, page } = await visit({ javaScriptEnabled, acceptDownloads: true });
      await page.goto(`${demo.edge}/questionnaire`);
      await page.locator('[name="logline"]').fill('two sisters and a carousel');
      await page.locator('[name="consent"][value="personalization"]').check({ force: true });
      await page.locator('form[action="/api/profile"] button:not([type="button"])').click();
      await page.waitForURL(/\/(?!questionnaire)/);
      await until(
        async () => (await context.cookies()).some(({ name }) => name === '__Host-fl-token'),
        'a token',
      );
      await page.goto(`${demo.edge}/privacy`);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.locator('a[href="/api/privacy/export"]').click(),
      ]);
      const copy = JSON.parse(readFileSync(await download.path(), 'utf8'));
      assert.equal(copy.answers.logline, 'two sisters and a carousel');
      await page.locator('form[action="/api/privacy/profile"] button').click();
      await page.waitForLoadState();
      assert.equal(new URL(page.url()).pathname, '/privacy');
      assert.deepEqual(await context.cookies(), []);
      assert.ok(await page.locator('#erased').isVisible(), 'one is told');
      await context.close();
    }
  });
  it('shows the report of an experiment under a policy that lets nothing but its own style in', async () => {
    const site = await newSite();
    const origin = await serve(site);
    const token = (await site.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
    const body = {
      id: 'banner',
      flag: 'banner',
      variants: [
        { key: 'a', value: 1 },
        { key: 'b', value: 2, name: '<script>alert(1)</script>' },
      ],
      metrics: [{ name: 'Clicks', events: { action: 'click' } }],
    };
    const made = await origin.call('POST', '/api/admin/experiments', { token, body });
    assert.equal(made.status, 201, made.text);
    await origin.call('POST', '/api/admin/experiments/banner/start', { token });
    for (const width of [390, 1280]) {
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        extraHTTPHeaders: { authorization: `Bearer ${token}` },
      });
      const page = await context.newPage();
      const errors = [];
      page.on('console', (message) => errors.push(message.text()));
      const response = await page.goto(`${origin.base}/api/admin/experiments/banner/report`);
      assert.equal(response.status(), 200);
      assert.match(
        response.headers()['content-security-policy'],
        /^default-src 'none'; style-src 'sha256-/,
      );
      const padding = await page.evaluate(() => getComputedStyle(document.body).maxWidth);
      assert.equal(padding, '1152px', 'its style is in force');
      assert.deepEqual(
        errors.filter((text) => !/favicon/.test(text)),
        [],
      );
      await context.close();
    }
    await origin.stop();
    site.remove();
  });
  it('honours a signal from the first page on', async () => {
    const { context, page, sent } = await visit({ extraHTTPHeaders: { 'sec-gpc': '1', dnt: '1' } });
    await lookAround(page, demo.edge);
    assert.deepEqual(await storedIn(context, page), []);
    assert.deepEqual(sent, []);
    await context.close();
  });
});
