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

test('a second questionnaire adds to the first; what is unticked is taken back', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const answer = async (fill) => {
    await page.goto(`${host.url}/questionnaire`);
    host.posts.length = 0;
    await page.selectOption('[name=format]', 'animation');
    await fill();
    await page.click('button');
    await until(() => host.posts.length === 1, 'the profile arrives');
    return host.posts[0][1].questionnaireData;
  };
  const first = await answer(async () => {
    await page.check('[value=script]');
    await page.check('[name=want_consult]');
  });
  assert.deepEqual(first, { format: 'animation', materials: ['script'], want_consult: true });
  assert.deepEqual(await answer(async () => {}), { format: 'animation' });
  const third = await answer(async () => {
    await page.check('[value=script]');
    await page.uncheck('[value=script]');
    await page.check('[name=want_consult]');
    await page.uncheck('[name=want_consult]');
  });
  assert.deepEqual(third, { format: 'animation', materials: [], want_consult: false });
  await context.close();
});

test('everyone’s pack comes first, then the one that the answers need', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const [everyone, ...others] = site.manifest.packs.map(({ sha256 }) => sha256);
  const asked = [];
  let open;
  const gate = new Promise((done) => {
    open = done;
  });
  await page.route(/_fl\/[0-9a-f]{64}$/, async (route) => {
    const name = route.request().url().slice(-64);
    asked.push(name);
    if (name === others[0]) await gate; // the first that is fetched ahead is slow
    await route.continue();
  });
  await page.goto(`${host.url}/questionnaire`);
  await until(() => asked.length === 2, 'reading ahead');
  assert.deepEqual(asked, [everyone, others[0]]);
  await page.selectOption('[name=format]', 'documentary');
  await until(() => asked.length === 3, 'the pack of the answers is not behind the others');
  await page.click('button');
  await filled(page);
  assert.equal(asked.length, 3, 'and is enough');
  open();
  await context.close();
});

test('with a worker in front, late files make the form go the plain way', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  host.pages['/slow'] = html({
    mode: 'edge',
    key: site.publicKey,
    slots: '',
    rest: form()
      .replace('<button>', '<button data-fl-busy="Choosing…">')
      .replace('method="post" action="/api/profile"', 'action="/plain"'),
  });
  host.pages['/plain'] = '<h1>plain</h1>';
  await page.route(/_fl\/[0-9a-f]{64}$/, () => {}); // never answered
  await page.goto(`${host.url}/slow`);
  await page.waitForFunction(() => document.documentElement.classList.contains('js'));
  await page.selectOption('[name=format]', 'animation');
  host.posts.length = 0;
  await page.click('button', { noWaitAfter: true });
  await page.waitForSelector(
    'fl-questionnaire[aria-busy=true] button[aria-disabled=true]:text("Choosing…")',
  );
  await page.waitForURL(/\/plain\?.*format=animation/);
  assert.deepEqual(host.posts, [], 'once');
  await context.close();
});

test('a profile that failed without a network is sent when it comes back', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${host.url}/questionnaire`);
  await page.waitForLoadState('networkidle');
  await context.setOffline(true);
  host.posts.length = 0;
  await page.selectOption('[name=format]', 'animation');
  await page.click('button');
  await filled(page);
  await page.evaluate(async () => (await import('/_fl/elements.js')).footlight().posted);
  assert.deepEqual(host.posts, []);
  await context.setOffline(false);
  await until(() => host.posts.length === 1, 'the profile arrives');
  assert.equal(host.posts[0][1].questionnaireData.format, 'animation');
  await context.close();
});
