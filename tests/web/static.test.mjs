// A static host in real Chromium, on the built bundles: what is shown, what moves, and what is refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHost } from './host.mjs';
import {
  filled,
  html,
  observeShifts,
  openBrowser,
  projectCard,
  shiftsOf,
  storageOf,
  until,
} from './page.mjs';
import { openEngine, publishDemo } from './published.mjs';

let site;
let host;
let browser;

before(async () => {
  site = publishDemo();
  host = await startHost(site);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  host?.close();
});

/** A context whose visitor has answered and consented, and a page of it at `path`. */
async function visit(path, { answers, granted = true, shifts = false } = {}) {
  const context = await browser.newContext();
  if (shifts) await observeShifts(context);
  if (answers || granted) {
    host.pages['/seed'] = html({ key: site.publicKey, slots: '' });
    const seed = await context.newPage();
    await seed.goto(`${host.url}/seed`);
    await seed.evaluate(
      async ({ answers, granted }) => {
        const { footlight } = await import('/_fl/elements.js');
        const client = footlight();
        if (granted) {
          client.consent({ personalization: 'granted', measurement: 'denied' });
        }
        if (answers) await client.profile(answers);
      },
      { answers, granted },
    );
    await seed.close();
  }
  const page = await context.newPage();
  await page.goto(host.url + path);
  return { context, page };
}

const ANSWERS = { format: 'Documentary', start_timing: 'asap', materials: ['script'] };

test('a first visit stores nothing, sends nothing and shows the default content', async () => {
  host.pages['/'] = html({ key: site.publicKey, data: { api: '' } });
  host.requests.length = 0;
  const { page, context } = await visit('/', { granted: false });
  await page.waitForFunction(() => document.documentElement.classList.contains('js'));
  await page.click('#after');
  assert.equal(await page.textContent('h1'), 'Default hero');
  assert.deepEqual(await storageOf(page), { cookie: '' });
  const asked = host.requests.filter((line) => !line.endsWith('favicon.ico'));
  assert.deepEqual(asked.sort(), ['GET /', 'GET /_fl/elements.js', 'GET /_fl/sdk.js']);
  await context.close();
});

test('a returning visitor has the HTML of the page contract, and nothing moves', async () => {
  host.pages['/'] = html({ key: site.publicKey });
  const { page, context } = await visit('/', { answers: ANSWERS, shifts: true });
  await filled(page);
  const record = await page.evaluate(() => localStorage.getItem('fl-record'));
  const { fields, version } = await expectedProjects(record);
  const container = await page.$eval('[data-fl-slot="projects"]', (e) => e.innerHTML);
  assert.equal(container, fields.map(projectCard).join(''));
  assert.equal(
    await page.getAttribute('[data-fl-slot="projects"]', 'data-fl-filled'),
    `${version}`,
  );
  await page.waitForTimeout(300); // a late shift would come with the next frames
  assert.deepEqual(await shiftsOf(page), []);
  await context.close();
});

async function expectedProjects(text) {
  const record = Buffer.from(text, 'base64url');
  const everyone = await openEngine(site);
  everyone.loadVisitor(record);
  const engine = await openEngine(site, everyone.segmentIndex());
  engine.loadVisitor(record);
  const now = Math.floor(Date.now() / 1000);
  const requests = [{ slot: 'hero' }, { slot: 'projects', limit: 3 }];
  const decision = engine.decide(requests, { now, locale: 'en' });
  assert.deepEqual(decision, engine.toData(engine.decideIndexes(requests, { now }), 'en'));
  const fields = decision.slots.projects.map((entry) => ({
    ...engine.itemBody(engine.findItem(entry.id), 'en'),
    ...entry,
  }));
  return { fields, version: decision.version };
}

