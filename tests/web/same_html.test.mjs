// The demo's homepage for one visitor three ways, which must be one: filled by the real worker in workerd, filled by the
// SDK on a static host, and filled again by the SDK on the page that came from the worker. And nothing moves.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  cookieOf,
  demoSnapshot,
  makeManifest,
  publicKey,
  sha256,
  startEdge,
} from '../edge/harness.mjs';
import { startHost } from './host.mjs';
import { filled, frames, observeShifts, openBrowser, shiftsOf, until } from './page.mjs';
import { root } from './published.mjs';

const SLOTS = ['hero', 'projects', 'services', 'testimonials', 'resources'];
const ANSWERS =
  'format=Documentary&materials=A+script+or+draft&start_timing=asap&budget=15_50k&preferred_genres=nature' +
  '&consent=personalization&consent=measurement&next=/';

let browser;
let edge;
let host;
let cookie;
let home;

before(async () => {
  execFileSync('node', [join(root, 'web/demo/build.mjs')], { stdio: 'pipe' });
  const site = join(root, 'build/demo/site');
  home = readFileSync(join(site, 'index.html'), 'utf8');
  const css = readFileSync(join(site, 'styles.css'), 'utf8');
  edge = await startEdge({
    pages: {
      '/': { body: home },
      '/styles.css': { body: css, headers: { 'content-type': 'text/css' } },
    },
  });
  const answer = await edge.post('/api/profile', ANSWERS);
  cookie = cookieOf(answer);

  const folder = mkdtempSync(join(tmpdir(), 'footlight-same-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const snapshot = demoSnapshot();
  writeFileSync(join(folder, sha256(snapshot)), snapshot);
  host = await startHost({ folder, publicKey, seal: () => makeManifest(snapshot) });
  host.root = site;
  host.pages['/'] = home.replace(
    /<meta name="footlight"[^>]*>/,
    `<meta name="footlight" content="static" data-key="${publicKey}">`,
  );
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  host?.close();
  await edge?.stop();
});

const slotsOf = (page) =>
  page.evaluate(
    (names) =>
      Object.fromEntries(
        names.map((name) => [name, document.querySelector(`[data-fl-slot="${name}"]`).innerHTML]),
      ),
    SLOTS,
  );

async function fromWorker() {
  const html = await (await edge.get('/', { cookie })).text();
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.route('**/*', (route) =>
    route.request().isNavigationRequest()
      ? route.fulfill({ body: html, contentType: 'text/html; charset=utf-8' })
      : route.abort(),
  );
  await page.goto('http://worker.invalid/');
  const slots = await slotsOf(page);
  await context.close();
  return slots;
}

test('worker and static host: the same HTML, and no layout shift', async () => {
  const expected = await fromWorker();
  assert.match(expected.hero, /documentar/i);
  const context = await browser.newContext();
  await observeShifts(context);
  await context.addInitScript(
    (record) => localStorage.setItem('fl-record', record),
    cookie.slice(cookie.indexOf('=') + 1),
  );
  const page = await context.newPage();
  await page.goto(host.url);
  await filled(page, 'hero');
  await page.waitForLoadState('networkidle');
  const waiting = await page.$$eval('[data-fl-slot]:not([data-fl-filled])', (all) =>
    all.map((slot) => slot.dataset.flSlot),
  );
  if (waiting.length) {
    // What needs more height than it had waits until it is out of view. It is filled before the page is scrolled back:
    // both in one frame count as a shift that nobody sees.
    for (const end of ['scrollHeight', 'scrollTop']) {
      await page.evaluate((end) => scrollTo({ top: document.body[end], behavior: 'instant' }), end);
      await frames(page);
    }
  }
  for (const name of SLOTS) await filled(page, name);
  assert.deepEqual(await slotsOf(page), expected);
  assert.deepEqual(await shiftsOf(page), []);
  await context.close();
});

test('worker and SDK on the worker’s page: the same HTML when decided again', async () => {
  const expected = await fromWorker();
  const context = await browser.newContext();
  await observeShifts(context);
  const url = edge.url.replace('127.0.0.1', 'localhost');
  const value = cookie.slice(cookie.indexOf('=') + 1);
  const domain = 'localhost';
  await context.addCookies([
    { name: '__Host-fl', value, domain, path: '/', secure: true, sameSite: 'Lax' },
  ]);
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => document.documentElement.classList.contains('js'));
  assert.deepEqual(await slotsOf(page), expected);
  const made = await page.evaluate(async () => {
    const { footlight } = await import('/_fl/elements.js');
    const adopted = footlight().decision;
    return { adopted, decided: await footlight().decide() };
  });
  // The page view is the worker's to describe; the SDK decides with what it says.
  const { context: described, ...adopted } = made.adopted;
  assert.ok(described > 0);
  assert.deepEqual(made.decided, adopted);
  assert.deepEqual(await slotsOf(page), expected);
  // What follows is asked for, and may move the page.
  await page.waitForLoadState('networkidle');
  assert.deepEqual(await shiftsOf(page), []);
  const other = await page.evaluate(async () => {
    const { footlight } = await import('/_fl/elements.js');
    await footlight().profile({ format: 'Animation', materials: [] });
    await footlight().posted;
    return document.cookie;
  });
  const again = await slotsOf(page);
  assert.notEqual(again.hero, expected.hero);
  cookie = other;
  assert.deepEqual(again, await fromWorker());
  await context.close();
});

test('a click goes through the real worker to the origin, and comes back as a higher score', async () => {
  const answer = await edge.post('/api/profile', ANSWERS);
  const value = cookieOf(answer).slice('__Host-fl='.length);
  const context = await browser.newContext();
  await context.addCookies([
    { name: '__Host-fl', value, domain: 'localhost', path: '/', secure: true, sameSite: 'Lax' },
  ]);
  const page = await context.newPage();
  await page.goto(edge.url.replace('127.0.0.1', 'localhost'));
  await page.waitForFunction(() => document.documentElement.classList.contains('js'));
  const score = () => page.textContent('[data-fl-show="personalizationScore"]').then(Number);
  const before = await score();
  edge.origin.seen.length = 0;
  await page.evaluate(() =>
    document.addEventListener('click', (event) => event.preventDefault(), { once: true }),
  );
  const link = page.locator('[data-fl-slot="projects"] a').first();
  const id = await link.evaluate((a) => a.closest('[data-fl-id]').dataset.flId);
  await link.click();
  const received = () => edge.origin.seen.flatMap(({ body }) => body?.interactions ?? []);
  await until(() => received().some(({ action }) => action === 'click'), 'the origin hears of it');
  const click = received().find(({ action }) => action === 'click');
  assert.equal(click.contentId, id);
  assert.equal(click.contentType, 'project');
  assert.match(click.visitorId, /^[\w-]{11}$/);
  await until(async () => (await score()) > before, 'the score rises');
  await until(
    () => page.evaluate(() => !Object.keys(localStorage).some((key) => key.startsWith('fl-q-'))),
    'the receipt empties the queue',
  );
  assert.notEqual(await page.evaluate(() => document.cookie), `__Host-fl=${value}`);
  await context.close();
});
