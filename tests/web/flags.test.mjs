// Flags in real Chromium, from the real worker: the page asks what they say without a request, and where the flag
// `personalization` is off it stays as the site wrote it, whatever is decided afterwards.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cookieOf, demo, publishSnapshot, startEdge } from '../edge/harness.mjs';
import { openBrowser } from './page.mjs';

const SLOTS = `<section data-fl-slot="projects"><article><h3 data-fl-text="title">A default project</h3></article></section>`;
const PAGE = `<!DOCTYPE html><html lang="en"><head><meta name="footlight" content="edge">
<script type="module" src="/_fl/elements.js"></script></head><body>${SLOTS}</body></html>`;
const PINNED = demo()
  .content.filter(({ type }) => type === 'project')
  .at(-1);
const PIN = { pin: [PINNED.id] };
const FLAGS = {
  features: {
    personalization: {
      defaultValue: true,
      rules: [{ condition: { segment: { $regex: 'Documentar' } }, force: false }],
    },
    banner: { defaultValue: { text: 'Hello' } },
    'slot:projects': {
      defaultValue: null,
      rules: [{ condition: { segment: { $regex: 'Short' } }, force: PIN }],
    },
  },
};

let browser;
let edge;
before(async () => {
  const { site, content } = demo();
  edge = await startEdge({
    snapshot: publishSnapshot(site, content, FLAGS),
    pages: { '/': { body: PAGE } },
  });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await edge?.stop();
});

async function visit(format) {
  const form = `format=${encodeURIComponent(format)}&next=/&consent=personalization&consent=measurement`;
  const value = cookieOf(await edge.post('/api/profile', form)).slice('__Host-fl='.length);
  const context = await browser.newContext();
  await context.addCookies([
    { name: '__Host-fl', value, domain: 'localhost', path: '/', secure: true, sameSite: 'Lax' },
  ]);
  const page = await context.newPage();
  await page.goto(edge.url.replace('127.0.0.1', 'localhost'));
  await page.waitForFunction(() =>
    import('/_fl/elements.js').then(({ footlight }) => footlight().decision !== undefined),
  );
  const shown = () => page.locator('[data-fl-slot] h3').first().textContent();
  const ask = (key, fallback) =>
    page.evaluate(
      async ([k, f]) => (await import('/_fl/elements.js')).footlight().flag(k, f),
      [key, fallback],
    );
  const decideAgain = () =>
    page.evaluate(async () => {
      const decision = await (await import('/_fl/elements.js')).footlight().decide();
      return [decision.flags, Object.keys(decision.slots)];
    });
  return { context, shown, ask, decideAgain };
}

test('a page that is filled, and its flags', async () => {
  const { context, shown, ask, decideAgain } = await visit('Feature Film');
  assert.notEqual(await shown(), 'A default project');
  assert.deepEqual(await ask('banner', null), { text: 'Hello' });
  assert.equal(await ask('elsewhere', 'fallback'), 'fallback');
  const [flags, slots] = await decideAgain();
  assert.deepEqual(flags, {
    personalization: true,
    banner: { text: 'Hello' },
    'slot:projects': null,
  });
  assert.deepEqual(slots, ['projects']);
  await context.close();
});

test('what a flag changes of the decision holds in the browser, too', async () => {
  const { context, shown, decideAgain } = await visit('Short Film');
  assert.equal(await shown(), PINNED.body.title);
  await decideAgain();
  assert.equal(await shown(), PINNED.body.title);
  await context.close();
});

test('a page whose flag says no stays as it is, also after another decision', async () => {
  const { context, shown, ask, decideAgain } = await visit('Documentary');
  assert.equal(await ask('personalization', true), false);
  assert.equal(await shown(), 'A default project');
  await decideAgain();
  assert.equal(await shown(), 'A default project');
  await context.close();
});