test('cards that need more height wait until the slot is out of view; fewer keep theirs', async () => {
  const slots = `<section data-fl-slot="projects" data-fl-limit="6" style="display:block">
    <article class="card"><h3 data-fl-text="title">One default card</h3></article></section>`;
  host.pages['/tall'] = html({
    key: site.publicKey,
    slots,
    rest: '<div style="height:3000px"></div><p id="end">end</p>',
  });
  // The pack comes after the first paint.
  const { context } = await visit('/seed', { answers: ANSWERS, shifts: true });
  const page = await context.newPage();
  await page.route('**/manifest.json', async (route) => {
    await page.waitForFunction(() => performance.getEntriesByType('paint').length > 0);
    await route.continue();
  });
  await page.goto(`${host.url}/tall`);
  await page.waitForTimeout(400);
  assert.equal(await page.locator('[data-fl-filled]').count(), 0);
  await page.locator('#end').scrollIntoViewIfNeeded();
  await filled(page);
  assert.equal(await page.locator('[data-fl-slot] > article').count(), 6);
  const jumped = (await shiftsOf(page)).filter((s) => !s.hadRecentInput);
  assert.deepEqual(jumped, []);

  const many = `<section data-fl-slot="hero">${'<div class="card"><h1 data-fl-text="title">x</h1></div>'.repeat(3)}</section>`;
  host.pages['/short'] = html({ key: site.publicKey, slots: many });
  const next = await context.newPage();
  await next.route('**/manifest.json', async (route) => {
    await next.waitForFunction(() => performance.getEntriesByType('paint').length > 0);
    await route.continue();
  });
  await next.goto(`${host.url}/short`);
  await filled(next, 'hero');
  assert.equal(await next.locator('[data-fl-slot] > div').count(), 1);
  await next.waitForTimeout(200);
  assert.deepEqual(await shiftsOf(next), []);
  await context.close();
});

for (const [name, manifest] of [
  ['forged', () => publishedByAnother()],
  ['expired', () => site.seal({ expiresAt: 1 })],
  ['not JSON', () => '<html>'],
  ['of another engine', () => site.seal({ minEngine: '2.0' })],
  [
    'naming a file that is not there',
    () => site.seal({ packs: [{ segment: 0, sha256: 'ab'.repeat(32), bytes: 9 }] }),
  ],
]) {
  test(`a manifest that is ${name} leaves the page as it is`, async () => {
    host.pages['/'] = html({ key: site.publicKey });
    const good = host.manifest;
    const { context } = await visit('/seed', { answers: ANSWERS });
    host.manifest = manifest();
    const page = await context.newPage();
    const failed = [];
    page.on('pageerror', (error) => failed.push(error));
    await page.goto(host.url);
    await page.waitForLoadState('networkidle');
    assert.equal(await page.textContent('h1'), 'Default hero');
    assert.equal(await page.locator('[data-fl-filled]').count(), 0);
    assert.deepEqual(failed, []);
    host.manifest = good;
    await context.close();
  });
}

function publishedByAnother() {
  const envelope = JSON.parse(site.seal());
  const payload = Buffer.from(envelope.payload, 'base64');
  payload[payload.length - 2] ^= 1;
  return JSON.stringify({ ...envelope, payload: payload.toString('base64') });
}

test('an older snapshot than one already seen is refused, a newer one is taken by refresh()', async () => {
  host.pages['/'] = html({ key: site.publicKey });
  const good = host.manifest;
  host.manifest = site.seal({ version: 50 });
  const { context, page } = await visit('/', { answers: ANSWERS });
  await filled(page);
  host.manifest = site.seal({ version: 49 });
  const refused = await page.evaluate(async () => {
    const { footlight } = await import('/_fl/elements.js');
    await footlight().refresh(); // the good one stays
    return localStorage.getItem(
      Object.keys(localStorage).find((key) => key.startsWith('fl-version-')),
    );
  });
  assert.equal(refused, '50');
  const second = await context.newPage();
  await second.goto(host.url);
  await second.waitForLoadState('networkidle');
  assert.equal(await second.locator('[data-fl-filled]').count(), 0);
  host.manifest = site.seal({ version: 51 });
  await page.evaluate(async () => (await import('/_fl/elements.js')).footlight().refresh());
  await until(
    () =>
      page.evaluate(
        () =>
          localStorage.getItem(
            Object.keys(localStorage).find((key) => key.startsWith('fl-version-')),
          ) === '51',
      ),
    'version 51 remembered',
  );
  host.manifest = good;
  await context.close();
});

