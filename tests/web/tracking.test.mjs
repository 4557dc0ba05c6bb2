// Interactions and privacy in real Chromium: what leaves, when, how often, and what never does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHost } from './host.mjs';
import { filled, html, openBrowser, storageOf, until } from './page.mjs';
import { publishDemo } from './published.mjs';

let site;
let host;
let browser;

before(async () => {
  site = publishDemo();
  host = await startHost(site);
  browser = await openBrowser();
  const rest = `<output data-fl-show="personalizationScore">–</output><output data-fl-show="engagementLevel">–</output>
    <fl-consent></fl-consent><button type="button" data-fl-consent="opt-out" id="out">Forget me</button>`;
  const page = { key: site.publicKey, rest };
  host.pages['/'] = html({ ...page, data: { api: '' } });
  host.pages['/implied'] = html({ ...page, data: { api: '', consent: 'opt-out' } });
  host.pages['/silent'] = html(page);
  for (const path of ['/work/0', '/work/the-salt-road']) host.pages[path] = host.pages['/'];
});
after(async () => {
  await browser?.close();
  host?.close();
});

async function open(path, { gpc = false, choose = 'all' } = {}) {
  const context = await browser.newContext();
  if (gpc) {
    await context.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }),
    );
  }
  const page = await context.newPage();
  await page.goto(host.url + path);
  await page.waitForFunction(() => document.documentElement.classList.contains('js'));
  host.posts.length = 0;
  if (choose) {
    await page.click(`fl-consent [data-fl-consent="${choose}"]`);
    await filled(page);
  }
  return { context, page };
}

/** Clicks without going anywhere. */
async function clickCard(page, n = 0) {
  await page.evaluate(() =>
    document.addEventListener('click', (event) => event.preventDefault(), { once: true }),
  );
  await page.locator('[data-fl-slot="projects"] a').nth(n).click();
}

const clicks = () => host.events().filter(({ action }) => action === 'click');

test('a click is sent once, with its id, type and visitor', async () => {
  const { page, context } = await open('/');
  await clickCard(page);
  await until(() => clicks().length, 'the click arrives');
  const [event] = clicks();
  assert.match(event.eventId, /^[\w-]{22}$/);
  assert.equal(event.contentType, 'project');
  assert.match(event.visitorId, /^[\w-]{11}$/);
  assert.ok(Math.abs(Date.parse(event.occurredAt) - Date.now()) < 60000);
  await until(async () => noQueue(await storageOf(page)), 'the queue is empty');
  assert.equal(clicks().length, 1);
  await context.close();
});

const noQueue = (stored) => !Object.keys(stored).some((key) => key.startsWith('fl-q-'));

test('cards half in view for a second are seen, once', async () => {
  const { page, context } = await open('/');
  const cards = await page.$$eval('[data-fl-id]', (all) => all.map((card) => card.dataset.flId));
  await until(
    () => cards.every((id) => host.events().some((e) => e.action === 'view' && e.contentId === id)),
    'every card is seen',
  );
  const views = host.events().filter(({ action }) => action === 'view');
  assert.equal(views.length, new Set(cards).size);
  await context.close();
});

test('interactions change the scores shown and what is decided, on the device', async () => {
  const { page, context } = await open('/silent');
  const score = () => page.textContent('[data-fl-show="personalizationScore"]');
  const before = Number(await score());
  for (let i = 0; i < 3; i++) await clickCard(page, i);
  await until(async () => Number(await score()) > before, 'the score rises');
  assert.equal(host.posts.length, 0, 'a site without an origin sends nothing');
  await page.reload();
  await filled(page);
  assert.ok(Number(await score()) > before);
  await context.close();
});

test('what could not be sent is sent by the next page with the same id', async () => {
  const { page, context } = await open('/');
  host.api = 'gone';
  await clickCard(page);
  await until(async () => !noQueue(await storageOf(page)), 'the event is kept');
  const kept = Object.keys(await storageOf(page)).filter((key) => key.startsWith('fl-q-'));
  await page.goto('about:blank');
  host.api = 'up';
  host.posts.length = 0;
  await page.goto(host.url);
  await until(() => clicks().length, 'the click arrives');
  assert.ok(kept.includes(`fl-q-${clicks()[0].eventId}`));
  await until(async () => noQueue(await storageOf(page)), 'the queue is empty');
  await context.close();
});

