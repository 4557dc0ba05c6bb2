// Apprentice mode in real Chromium: the demo's homepage stays as the site wrote it, from the real worker and on a static
// host, whatever the visitor says; what would have been shown is told, once, and only with leave.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  cookieOf,
  demo,
  makeManifest,
  publicKey,
  publishSnapshot,
  sha256,
  startEdge,
} from '../edge/harness.mjs';
import { startHost } from './host.mjs';
import { frames, observeShifts, openBrowser, shiftsOf, until } from './page.mjs';
import { root } from './published.mjs';

const folder = mkdtempSync(join(tmpdir(), 'footlight-apprentice-'));
const site = join(folder, 'site');
let browser;
let edge;
let host;
let snapshot;

before(async () => {
  execFileSync('node', [join(root, 'web/demo/build.mjs'), '--out', site], { stdio: 'pipe' });
  const home = readFileSync(join(site, 'index.html'), 'utf8');
  const css = readFileSync(join(site, 'styles.css'), 'utf8');
  const { site: document, content } = demo();
  snapshot = publishSnapshot({ ...document, apprentice: true }, content);
  edge = await startEdge({
    snapshot,
    pages: {
      '/': { body: home },
      '/styles.css': { body: css, headers: { 'content-type': 'text/css' } },
    },
  });
  writeFileSync(join(folder, sha256(snapshot)), snapshot);
  host = await startHost({ folder, publicKey, seal: () => makeManifest(snapshot) });
  host.root = site;
  host.pages['/'] = home.replace(
    /<meta name="footlight"[^>]*>/,
    `<meta name="footlight" content="static" data-key="${publicKey}" data-api="">`,
  );
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  host?.close();
  await edge?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const slotsOf = (page) =>
  page.$$eval('[data-fl-slot]', (all) =>
    all.map((slot) => [slot.dataset.flSlot, slot.innerHTML, slot.dataset.flFilled]),
  );

/** The page's slots as the site wrote them: without the SDK nothing touches them. */
async function written() {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(host.url);
  const slots = await slotsOf(page);
  await context.close();
  assert.equal(slots.length, 5);
  return slots;
}

const SOURCES = {
  worker: {
    url: () => edge.url.replace('127.0.0.1', 'localhost'),
    told: () =>
      edge.origin.seen
        .filter(({ url }) => url === '/api/personalization/interactions')
        .flatMap(({ body }) => body.interactions),
    cookie: async (consent) => {
      const form = `format=Documentary&next=/${consent.map((name) => `&consent=${name}`).join('')}`;
      return cookieOf(await edge.post('/api/profile', form));
    },
  },
  'static host': { url: () => host.url, told: () => host.events() },
};

/** A page of a visitor who has answered and given leave for `consent`. */
async function visit(source, consent) {
  const context = await browser.newContext();
  await observeShifts(context);
  edge.origin.seen.length = 0;
  host.posts.length = 0;
  const cookie = await SOURCES.worker.cookie(consent);
  const record = cookie.slice('__Host-fl='.length);
  const page = await context.newPage();
  if (source === 'worker') {
    await context.addCookies([
      {
        name: '__Host-fl',
        value: record,
        domain: 'localhost',
        path: '/',
        secure: true,
        sameSite: 'Lax',
      },
    ]);
  } else {
    await context.addInitScript((text) => {
      if (!localStorage.getItem('fl-record')) localStorage.setItem('fl-record', text);
    }, record);
  }
  await page.goto(SOURCES[source].url());
  await page.waitForFunction(
    () =>
      document.documentElement.classList.contains('js') &&
      import('/_fl/elements.js').then(({ footlight }) => footlight().decision !== undefined),
  );
  return { context, page };
}

const flush = (page) =>
  page.evaluate(async () => (await import('/_fl/elements.js')).footlight().flush());

for (const [source, { told }] of Object.entries(SOURCES)) {
  test(`${source}: the page stays, and what would have been shown is told once`, async () => {
    const expected = await written();
    const { context, page } = await visit(source, ['personalization', 'measurement']);
    await page.waitForLoadState('networkidle');
    assert.deepEqual(await slotsOf(page), expected);
    assert.equal(await page.locator('[data-fl-filled]').count(), 0);

    const decision = await page.evaluate(
      async () => (await import('/_fl/elements.js')).footlight().decision,
    );
    assert.equal(decision.apprentice, true);
    const wanted = Object.entries(decision.slots).flatMap(([slot, entries]) =>
      entries.map(({ id }, position) => `${slot} ${position} ${id}`),
    );
    assert.ok(wanted.length > 10);
    await flush(page);
    const would = () => told().filter(({ action }) => action === 'would_show');
    await until(() => would().length >= wanted.length, 'all is told');
    // Another decision, the same for the same visitor, is not told again.
    await page.evaluate(async () => (await import('/_fl/elements.js')).footlight().decide());
    await flush(page);
    await page.waitForLoadState('networkidle');
    assert.deepEqual(
      would()
        .map(({ slot, position, contentId }) => `${slot} ${position} ${contentId}`)
        .sort(),
      [...wanted].sort(),
    );
    for (const event of would()) {
      const entry = decision.slots[event.slot][event.position];
      assert.equal(event.propensity, entry.propensity);
      assert.equal(event.contentType, entry.type);
      assert.equal(event.snapshotVersion, decision.version);
    }
    assert.deepEqual(
      told().filter(({ action }) => action === 'exposure'),
      [],
    );
    assert.deepEqual(await shiftsOf(page), []);
    await context.close();
  });

  test(`${source}: what the visitor does with the page's own cards counts, for no slot`, async () => {
    const expected = await written();
    const { context, page } = await visit(source, ['personalization', 'measurement']);
    await page.evaluate(() =>
      document.addEventListener('click', (event) => event.preventDefault(), { once: true }),
    );
    const link = page.locator('[data-fl-slot="projects"] a').first();
    const id = await link.evaluate((a) => a.closest('[data-fl-id]').dataset.flId);
    await link.click();
    await flush(page);
    const clicks = () => told().filter(({ action }) => action === 'click');
    await until(() => clicks().length > 0, 'the click is told');
    const [click] = clicks();
    assert.equal(click.contentId, id);
    assert.equal(click.contentType, 'project');
    assert.equal(click.slot, undefined);
    assert.equal(click.propensity, undefined);
    // New answers are decided on at once; the page stays all the same.
    await page.evaluate(async () => {
      await (await import('/_fl/elements.js')).footlight().profile({ format: 'Animation' });
    });
    await frames(page);
    assert.deepEqual(await slotsOf(page), expected);
    await context.close();
  });

  test(`${source}: without leave to measure nothing is told`, async () => {
    const expected = await written();
    const { context, page } = await visit(source, ['personalization']);
    await flush(page);
    await page.waitForLoadState('networkidle');
    assert.deepEqual(told(), []);
    assert.deepEqual(await slotsOf(page), expected);
    await context.close();
  });
}

test('the homepage that is decided in the page says so, as the API does', async () => {
  const { context, page } = await visit('static host', ['personalization']);
  const data = await page.evaluate(async () => {
    const { personalizationData } = await import('/_fl/interfaces.js');
    const { footlight } = await import('/_fl/elements.js');
    return personalizationData(footlight());
  });
  assert.equal(Object.keys(data)[0], 'apprentice');
  assert.equal(data.apprentice, true);
  assert.ok(data.hero.id);
  await context.close();
});