test('a pack that does not have its hash is asked for once more and then refused', async () => {
  host.pages['/'] = html({ key: site.publicKey });
  const { context } = await visit('/seed', { answers: ANSWERS });
  const page = await context.newPage();
  let asked = 0;
  await page.route(/_fl\/[0-9a-f]{64}$/, async (route) => {
    asked++;
    const answer = await route.fetch();
    const body = await answer.body();
    body[40] ^= 1;
    await route.fulfill({ response: answer, body });
  });
  await page.goto(host.url);
  await page.waitForLoadState('networkidle');
  assert.equal(asked, 2);
  assert.equal(await page.locator('[data-fl-filled]').count(), 0);
  await context.close();
});

test('focus stays where it was, and unchanged cards keep their nodes', async () => {
  host.pages['/'] = html({ key: site.publicKey });
  const { page, context } = await visit('/', { answers: ANSWERS });
  await filled(page);
  const result = await page.evaluate(async () => {
    const { footlight } = await import('/_fl/elements.js');
    const slot = document.querySelector('[data-fl-slot="projects"]');
    const before = [...slot.children];
    slot.querySelectorAll('a')[1].focus();
    await footlight().decide();
    const kept = [...slot.children].every((card, i) => card === before[i]);
    await footlight().profile({ format: 'Animation' });
    return {
      kept,
      changed: slot.innerHTML !== before.map((card) => card.outerHTML).join(''),
      focus: [...slot.querySelectorAll('a')].indexOf(document.activeElement),
    };
  });
  assert.deepEqual(result, { kept: true, changed: true, focus: 1 });
  await context.close();
});

test('hostile fields are text, and never an address that runs', async () => {
  host.pages['/'] = html({ key: site.publicKey });
  const { page, context } = await visit('/', { granted: false });
  const out = await page.evaluate(async () => {
    const { fillSlot } = await import('/_fl/elements.js');
    const slot = document.querySelector('[data-fl-slot="projects"]');
    const bad = '<img src=x onerror="window.hit=1">"\'&';
    slot.firstElementChild.setAttribute('data-fl-attr', 'onclick:title;style:title;data-x:title');
    const items = ['javascript:alert(1)', 'java\nscript:alert(1)', '/fine', undefined];
    fillSlot(
      slot,
      items.map((url, i) => ({ id: `${i}`, title: bad, url })),
      1,
      true,
    );
    return {
      hrefs: [...slot.querySelectorAll('a')].map((a) => a.getAttribute('href')),
      texts: [...slot.querySelectorAll('a')].every((a) => a.textContent === bad),
      images: slot.querySelectorAll('img').length,
      set: ['onclick', 'style', 'data-x'].map((name) => slot.firstElementChild.getAttribute(name)),
      bad,
    };
  });
  assert.deepEqual(out.hrefs, [null, null, '/fine', null]);
  assert.equal(out.texts, true);
  assert.equal(out.images, 0);
  assert.deepEqual(out.set, [null, null, out.bad]);
  await context.close();
});

test('<fl-projects> fills a page that has marked nothing up', async () => {
  host.pages['/plain'] = html({
    key: site.publicKey,
    slots: '<fl-projects limit="2"></fl-projects>',
  });
  const { page, context } = await visit('/plain', { answers: ANSWERS });
  await filled(page);
  assert.equal(await page.locator('fl-projects > article[data-fl-id]').count(), 2);
  assert.notEqual(await page.textContent('fl-projects h3'), '');
  await context.close();
});
