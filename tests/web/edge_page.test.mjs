// A page that the worker has filled: its decision is adopted, and the cookie is shared with the worker.
// (The worker itself is played by a host here; tests/edge and tests/e2e run the real one.)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHost } from './host.mjs';
import { html, openBrowser, projectCard, storageOf, until } from './page.mjs';
import { openEngine, publishDemo } from './published.mjs';

let site;
let host;
let browser;
let decision;
let cards;

const GRANTED = '8QUAAAAAAAA'; // both purposes, nothing else

before(async () => {
  site = publishDemo();
  host = await startHost(site);
  browser = await openBrowser();
  const engine = await openEngine(site);
  engine.answer('format', ['documentary']);
  decision = engine.decide([{ slot: 'projects', limit: 3 }], {
    now: Math.floor(Date.now() / 1000),
    locale: 'en',
  });
  cards = decision.slots.projects.map((entry) =>
    projectCard({ ...engine.itemBody(engine.findItem(entry.id), 'en'), ...entry }),
  );
  const script = `<script type="application/json" id="fl-decision">${JSON.stringify(decision).replaceAll('<', '\\u003c')}</script>`;
  const outputs = ['personalizationScore', 'engagementLevel', 'segment']
    .map((name) => `<output data-fl-show="${name}"></output>`)
    .join('');
  host.pages['/'] = html({
    mode: 'edge',
    slots: `<section data-fl-slot="projects" data-fl-limit="3" data-fl-filled="${decision.version}">${cards.join('')}</section>`,
    rest: outputs + script,
  });
  host.pages['/default'] = html({ mode: 'edge', key: site.publicKey });
});
after(async () => {
  await browser?.close();
  host?.close();
});

async function open(path, record = GRANTED) {
  const context = await browser.newContext();
  if (record) {
    const { hostname: domain } = new URL(host.url);
    await context.addCookies([
      { name: '__Host-fl', value: record, domain, path: '/', secure: true, sameSite: 'Lax' },
    ]);
  }
  const page = await context.newPage();
  host.posts.length = 0;
  host.requests.length = 0;
  await page.goto(host.url + path);
  await page.waitForFunction(() => document.documentElement.classList.contains('js'));
  return { context, page };
}

const slotHtml = (page) => page.$eval('[data-fl-slot="projects"]', (slot) => slot.innerHTML);

test('the decision is adopted: nothing is fetched, nothing is filled again', async () => {
  const { page, context } = await open('/');
  await page.waitForLoadState('networkidle');
  const asked = host.requests.filter((line) => /manifest|engine|[0-9a-f]{64}/.test(line));
  assert.deepEqual(asked, []);
  assert.equal(await slotHtml(page), cards.join(''));
  assert.equal(
    await page.textContent('[data-fl-show="personalizationScore"]'),
    `${decision.personalizationScore}`,
  );
  await context.close();
});

test('a page that the worker left alone stays as it is', async () => {
  const { page, context } = await open('/default');
  await page.waitForLoadState('networkidle');
  assert.equal(await page.textContent('h1'), 'Default hero');
  assert.ok(!host.requests.some((line) => line.includes('manifest')));
  await context.close();
});

test('an interaction goes to the worker, whose answer is shown; the SDK leaves the cookie to it', async () => {
  const { page, context } = await open('/');
  host.answer = { updatedProfile: { engagementLevel: 4, personalizationScore: 77 } };
  host.setCookie = '__Host-fl=8QUABAAAAAEHwLgCAQ; Path=/; Secure; SameSite=Lax';
  await page.evaluate(() =>
    document.addEventListener('click', (event) => event.preventDefault(), { once: true }),
  );
  const before = (await storageOf(page)).cookie;
  await page.locator('[data-fl-id] a').first().click();
  assert.equal((await storageOf(page)).cookie, before);
  await until(
    async () => (await page.textContent('[data-fl-show="personalizationScore"]')) === '77',
    'the score is shown',
  );
  assert.equal(host.events()[0].contentId, decision.slots.projects[0].id);
  assert.match((await storageOf(page)).cookie, /8QUABAAAAAEHwLgCAQ/);
  assert.equal(await slotHtml(page), cards.join(''), 'the page stays as it is');
  host.answer = {};
  host.setCookie = undefined;
  await context.close();
});

test('answers are in the cookie before the next page is asked for', async () => {
  const { page, context } = await open('/', '');
  let open_;
  host.gate = new Promise((done) => {
    open_ = done;
  });
  await page.evaluate(async () =>
    (await import('/_fl/elements.js')).footlight().profile({ format: 'animation' }),
  );
  const { cookie } = await storageOf(page);
  const record = Buffer.from(cookie.split('=')[1], 'base64url');
  const engine = await openEngine(site);
  engine.loadVisitor(record);
  assert.deepEqual(engine.visitorState(), {
    personalization: 'unset',
    measurement: 'unset',
    optedOut: false,
    hasUnitId: false,
    hasAnswers: true,
    hasHistory: false,
  });
  assert.notEqual(await slotHtml(page), cards.join(''), 'and this page is filled again');
  assert.equal(await page.locator('[data-fl-slot="projects"] > article').count(), 3);
  open_();
  await context.close();
});

test('a static page without a key does not ask its host for one', async () => {
  host.pages['/keyless'] = html({});
  const { page, context } = await open('/keyless', '');
  const refused = await page.evaluate(async () =>
    (await import('/_fl/elements.js'))
      .footlight()
      .decide()
      .then(
        () => false,
        () => true,
      ),
  );
  assert.equal(refused, true);
  assert.ok(!host.requests.includes('GET /_fl/key'));
  await context.close();
});

test('a choice is in force here at once and told to the worker', async () => {
  const { page, context } = await open('/');
  const again = page.waitForEvent('load');
  await page.evaluate(() => {
    const control = document.createElement('button');
    control.setAttribute('data-fl-consent', 'none');
    document.body.append(control);
    setTimeout(() => control.click()); // after this answer: the page that gives it goes away
  });
  await again; // only the site has what the worker has replaced
  assert.equal((await storageOf(page)).cookie, '__Host-fl=8QoAAAAAAAA');
  await until(() => host.posts.length, 'the worker hears of it');
  const [path, body] = host.posts[0];
  assert.equal(path, '/api/privacy/consent');
  assert.deepEqual(body, { personalization: 'denied', measurement: 'denied', optedOut: false });
  await context.close();
});

test('a cookie that is not a record is nobody’s', async () => {
  const { page, context } = await open('/', '8QUAgICAgIA');
  const errors = [];
  page.on('pageerror', (error) => errors.push(error));
  const made = await page.evaluate(async () =>
    (await import('/_fl/elements.js')).footlight().decide([{ slot: 'projects' }]),
  );
  assert.ok(made.slots.projects.length > 0);
  assert.deepEqual(errors, []);
  await context.close();
});
