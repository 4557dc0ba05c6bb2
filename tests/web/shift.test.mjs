// Nothing moves, also where a browser is slow: it paints a page of which half has arrived, says late that it has painted,
// and tells of slots that have left the view when they are back in it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startHost } from './host.mjs';
import { frames, html, observeShifts, openBrowser, shiftsOf } from './page.mjs';
import { root } from './published.mjs';

let browser;
let host;
let site;
before(async () => {
  site = mkdtempSync(join(tmpdir(), 'footlight-shift-'));
  execFileSync('node', [join(root, 'web/demo/build.mjs'), '--out', site], { stdio: 'pipe' });
  host = await startHost({ folder: site, publicKey: '', seal: () => '{}' });
  host.root = site;
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  host?.close();
  rmSync(site, { recursive: true, force: true });
});

describe('the demo’s pages hold still while they arrive in pieces', () => {
  for (const [name, width, height] of [
    ['index', 1280, 720],
    ['index', 390, 844],
    ['services', 1280, 720],
    ['questionnaire', 390, 844],
    ['404', 1280, 720],
  ]) {
    test(`${name}, ${width} px wide`, async () => {
      const page = readFileSync(join(site, `${name}.html`), 'utf8');
      // Small at first, where what is in view comes.
      host.pages['/pieces'] = page.slice(0, 8000).match(/.{1,400}/gs);
      host.pages['/pieces'].push(page.slice(8000));
      const context = await browser.newContext({ viewport: { width, height } });
      await observeShifts(context);
      const tab = await context.newPage();
      await tab.goto(`${host.url}/pieces`, { waitUntil: 'networkidle' });
      assert.deepEqual(await shiftsOf(tab), []);
      await context.close();
    });
  }
});

const TALL =
  '<section data-fl-slot="projects"><p class="card" data-fl-text="title">one</p></section>';
const ITEMS = ['one', 'two', 'three'].map((title) => ({ id: title, title }));

/** A page with a slot of one card, for which there are three, and the SDK's function that fills it. */
async function openTall(head = '') {
  host.pages['/tall'] = html({
    mode: 'none',
    head: `<script>
      const filling = import('/_fl/elements.js').then(({ fillSlot }) => (items) =>
        fillSlot(document.querySelector('[data-fl-slot]'), items, 1));
    </script>${head}`,
    slots: TALL,
    rest: '<div style="height:3000px"></div>',
  });
  const context = await browser.newContext();
  await observeShifts(context);
  return { context, page: await context.newPage() };
}

const cards = (page) => page.locator('[data-fl-slot] > .card').count();

test('a decision between the first frame and the browser’s word that it has painted', async () => {
  const { context, page } = await openTall('<link rel="stylesheet" href="/late.css">');
  // The style sheet holds the first frame back until the SDK is there.
  await page.route('**/late.css', async (route) => {
    await page.evaluate(
      (items) =>
        filling.then((fill) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            fill(items);
            window.done = true;
          };
          requestAnimationFrame(() => port2.postMessage(0));
        }),
      ITEMS,
    );
    await route.fulfill({ body: '', contentType: 'text/css' });
  });
  await page.goto(`${host.url}/tall`);
  await page.waitForFunction(() => window.done);
  await frames(page);
  assert.deepEqual(await shiftsOf(page), []);
  assert.equal(await cards(page), 1);
  await page.evaluate(() => scrollTo(0, 2000));
  await page.waitForSelector('[data-fl-filled]');
  assert.equal(await cards(page), 3);
  await context.close();
});

test('a slot that left the view and is back before the browser tells of it', async () => {
  const { context, page } = await openTall();
  // The first word of having left comes when the visitor has scrolled back.
  await page.addInitScript(() => {
    window.IntersectionObserver = class extends IntersectionObserver {
      constructor(tell) {
        super((entries) => {
          if (!window.wasBack && !entries[0].isIntersecting) {
            window.wasBack = true;
            scrollTo(0, 0);
          }
          tell(entries);
        });
      }
    };
  });
  await page.goto(`${host.url}/tall`);
  await frames(page);
  await page.evaluate(async (items) => (await filling)(items), ITEMS);
  await frames(page);
  await page.evaluate(() => scrollTo(0, 2000));
  await page.waitForFunction(() => window.wasBack);
  await frames(page);
  assert.deepEqual(await shiftsOf(page), []);
  assert.equal(await cards(page), 1);
  await page.evaluate(() => scrollTo(0, 2000));
  await page.waitForSelector('[data-fl-filled]');
  assert.equal(await cards(page), 3);
  await frames(page);
  assert.deepEqual(await shiftsOf(page), []);
  await context.close();
});

test('a page that nobody sees yet is filled whole', async () => {
  const { context, page } = await openTall('<link rel="stylesheet" href="/late.css">');
  await page.addInitScript(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
  });
  await page.route('**/late.css', async (route) => {
    await page.evaluate(async (items) => {
      const fill = await filling;
      while (document.querySelector('#after') === null) {
        await new Promise((done) => setTimeout(done));
      }
      fill(items);
    }, ITEMS);
    await route.fulfill({ body: '', contentType: 'text/css' });
  });
  await page.goto(`${host.url}/tall`);
  assert.equal(await cards(page), 3);
  await frames(page);
  assert.deepEqual(await shiftsOf(page), []);
  await context.close();
});

test('a slot above the view grows only where the browser keeps the view in its place', async () => {
  for (const [anchor, shown] of [
    ['auto', 3],
    ['none', 1],
  ]) {
    const { context, page } = await openTall(`<style>html{overflow-anchor:${anchor}}</style>`);
    await page.goto(`${host.url}/tall`);
    await page.evaluate(() => scrollTo(0, 1000));
    await frames(page);
    await page.evaluate(async (items) => (await filling)(items), ITEMS);
    await frames(page);
    assert.equal(await cards(page), shown, anchor);
    assert.deepEqual(await shiftsOf(page), []);
    await context.close();
  }
});
