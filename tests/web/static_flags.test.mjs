// Flags and experiments of a site without a worker, in real Chromium: evaluated on the device by the full engine, the same
// as anywhere, told when seen. A site without flags fetches none of it (static.test.mjs looks at every request).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startHost } from './host.mjs';
import { filled, html, openBrowser, until } from './page.mjs';
import { publishDemo, root } from './published.mjs';

const projects = readFileSync(join(root, 'web/demo/content/content.jsonl'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line))
  .filter(({ type }) => type === 'project');
const PINNED = projects.at(-1);
const EXCLUDED = projects.slice(1, -1).map(({ id }) => id);
const rule = (key, variations, weights) => ({
  key,
  hashVersion: 2,
  variations,
  weights,
  meta: variations.map((_, i) => ({ key: `v${i}` })),
});
const FLAGS = {
  features: {
    banner: { defaultValue: 'none', rules: [{ condition: { device: 'desktop' }, force: 'wide' }] },
    headline: { defaultValue: 'plain', rules: [rule('headline-test', ['plain', 'bold'], [0, 1])] },
    'slot:projects': {
      defaultValue: {},
      rules: [rule('pin-test', [{}, { pin: [PINNED.id], exclude: EXCLUDED }], [0, 1])],
    },
    coin: { defaultValue: 0, rules: [rule('coin', [0, 1], [0.5, 0.5])] },
  },
};
const OFF = { features: { personalization: { defaultValue: false } } };

const sites = [];
let browser;
async function start(flags, canary) {
  const site = publishDemo({ flags, canary });
  const host = await startHost(site);
  host.pages['/'] = html({
    key: site.publicKey,
    data: { api: '' },
    rest: '<fl-consent></fl-consent>',
  });
  sites.push(host);
  return host;
}
let host;
before(async () => {
  host = await start(FLAGS);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  for (const one of sites) one.close();
});

async function open(at, choose) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(at.url);
  await page.waitForFunction(() => document.documentElement.classList.contains('js'));
  at.posts.length = 0;
  if (choose) await page.click(`fl-consent [data-fl-consent="${choose}"]`);
  return { context, page };
}
const client = (page, work, argument) =>
  page.evaluate(
    async ([text, given]) => {
      const { footlight } = await import('/_fl/elements.js');
      return new Function('client', 'given', `return (${text})(client, given)`)(footlight(), given);
    },
    [work.toString(), argument],
  );
const exposures = () =>
  host
    .events()
    .filter(({ action }) => action === 'exposure')
    .filter(({ experiment }) => experiment)
    .map(({ experiment, variant }) => `${experiment}:${variant}`);

test('who is not known gets values and no experiment, once somebody asks for them', async () => {
  const { context, page } = await open(host);
  assert.equal(await client(page, (footlight) => footlight.flag('banner', 'later')), 'later');
  const flags = await client(page, (footlight) => footlight.loadFlags());
  assert.deepEqual(flags, {
    flags: { banner: 'wide', headline: 'plain', 'slot:projects': {}, coin: 0 },
    experiments: {},
  });
  assert.equal(await client(page, (footlight) => footlight.flag('banner', 'later')), 'wide');
  await context.close();
});

test('the decision obeys, and what is seen or read is told once', async () => {
  const { context, page } = await open(host, 'all');
  await filled(page);
  const cards = page.locator('[data-fl-slot="projects"] h3');
  assert.equal(await cards.first().textContent(), PINNED.body.title);
  assert.equal(await cards.count(), 2);
  await until(() => exposures().includes('pin-test:v1'), 'the slot is in view');
  assert.ok(!exposures().some((one) => one.startsWith('headline-test')));
  assert.equal(await client(page, (footlight) => footlight.flag('headline', '')), 'bold');
  await client(page, (footlight) => footlight.flush());
  await until(() => exposures().includes('headline-test:v1'), 'the flag is read');
  // What is decided anew obeys, too, and tells nothing again.
  const again = await client(page, async (footlight) => (await footlight.decide()).slots.projects);
  assert.equal(again.length, 2);
  assert.equal(await client(page, (footlight) => footlight.flag('headline', '')), 'bold');
  await client(page, (footlight) => footlight.flush());
  assert.deepEqual(exposures().sort(), ['headline-test:v1', 'pin-test:v1']);
  await context.close();
});

test('the draw is the one that every other place makes', async () => {
  const { context, page } = await open(host, 'all');
  await filled(page);
  const [id, drawn] = await client(page, (footlight) =>
    footlight.use((engine) => [engine.unitId(), footlight.flags.experiments.coin]),
  );
  const { Flags } = await import(join(root, 'build/js/wasm/binding/flags.js'));
  const exports = new WebAssembly.Instance(
    new WebAssembly.Module(readFileSync(join(root, 'build/wasm/engine_full.wasm'))),
    {},
  ).exports;
  exports._initialize?.();
  const program = readFileSync(join(sites[0].site.folder, sites[0].site.manifest.flags.sha256));
  const room = exports.fl_reserve(program.length);
  new Uint8Array(exports.memory.buffer).set(program, room);
  const flags = new Flags(exports, program.length);
  const expected = flags.evaluate({ attributes: { id } }, 0).feature('coin').assignment.variant;
  assert.equal(drawn, expected);
  await context.close();
});

test('two snapshots are compared, too: each visitor gets one of them, and the page says which', async () => {
  const both = await start(undefined, '0.5');
  const { canary, version } = both.site.manifest;
  const seen = {};
  for (let i = 0; i < 24 && Object.keys(seen).length < 2; i++) {
    const { context, page } = await open(both, 'all');
    await filled(page);
    const [variant, decided] = await client(
      page,
      (footlight, key) => [footlight.flags.experiments[key], footlight.decision.version],
      canary.experiment,
    );
    seen[variant] = decided;
    const told = () => both.events().filter(({ action }) => action === 'exposure');
    await until(() => told().some((event) => event.experiment === canary.experiment), 'it is seen');
    assert.ok(told().some((event) => event.variant === variant));
    await context.close();
  }
  assert.equal(seen.live, version);
  assert.equal(`canary-${seen.canary}`, canary.experiment);
});

test('the flag that says no leaves the page as the site wrote it', async () => {
  const off = await start(OFF);
  const { context, page } = await open(off, 'all');
  const { flags } = await client(page, (footlight) => footlight.loadFlags());
  assert.deepEqual(flags, { personalization: false });
  await client(page, (footlight) => footlight.decide().then(() => undefined));
  assert.equal(
    await page.locator('[data-fl-slot="projects"] h3').first().textContent(),
    'Default & one',
  );
  await context.close();
});

test('without the files that flags need, the page stands', async () => {
  const { context, page } = await open(host);
  await page.route('**/flags.js', (route) => route.abort());
  await page.click('fl-consent [data-fl-consent="all"]');
  const why = await client(page, (footlight) =>
    footlight.decide().then(
      () => 'decided',
      () => 'refused',
    ),
  );
  assert.equal(why, 'refused');
  assert.equal(
    await page.locator('[data-fl-slot="projects"] h3').first().textContent(),
    'Default & one',
  );
  await context.close();
});