test('a page that is left sends what it has', async () => {
  const { page, context } = await open('/');
  host.posts.length = 0;
  await page.evaluate(() => {
    window.stop = true;
  });
  await page.locator('[data-fl-slot="projects"] a').first().click({ noWaitAfter: true });
  await until(() => clicks().length, 'the click arrives');
  await context.close();
});

test('the stay on an item’s page is engagement, told when the page is left', async () => {
  const { page, context } = await open('/');
  const id = await page.getAttribute('[data-fl-id]', 'data-fl-id');
  host.pages['/about'] = host.pages['/'].replace(
    '<main>',
    `<main data-fl-engage data-fl-id="${id}" data-fl-type="hero">`,
  );
  const next = await context.newPage();
  await next.clock.install();
  await next.goto(`${host.url}/about`);
  await next.waitForFunction(() => document.documentElement.classList.contains('js'));
  await next.clock.fastForward(7000);
  await next.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  const stays = () => host.events().filter(({ action }) => action === 'engage');
  await until(() => stays().length, 'the stay arrives');
  assert.equal(stays()[0].contentId, id);
  assert.ok(stays()[0].duration >= 7000 && stays()[0].duration < 60000, `${stays()[0].duration}`);
  await context.close();
});

test('feedback and conversion', async () => {
  const { page, context } = await open('/');
  await page.evaluate(() => {
    const card = document.querySelector('[data-fl-slot="projects"] > [data-fl-id]');
    card.style.height = 'auto';
    card.insertAdjacentHTML(
      'beforeend',
      '<button data-fl-feedback="positive">+</button><button data-fl-convert id="buy">buy</button>',
    );
  });
  await page.click('[data-fl-feedback]');
  await page.click('#buy');
  await until(() => host.events().some(({ action }) => action === 'convert'), 'it arrives');
  const [engage] = host.events().filter(({ action }) => action === 'engage');
  assert.equal(engage.feedback, 'positive');
  assert.equal(await page.getAttribute('[data-fl-feedback]', 'aria-pressed'), 'true');
  await context.close();
});

test('without measurement nothing leaves, and the history stays here', async () => {
  const { page, context } = await open('/', { choose: 'personalization' });
  const before = await page.evaluate(() => localStorage.getItem('fl-record'));
  await clickCard(page);
  await until(
    () => page.evaluate((old) => localStorage.getItem('fl-record') !== old, before),
    'the record learns',
  );
  assert.deepEqual(host.events(), []);
  assert.equal(Buffer.from(before, 'base64url')[1] & 32, 0, 'no unit id');
  await context.close();
});

test('before a choice nothing is stored or sent, whatever is clicked', async () => {
  const { page, context } = await open('/', { choose: null });
  await clickCard(page);
  await page.waitForTimeout(600); // longer than a batch waits
  assert.deepEqual(await storageOf(page), { cookie: '' });
  assert.deepEqual(host.posts, []);
  await context.close();
});

test('where silence counts, a privacy signal still means no', async () => {
  const silent = await open('/implied', { choose: null });
  await filled(silent.page);
  await clickCard(silent.page);
  await until(() => clicks().length, 'the click arrives');
  await silent.context.close();

  const signalled = await open('/implied', { choose: null, gpc: true });
  await clickCard(signalled.page);
  await signalled.page.waitForTimeout(600);
  assert.deepEqual(host.posts, []);
  assert.deepEqual(await storageOf(signalled.page), { cookie: '' });
  assert.equal(await signalled.page.isVisible('fl-consent'), false, 'nobody asks again');
  await signalled.context.close();
});

test('the later explicit choice wins over the signal', async () => {
  const { page, context } = await open('/', { choose: null, gpc: true });
  await page.evaluate(async () =>
    (await import('/_fl/elements.js'))
      .footlight()
      .consent({ personalization: 'granted', measurement: 'granted' }),
  );
  await filled(page);
  await clickCard(page);
  await until(() => clicks().length, 'the click arrives');
  await context.close();
});

test('an opt-out is at once: storage cleared, queue gone, default decision', async () => {
  const { page, context } = await open('/');
  host.api = 'gone';
  await clickCard(page);
  await until(async () => !noQueue(await storageOf(page)), 'the event is kept');
  await page.click('#out');
  const stored = await storageOf(page);
  assert.deepEqual(Object.keys(stored).sort(), ['cookie', 'fl-record']);
  assert.deepEqual(
    [...Buffer.from(stored['fl-record'], 'base64url')],
    [0xf1, 26, 0, 0, 0, 0, 0, 0],
  );
  host.api = 'up';
  host.posts.length = 0;
  await clickCard(page);
  await page.waitForTimeout(600);
  assert.deepEqual(host.events(), []);
  await context.close();
});

