// Apprentice mode at the origin: it decides and logs what it would show, counts nothing as shown, keeps no page for
// later, and says afterwards how well it would have guessed.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ANSWERS, DEMO, newSite, serve } from './program.mjs';

const BOTH = { personalization: 'granted', measurement: 'granted' };
const HOMEPAGE = '/api/personalization/homepage';

let site;
let origin;
let key;

async function publish(apprentice) {
  const document = JSON.parse(readFileSync(join(DEMO, 'site.json'), 'utf8'));
  const file = join(site.data, 'site.json');
  writeFileSync(file, JSON.stringify({ apprentice, ...document }));
  await site.footlight('import', 'site', file);
  await site.footlight('publish');
}

const evaluate = async () =>
  JSON.parse((await site.footlight('evaluate', 'apprentice', '--json', '-')).stdout);
const stats = async () => (await origin.call('GET', '/api/admin/stats', { token: key })).json;

async function person(consent = BOTH) {
  const body = { questionnaireData: ANSWERS, consent };
  const { json } = await origin.call('POST', '/api/profile', { body });
  return { token: json.token, user: json.profileId };
}

async function tell(own, event) {
  const body = { eventId: crypto.randomUUID(), ...event };
  const answer = await origin.call('POST', '/api/personalization/interaction', { ...own, body });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** What is logged behind the answer: waits for it. */
async function slates(count) {
  for (let i = 0; i < 100; i++) {
    const report = await evaluate();
    if (report.slates >= count) return report;
  }
  throw new Error(`never ${count} slates`);
}

before(async () => {
  site = await newSite({ publish: false });
  await publish(true);
  origin = await serve(site);
  key = (await site.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
});
after(async () => {
  await origin.stop();
  site.remove();
});

test('the snapshot says so, and without visitors there is nothing to judge by', async () => {
  assert.equal(
    JSON.parse((await site.footlight('inspect', '1', '--json')).stdout).apprentice,
    true,
  );
  const told = (await site.footlight('inspect', '1')).stdout;
  assert.match(told, /^apprentice: decides and logs, and shows nothing$/m);
  assert.match(told, /^ {2}calibrated +false$/m);
  const { stdout } = await site.footlight('evaluate', 'apprentice');
  assert.match(stdout, /^0 slates would have been shown; 0 choices of 0 visitors/);
  assert.match(stdout, /Nothing to judge by/);
  assert.equal((await evaluate()).cases, 0);
});

test('the homepage says so, is logged as what would be shown, and counts as nothing shown', async () => {
  const first = await person();
  const page = await origin.call('GET', HOMEPAGE, first);
  assert.ok(page.text.startsWith('{"apprentice":true,"hero":{'), page.text.slice(0, 80));
  const shown = page.json.featuredProjects.map(({ id }) => id);
  assert.ok(shown.length > 1);
  assert.equal((await slates(4)).slates, 4, 'hero, projects, testimonials, services');

  // One visitor chooses what would have been shown, another what would not.
  await tell(first, { contentId: shown[1], action: 'click' });
  const second = await person();
  const { json } = await origin.call('GET', HOMEPAGE, second);
  const all = (await origin.call('GET', '/api/admin/content?limit=500', { token: key })).json
    .content;
  const wouldShow = new Set(json.featuredProjects.map(({ id }) => id));
  const other = all.find(({ type, uuid }) => type === 'project' && !wouldShow.has(uuid)).uuid;
  await slates(8);
  await tell(second, { contentId: other, action: 'click' });
  const report = await slates(8);
  assert.deepEqual([report.slates, report.cases, report.visitors], [8, 2, 2]);
  assert.equal(report.would_show, 0.5);
  assert.match((await site.footlight('evaluate', 'apprentice')).stdout, /warning: only 2 visitors/);

  const counts = await stats();
  assert.equal(counts.interactions, 2);
  assert.equal(counts.exposures, 0);
  assert.equal(counts.recommendations, 0);
  assert.equal(counts.recommendationsClicked, 0);
  assert.deepEqual(counts.sections, []);
  for (const { exposures, itemId } of counts.items) assert.equal(exposures, 0, `item ${itemId}`);
});

test('what edge and browser would have shown is taken once, and changes nothing in the visitor', async () => {
  const own = await person();
  const page = (await origin.call('GET', HOMEPAGE, own)).text;
  const { slates: before } = await slates(12);
  const known = await stats();
  const [{ id }] = JSON.parse(page).testimonials;
  const event = {
    eventId: 'would-1',
    visitorId: 'a browser',
    contentId: id,
    action: 'would_show',
    slot: 'testimonials',
    position: 0,
    propensity: 0.25,
    snapshotVersion: 1,
  };
  for (let i = 0; i < 2; i++) {
    const { status, text } = await origin.call('POST', '/api/personalization/interaction', {
      body: event,
    });
    assert.equal(status, 200, text);
  }
  assert.equal((await evaluate()).slates, before + 1);
  await tell(own, { ...event, visitorId: undefined, eventId: 'would-2' });
  assert.equal((await origin.call('GET', HOMEPAGE, own)).text, page);
  const { interactions, exposures, items } = await stats();
  assert.deepEqual(
    { interactions, exposures, items },
    {
      interactions: known.interactions,
      exposures: 0,
      items: known.items,
    },
  );
});

test('nothing is kept for later, and nothing is logged of who refuses measurement', async () => {
  assert.match((await site.footlight('precompute')).stdout, /Precomputed 0 of/);
  const before = (await evaluate()).slates;
  const refuses = await person({ personalization: 'granted', measurement: 'denied' });
  assert.ok((await origin.call('GET', HOMEPAGE, refuses)).text.startsWith('{"apprentice":true,'));
  // Somebody else comes behind: what is written is written in order.
  await origin.call('GET', HOMEPAGE, await person());
  assert.equal((await slates(before + 4)).slates, before + 4);
});

test('training, publishing and the report go on; out of apprentice mode pages are shown and counted', async () => {
  await site.footlight('train');
  const file = join(site.data, 'report.html');
  await site.footlight('report', '--out', file);
  assert.match(readFileSync(file, 'utf8'), /<\/html>/);
  await publish(false);
  let page;
  do page = await origin.call('GET', HOMEPAGE, await person());
  while (page.text.startsWith('{"apprentice"'));
  assert.ok(page.text.startsWith('{"hero":{'));
  while ((await stats()).recommendations === 0);
  const { slates: logged } = await evaluate();
  assert.equal((await evaluate()).slates, logged);
});
