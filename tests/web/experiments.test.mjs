// Exposures and conversions in real Chromium, from the real worker: told once, only when seen, only with leave.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cookieOf, demo, publishSnapshot, startEdge, until } from '../edge/harness.mjs';
import { openBrowser } from './page.mjs';

const meta = [{ key: 'control' }, { key: 'treatment' }];
const rule = (key, variations, weights = [0, 1]) => ({
  key,
  hashVersion: 2,
  variations,
  meta,
  weights,
});
const FLAGS = {
  features: {
    personalization: { defaultValue: true, rules: [rule('personalised', [true, false])] },
    headline: { defaultValue: 'plain', rules: [rule('headline-test', ['plain', 'bold'])] },
    quiet: { defaultValue: 1, rules: [rule('never-read', [1, 2])] },
  },
  experiments: [
    {
      ...rule('pricing', [{}, { urlRedirect: '/pricing-b' }]),
      urlPatterns: [{ type: 'simple', pattern: '/pricing', include: true }],
    },
  ],
};

const head = `<!DOCTYPE html><html lang="en"><head><meta name="footlight" content="edge">
<script type="module" src="/_fl/elements.js"></script></head>`;
const slot = `<section data-fl-slot="projects"><article><h3 data-fl-text="title">A default project</h3></article></section>`;
const PAGES = {
  '/': {
    body: `${head}<body>${slot}
<a href="#there" data-fl-goal="brochure" data-fl-value="2.5">Brochure</a>
<form data-fl-goal="signup" onsubmit="return false"><button>Sign up</button></form></body></html>`,
  },
  '/below': { body: `${head}<body><div style="height:300vh"></div>${slot}</body></html>` },
  '/pricing': { body: `${head}<body>A</body></html>` },
  '/pricing-b': { body: `${head}<body>B, without a slot</body></html>` },
};

let browser;
let edge;
before(async () => {
  const { site, content } = demo();
  edge = await startEdge({ snapshot: publishSnapshot(site, content, FLAGS), pages: PAGES });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await edge?.stop();
});

async function visitor(consents) {
  const form = `format=Feature+Film&next=/${consents.map((c) => `&consent=${c}`).join('')}`;
  const value = cookieOf(await edge.post('/api/profile', form)).slice('__Host-fl='.length);
  const context = await browser.newContext();
  await context.addCookies([
    { name: '__Host-fl', value, domain: 'localhost', path: '/', secure: true, sameSite: 'Lax' },
  ]);
  const page = await context.newPage();
  const open = async (at) => {
    await page.goto(edge.url.replace('127.0.0.1', 'localhost') + at);
    await page.waitForFunction(() =>
      import('/_fl/elements.js').then(({ footlight }) => footlight() !== undefined),
    );
  };
  const client = (method, ...args) =>
    page.evaluate(
      async ([m, a]) => (await import('/_fl/elements.js')).footlight()[m](...a),
      [method, args],
    );
  return { context, page, open, client };
}

const told = () =>
  edge.origin.seen
    .filter(({ url }) => url.startsWith('/api/personalization/interactions'))
    .flatMap(({ body }) => body.interactions);
const exposures = () =>
  told()
    .filter(({ action }) => action === 'exposure')
    .map(({ experiment, variant }) => `${experiment}:${variant}`)
    .sort();
const goals = () =>
  told()
    .filter(({ goal }) => goal)
    .map(({ goal, value }) => [goal, value]);

test('what acts on the page when it is seen, what is read when it is read, each once', async () => {
  edge.origin.seen.length = 0;
  const { context, open, client } = await visitor(['personalization', 'measurement']);
  await open('/');
  await until(() => exposures().length === 1, 'the page to be seen');
  assert.deepEqual(
    exposures(),
    ['personalised:treatment'],
    'the page that stays as it was counts, too',
  );
  assert.equal(await client('flag', 'headline', 'x'), 'bold');
  await client('flag', 'headline', 'x');
  await client('flush');
  await until(() => exposures().length === 2, 'the flag’s exposure');
  await open('/');
  assert.equal(await client('flag', 'headline', 'x'), 'bold');
  await client('expose');
  await client('trackConversion', 'after', 1);
  await client('flush');
  await until(() => goals().length === 1, 'what came last');
  assert.deepEqual(exposures(), ['headline-test:treatment', 'personalised:treatment']);
  await context.close();
});

test('not before it is in view', async () => {
  edge.origin.seen.length = 0;
  const { context, page, open, client } = await visitor(['personalization', 'measurement']);
  await open('/below');
  await client('trackConversion', 'first');
  await client('flush');
  await until(() => goals().length === 1, 'the conversion');
  assert.deepEqual(exposures(), []);
  await page.locator('[data-fl-slot]').scrollIntoViewIfNeeded();
  await until(() => exposures().length === 1, 'the slot to be seen');
  await context.close();
});

test('not without leave; with it what has been seen is told', async () => {
  edge.origin.seen.length = 0;
  const { context, page, open, client } = await visitor(['personalization']);
  await open('/');
  await client('expose');
  await client('trackConversion', 'signup');
  await client('flush');
  assert.deepEqual(
    await page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('fl-x-'))),
    [],
  );
  await client('consent', { measurement: 'granted' });
  await open('/');
  await client('expose');
  await client('flush');
  await until(() => exposures().length === 1, 'the exposure');
  assert.deepEqual(goals(), []);
  await client('consent', { measurement: 'denied' });
  assert.deepEqual(
    await page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('fl-x-'))),
    [],
  );
  await context.close();
});

test('a redirect is counted on the page that it leads to, though that has no slot', async () => {
  edge.origin.seen.length = 0;
  const { context, page, open } = await visitor(['personalization', 'measurement']);
  await open('/pricing');
  assert.equal(new URL(page.url()).pathname, '/pricing-b');
  await until(() => exposures().length === 1, 'the exposure');
  assert.deepEqual(exposures(), ['pricing:treatment']);
  const cookies = await context.cookies();
  assert.ok(!cookies.some(({ name }) => name === '__Host-fl-shaped'), 'it is taken up and removed');
  await context.close();
});

test('goals in the markup: a link by a click, a form by being sent', async () => {
  edge.origin.seen.length = 0;
  const { context, page, open, client } = await visitor(['personalization', 'measurement']);
  await open('/');
  await page.getByText('Brochure').click();
  await page.getByText('Sign up').click();
  await client('flush');
  await until(() => goals().length === 2, 'both goals');
  assert.deepEqual(goals(), [
    ['brochure', 2.5],
    ['signup', undefined],
  ]);
  await context.close();
});
