// The demo as `./dev demo` starts it: origin, site and worker, all real, and a visitor who answers, looks and clicks. Walks
// the hops of ARCHITECTURE.md.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startDemo } from '../../web/demo/demo.mjs';
import { makePast } from '../../web/demo/past.mjs';
import { cookieOf, decisionOf, root, until } from '../edge/harness.mjs';
import { observeShifts, openBrowser, shiftsOf } from '../web/page.mjs';

// SPEC.md's own example.
const ANSWERS = {
  timeline: '3+ years – this story has been in my heart a long time',
  personal_meaning: ["It's my baby – I've poured my heart into it"],
  project_for: 'Me – I want to see it come to life',
  format: 'Feature Film',
  materials: ['A script or draft', 'A pitch deck'],
  excited_parts: ['Packaging the full story into a complete project'],
  involvement: 'Very involved — I want to be part of every step',
  start_timing: "ASAP – I'm ready now",
  budget: '$15-50K',
  logline: 'In a world where...',
  description: 'Longer description...',
  want_consult: true,
};
const BOTH = { personalization: 'granted', measurement: 'granted' };

const folder = mkdtempSync(join(tmpdir(), 'footlight-demo-'));
let demo;
before(async () => {
  demo = await startDemo({ data: join(folder, 'data'), site: join(folder, 'site') });
});
after(async () => {
  await demo?.close();
  rmSync(folder, { recursive: true, force: true });
});

const post = (path, body, headers = {}) =>
  fetch(demo.edge + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: demo.edge, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const page = async (cookie) =>
  (await fetch(`${demo.edge}/`, { headers: cookie ? { cookie } : {} })).text();
const homepage = async (base, headers) => {
  const response = await fetch(`${base}/api/personalization/homepage`, { headers });
  assert.equal(response.status, 200);
  return response.text();
};

describe('the made-up past', () => {
  const footlight = (...args) =>
    execFileSync(demo.program, ['--data', demo.data, ...args], { encoding: 'utf8' });

  it('is the same people every time', () => {
    const content = (name) => readFileSync(join(root, 'web/demo/content', name), 'utf8');
    const site = JSON.parse(content('site.json'));
    const items = content('content.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const now = Date.UTC(2026, 5, 1);
    const past = makePast(site, items, now);
    assert.deepEqual(makePast(site, items, now), past);
    // Later, the same only later.
    const later = makePast(site, items, now + 1000);
    assert.deepEqual(
      later.interactions.map(({ eventId, contentId }) => [eventId, contentId]),
      past.interactions.map(({ eventId, contentId }) => [eventId, contentId]),
    );
  });

  it('has been learned from: what goes with what, and who is alike', () => {
    const { counts, segments } = JSON.parse(footlight('inspect', '1', '--json'));
    assert.ok(counts.neighbours > 500, `${counts.neighbours} neighbours`);
    const own = JSON.parse(readFileSync(join(root, 'web/demo/content/site.json'), 'utf8')).segments;
    assert.ok(segments.length > own.length + 1, 'segments that nobody has written');
  });

  it('is taken in once', async () => {
    const before = footlight('snapshots');
    await demo.close();
    demo = await startDemo({ data: join(folder, 'data'), site: join(folder, 'site') });
    assert.equal(footlight('snapshots'), before);
  });
});

describe('without JavaScript', () => {
  it('a form post makes the next page theirs, and every card says why', async () => {
    const plain = await page();
    assert.match(plain, /data-fl-slot="projects"/);
    const form = new URLSearchParams({ next: '/', consent: 'personalization' });
    for (const [name, value] of Object.entries(ANSWERS)) {
      for (const each of [value].flat()) form.append(name, each === true ? 'true' : each);
    }
    const answer = await fetch(`${demo.edge}/api/profile`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: demo.edge },
      body: form,
    });
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get('location'), '/');
    const cookie = cookieOf(answer);
    const mine = await page(cookie);
    const decision = decisionOf(mine);
    assert.equal(decision.segment, 'Feature film');
    for (const slot of ['hero', 'projects', 'testimonials', 'services']) {
      assert.ok(decision.slots[slot].length > 0, slot);
      for (const entry of decision.slots[slot])
        assert.notEqual(entry.matchReason, '', `${slot}: ${entry.id}`);
    }
    assert.match(mine, /Matches your interest in feature films/);
    assert.notEqual(mine, plain);
  });

  it('two formats give two pages', async () => {
    const pages = [];
    for (const format of ['Feature Film', 'Documentary']) {
      const answer = await post('/api/profile', { questionnaireData: { format } });
      pages.push(decisionOf(await page(cookieOf(answer))).slots.projects.map((entry) => entry.id));
    }
    assert.notDeepEqual(pages[0], pages[1]);
  });
});

