// <fl-questionnaire> in real Chromium: the answers count without a request after the last one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHost } from './host.mjs';
import { filled, html, openBrowser, SLOTS, storageOf, until } from './page.mjs';
import { publishDemo } from './published.mjs';

let site;
let host;
let browser;

const form = (attributes = '') => `<fl-questionnaire ${attributes}>
<form method="post" action="/api/profile"><input type="hidden" name="next" value="/">
<select name="format" required><option value=""></option><option value="animation">Animation</option><option value="documentary">Documentary</option></select>
<label><input type="checkbox" name="materials" value="script">A script</label>
<label><input type="checkbox" name="materials" value="idea">An idea</label>
<input type="text" name="logline"><label><input type="checkbox" name="want_consult" value="true">Call me</label>
<input type="email" name="email"><input type="checkbox" name="consent" value="personalization">
<button>Show me</button></form></fl-questionnaire>`;

before(async () => {
  site = publishDemo();
  host = await startHost(site);
  browser = await openBrowser();
  const page = { key: site.publicKey, data: { api: '' } };
  host.pages['/'] = html(page);
  host.pages['/questionnaire'] = html({ ...page, slots: SLOTS, rest: form('stay') });
  host.pages['/away'] = html({ ...page, slots: form() });
});
after(async () => {
  await browser?.close();
  host?.close();
});

test('no request stands between the last answer and the page', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${host.url}/questionnaire`);
  await page.waitForLoadState('networkidle'); // it reads ahead while the visitor reads
  let open;
  host.gate = new Promise((done) => {
    open = done;
  });
  host.requests.length = 0;
  host.posts.length = 0;
  await page.selectOption('[name=format]', 'documentary');
  await page.check('[value=script]');
  await page.fill('[name=logline]', 'Two rivers meet.');
  await page.fill('[name=email]', 'a@example.com');
  await page.click('button');
  await filled(page); // while the origin has not answered yet
  assert.deepEqual(host.requests, ['POST /api/profile']);
  assert.deepEqual(host.posts, []);
  const formats = await page.$$eval('[data-fl-slot=projects] > [data-format]', (cards) =>
    cards.map((card) => card.getAttribute('data-format')),
  );
  assert.ok(formats.includes('Documentary'), formats.join());
  open();
  await until(() => host.posts.length === 1, 'the profile arrives');
  const [path, body] = host.posts[0];
  assert.equal(path, '/api/profile');
  assert.equal(body.email, 'a@example.com');
  assert.deepEqual(body.questionnaireData, {
    format: 'documentary',
    materials: ['script'],
    logline: 'Two rivers meet.',
  });
  await context.close();
});

test('an unanswered required question is asked for, and nothing is sent', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${host.url}/questionnaire`);
  await page.waitForLoadState('networkidle');
  host.posts.length = 0;
  await page.click('button');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'format');
  assert.equal(host.posts.length, 0);
  await context.close();
});

test('the next page is the visitor’s, and keeps nothing but the answers', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${host.url}/away`);
  await page.selectOption('[name=format]', 'animation');
  await page.click('button');
  await page.waitForURL(`${host.url}/`);
  await filled(page);
  const stored = await storageOf(page);
  assert.deepEqual(Object.keys(stored).sort(), ['cookie', 'fl-record', 'fl-token']);
  const bytes = Buffer.from(stored['fl-record'], 'base64url');
  assert.equal(bytes[1], 0, 'no choice and no unit id');
  await context.close();
});

test('an origin that is away gets the profile later, from the next page', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${host.url}/away`);
  await page.waitForLoadState('networkidle');
  host.api = 'gone';
  host.posts.length = 0;
  await page.selectOption('[name=format]', 'animation');
  await page.click('button');
  await page.waitForURL(`${host.url}/`);
  await filled(page);
  host.api = 'up';
  await page.reload();
  await until(() => host.posts.length === 1, 'the profile arrives');
  assert.equal(host.posts[0][1].questionnaireData.format, 'animation');
  await until(async () => !('fl-profile' in (await storageOf(page))), 'and is forgotten');
  await context.close();
});

test('consent given with the answers is in force at once', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${host.url}/questionnaire`);
  await page.selectOption('[name=format]', 'animation');
  await page.check('[name=consent]');
  host.posts.length = 0;
  await page.click('button');
  await filled(page);
  const choices = await page.evaluate(async () =>
    (await import('/_fl/elements.js')).footlight().choices(),
  );
  assert.deepEqual(choices, {
    personalization: 'granted',
    measurement: 'unset',
    optedOut: false,
  });
  await until(() => host.posts.length === 1, 'the profile arrives');
  assert.deepEqual(host.posts[0][1].consent, { personalization: 'granted' });
  await context.close();
});

test('answers half given survive a reload for those who let the site remember', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${host.url}/questionnaire`);
  await page.fill('[name=logline]', 'unsaid');
  assert.equal((await storageOf(page))['fl-draft'], undefined);
  await page.evaluate(async () =>
    (await import('/_fl/elements.js')).footlight().consent({ personalization: 'granted' }),
  );
  await page.fill('[name=logline]', 'half a story');
  await page.check('[value=idea]');
  await page.goto(`${host.url}/`);
  await page.goto(`${host.url}/questionnaire`);
  await page.waitForFunction(() => document.querySelector('[name=logline]').value);
  assert.equal(await page.inputValue('[name=logline]'), 'half a story');
  assert.equal(await page.isChecked('[value=idea]'), true);
  assert.equal(await page.isChecked('[value=script]'), false);
  await context.close();
});