const DEFAULTS = ['Default hero', 'Default & one', 'Default two', 'Default three'];
const titles = (page) => page.$$eval('.card :is(h1, h3)', (all) => all.map((e) => e.textContent));

for (const choose of ['none', 'opt-out']) {
  test(`"${choose}" leaves the page as the site wrote it, before and after a yes`, async () => {
    const { page, context } = await open('/', { choose: null });
    const written = await page.innerHTML('main');
    const control = `[data-fl-consent="${choose}"]`;
    await page.evaluate(async () => {
      window.client = (await import('/_fl/elements.js')).footlight();
    });
    await page.click(control);
    await page.evaluate(() => window.client.prefetch()); // whatever was on its way has come
    assert.deepEqual(await titles(page), DEFAULTS);

    await page.evaluate(() => document.querySelector('[data-fl-consent="all"]').click());
    await filled(page);
    assert.notDeepEqual(await titles(page), DEFAULTS);
    await page.evaluate((name) => document.querySelector(name).click(), control);
    assert.deepEqual(await titles(page), DEFAULTS);
    assert.equal(await page.locator('[data-fl-filled]').count(), 0);
    const slot = /<section data-fl-slot="projects"[\s\S]*?<\/section>/;
    assert.equal((await page.innerHTML('main')).match(slot)[0], written.match(slot)[0]);
    await context.close();
  });
}

test('<fl-projects> is given back its default cards', async () => {
  host.pages['/own'] = html({
    key: site.publicKey,
    slots:
      '<fl-projects limit="2"><article><h3 data-fl-text="title">Mine</h3></article></fl-projects>',
    rest: '<fl-consent></fl-consent>',
  });
  const { page, context } = await open('/own');
  assert.equal(await page.locator('fl-projects > article').count(), 2);
  await page.evaluate(() => document.querySelector('[data-fl-consent="none"]').click());
  assert.equal(await page.innerText('fl-projects'), 'Mine');
  await context.close();
});

test('a decision on its way does not fill the page after a denial', async () => {
  const { page, context } = await open('/', { choose: null });
  const shown = await page.evaluate(async () => {
    const client = (await import('/_fl/elements.js')).footlight();
    client.consent({ personalization: 'granted' });
    const late = client.decide();
    client.consent({ personalization: 'denied' });
    await late;
    return [...document.querySelectorAll('[data-fl-filled]')].length;
  });
  assert.equal(shown, 0);
  await context.close();
});

test('the banner hides once another tab has answered, and its buttons show what holds', async () => {
  const { page, context } = await open('/', { choose: null });
  assert.equal(await page.isVisible('fl-consent'), true);
  const other = await context.newPage();
  await other.goto(host.url);
  await other.click('fl-consent [data-fl-consent="all"]');
  await page.waitForSelector('fl-consent', { state: 'hidden' });
  const pressed = (name) =>
    page
      .getAttribute(`[data-fl-consent="${name}"]`, 'aria-pressed')
      .then((value) => value === 'true');
  assert.deepEqual([await pressed('all'), await pressed('none')], [true, false]);
  await context.close();
});

test('a judgement without leave asks for it, and counts after a yes', async () => {
  const { page, context } = await open('/', { choose: null });
  await page.click('fl-consent [data-fl-consent="none"]');
  await page.evaluate(() => {
    const card = document.querySelector('[data-fl-slot="projects"] > *');
    card.dataset.flId = '0b9f9b0e-0000-5000-8000-000000000000';
    card.insertAdjacentHTML('afterbegin', '<button data-fl-feedback="positive">+</button>');
  });
  const button = page.locator('[data-fl-feedback]');
  await button.click();
  assert.equal(await page.isVisible('fl-consent'), true);
  assert.equal(await button.getAttribute('aria-pressed'), null);
  await page.click('fl-consent [data-fl-consent="none"]');
  assert.equal(await page.isVisible('fl-consent'), false);
  await button.click();
  host.posts.length = 0;
  await page.click('fl-consent [data-fl-consent="all"]');
  await until(
    () => host.events().some(({ feedback }) => feedback === 'positive'),
    'the judgement arrives',
  );
  await context.close();
});