describe('origin and edge', () => {
  it('give the same homepage, to the byte, before and after an interaction', async () => {
    const created = await post('/api/profile', {
      email: 'user@example.com',
      questionnaireData: ANSWERS,
      consent: BOTH,
    });
    const { success, profileId, personalization, token } = await created.json();
    assert.equal(success, true);
    assert.ok(personalization.enabled && personalization.score > 50);
    assert.ok(personalization.recommendations.length > 0);
    let cookie = cookieOf(created);
    const own = { authorization: `Bearer ${token}`, 'x-user-id': profileId };
    const before = await homepage(demo.edge, { cookie });
    assert.equal(await homepage(demo.origin, own), before);
    assert.equal(
      await homepage(demo.edge, own),
      before,
      'a bearer token is answered by the origin',
    );

    const project = JSON.parse(before).featuredProjects[1];
    const event = {
      eventId: crypto.randomUUID(),
      contentId: project.id,
      contentType: 'featured_project',
      action: 'engage',
      duration: 45000,
      feedback: 'positive',
    };
    const answered = await post('/api/personalization/interaction', event, { cookie });
    const { updatedProfile } = await answered.json();
    assert.ok(updatedProfile.engagementLevel >= 2);
    assert.ok(updatedProfile.personalizationScore > personalization.score);
    cookie = cookieOf(answered);
    assert.notEqual(
      await homepage(demo.edge, { cookie }),
      before,
      'the interaction changes what is shown next',
    );

    // Sent by the owner to the origin as well: the same event counts once, and the next decision reflects it.
    const direct = await fetch(`${demo.origin}/api/personalization/interaction`, {
      method: 'POST',
      headers: { ...own, 'content-type': 'application/json' },
      body: JSON.stringify({ ...event, eventId: crypto.randomUUID() }),
    });
    assert.deepEqual((await direct.json()).updatedProfile, updatedProfile);
    assert.equal(await homepage(demo.origin, own), await homepage(demo.edge, { cookie }));
  });

  it('an email that is known is neither revealed nor handed out', async () => {
    const body = {
      email: 'known@example.com',
      questionnaireData: { format: 'Documentary' },
      consent: BOTH,
    };
    const [first, second] = [await post('/api/profile', body), await post('/api/profile', body)];
    assert.equal(first.status, second.status);
    const [a, b] = [await first.json(), await second.json()];
    assert.deepEqual(Object.keys(a), Object.keys(b));
    assert.notEqual(a.profileId, b.profileId);
  });
});

describe('in Chromium', () => {
  let browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.close());

  it('answers, gets the page at once without a shift, clicks, and sees it change', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await observeShifts(context);
    const tab = await context.newPage();
    const errors = [];
    tab.on('pageerror', (error) => errors.push(error.message));
    tab.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await tab.goto(`${demo.edge}/questionnaire`, { waitUntil: 'networkidle' });
    for (const [name, value] of Object.entries(ANSWERS)) {
      for (const each of [value].flat()) {
        const text = tab.locator(`textarea[name="${name}"], input[type="text"][name="${name}"]`);
        if ((await text.count()) > 0) await text.fill(each);
        else await choose(tab, name, String(each));
      }
    }
    for (const purpose of ['personalization', 'measurement']) await choose(tab, 'consent', purpose);
    await tab.waitForLoadState('networkidle');
    // The page is theirs without a request: what deciding needs is here, whatever happens to the network.
    await context.setOffline(true);
    await tab.locator('fl-questionnaire button:not([type="button"])').click();
    await tab.locator('#yours').waitFor({ state: 'visible' });
    const offline = await tab.locator('#yours').innerText();
    assert.match(offline, /feature film/i);
    for (const slot of ['hero', 'projects', 'services', 'testimonials']) {
      assert.equal(await tab.locator(`#yours [data-fl-slot="${slot}"][data-fl-filled]`).count(), 1);
    }
    assert.equal(await tab.locator('fl-questionnaire').isVisible(), false);
    await context.setOffline(false);
    // Pictures and the report to the origin could not go; nothing else may fail.
    assert.deepEqual(
      errors.filter((text) => !/ERR_INTERNET_DISCONNECTED/.test(text)),
      [],
    );
    errors.length = 0;

    await tab.goto(`${demo.edge}/`, { waitUntil: 'networkidle' });
    await tab.waitForFunction(() => document.documentElement.classList.contains('js'));
    assert.match(await tab.locator('[data-fl-slot="hero"]').innerText(), /feature film/i);
    const level = async () =>
      Number(await tab.locator('[data-fl-show="engagementLevel"]').first().innerText());
    const shown = () =>
      tab
        .locator('[data-fl-slot="projects"] [data-fl-id]')
        .evaluateAll((cards) => cards.map((c) => c.dataset.flId));
    const first = await shown();
    const before = await level();
    // The origin's receipt for a judgement: only then does the SDK forget the event.
    const judged = async (feedback, at) => {
      const receipt = tab.waitForResponse(
        (r) =>
          r.url().endsWith('/interactions') &&
          r.request().postData()?.includes(`"feedback":"${feedback}"`),
      );
      await tab
        .locator(`[data-fl-slot="projects"] [data-fl-feedback="${feedback}"]`)
        .nth(at)
        .click();
      const { receipts } = await (await receipt).json();
      assert.ok(receipts.length > 0, 'the origin has it');
    };
    await judged('negative', 0);
    await until(
      async () => !(await shown()).includes(first[0]),
      'the card that is not for me goes',
    );
    await judged('positive', 1);
    await until(async () => (await level()) > before, 'the engagement level rises');
    assert.deepEqual(await shiftsOf(tab), []);

    await tab.reload({ waitUntil: 'networkidle' });
    assert.ok(!(await shown()).includes(first[0]), 'the edge remembers, too');
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('who looks at projects is shown others because of them', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await observeShifts(context);
    const tab = await context.newPage();
    await tab.goto(`${demo.edge}/work`, { waitUntil: 'networkidle' });
    await tab.locator('fl-consent [data-fl-consent="all"]').click();
    const looked = ['The Salt Road', 'The Cold Ward', 'Sodium'];
    for (const title of looked) {
      await tab.goto(`${demo.edge}/work`, { waitUntil: 'networkidle' });
      await tab.getByRole('link', { name: title, exact: true }).first().click();
      await tab.locator('h1', { hasText: title }).waitFor();
      // Until the worker has it: then the events that wait are gone.
      await until(
        () => tab.evaluate(() => !Object.keys(localStorage).some((key) => key.startsWith('fl-q-'))),
        'the receipt',
      );
    }
    await tab.goto(`${demo.edge}/`, { waitUntil: 'networkidle' });
    const because = await tab
      .locator('[data-fl-slot="projects"] [data-fl-id]:has(.why)')
      .evaluateAll((cards) =>
        cards.map((card) => [
          card.querySelector('.why').innerText,
          card.querySelector('h3').innerText,
        ]),
      );
    const named = because
      .map(([reason, title]) => [/^Because you looked at (.+)$/.exec(reason)?.[1], title])
      .filter(([name]) => name !== undefined);
    assert.ok(named.length > 0, because.map(([reason]) => reason).join('; '));
    for (const [name, title] of named) {
      assert.ok(looked.includes(name), name);
      assert.notEqual(name, title, 'nothing is shown because of itself');
    }
    assert.deepEqual(await shiftsOf(tab), []);
    await context.close();
  });

  it('on a telephone the question moves nothing and leaves the first button free', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
    await observeShifts(context);
    const tab = await context.newPage();
    await tab.goto(`${demo.edge}/`, { waitUntil: 'networkidle' });
    await tab.locator('fl-consent').waitFor();
    const banner = await tab.locator('fl-consent').boundingBox();
    const button = await tab.locator('.hero .button').boundingBox();
    assert.ok(button.y + button.height <= banner.y, 'the question covers the button');
    assert.deepEqual(await shiftsOf(tab), []);
    await context.close();
  });

  it('a No after a Yes gives the page back as the site wrote it', async () => {
    const context = await browser.newContext();
    const tab = await context.newPage();
    const hero = () => tab.locator('[data-fl-slot="hero"] h1').innerText();
    const pressed = () =>
      tab
        .locator('.footer-consent button[name="personalization"]')
        .evaluateAll((all) => all.map((button) => button.getAttribute('aria-pressed')).join());
    await tab.goto(`${demo.edge}/questionnaire`, { waitUntil: 'networkidle' });
    await tab.locator('fl-consent [data-fl-consent="none"]').click();
    await choose(tab, 'format', 'Documentary');
    await tab.locator('fl-questionnaire button:not([type="button"])').click();
    await tab.locator('#yours').waitFor();
    assert.equal(await tab.locator('[data-fl-when="allowed"]').isVisible(), false);
    assert.equal(await pressed(), 'false,true');
    await tab.locator('[data-fl-when="refused"] button').click();
    assert.equal(await tab.locator('[data-fl-when="allowed"]').isVisible(), true);
    assert.equal(await pressed(), 'true,false');

    await tab.goto(`${demo.edge}/`, { waitUntil: 'networkidle' });
    const plain = /<h1[^>]*>([^<]*)</.exec((await page()).split('data-fl-slot="hero"')[1])[1];
    assert.notEqual(await hero(), plain, 'their answers were kept');
    const again = tab.waitForEvent('load');
    await tab.evaluate(() => {
      const control = document.querySelector('fl-consent [data-fl-consent="none"]');
      setTimeout(() => control.click());
    });
    await again;
    assert.equal(await tab.locator('[data-fl-slot="hero"] h1').textContent(), plain);
    assert.equal(await tab.locator('[data-fl-filled]').count(), 0);
    await context.close();
  });
});

/** Clicks the label of an option, as a person does: the box itself is drawn by the style sheet. */
async function choose(tab, name, value) {
  const quoted = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  await tab.locator(`label:has(input[name="${name}"][value="${quoted}"])`).first().click();
}
