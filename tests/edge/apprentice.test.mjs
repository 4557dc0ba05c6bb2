// Apprentice mode: the worker decides and says what it would show, and the page stays as the site wrote it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cookieOf, decisionOf, demo, publishSnapshot, startEdge, until } from './harness.mjs';

const SLOTS = `<section data-fl-slot="hero"><div><h1 data-fl-text="title">Default hero</h1></div></section>
<section data-fl-slot="projects"><article><h3 data-fl-text="title">A default project</h3></article></section>`;
const PAGE = `<!DOCTYPE html>\n<html lang="en"><body>\n${SLOTS}\n</body></html>\n`;

describe('in apprentice mode', () => {
  let edge;
  let cookie;
  before(async () => {
    const { site, content } = demo();
    edge = await startEdge({
      snapshot: publishSnapshot({ ...site, apprentice: true }, content),
      pages: {
        '/': { body: PAGE },
        '/streamed': { headers: { 'cache-control': 'no-store' }, body: PAGE },
      },
    });
    const response = await edge.post('/api/profile', {
      questionnaireData: { format: 'Feature Film', preferred_genres: ['Drama'] },
    });
    cookie = cookieOf(response);
    assert.ok(cookie);
  });
  after(() => edge.stop());

  it('the page keeps its own content, and carries what it would have shown', async () => {
    const kept = await (await edge.get('/', { cookie })).text();
    assert.equal(await (await edge.get('/streamed', { cookie })).text(), kept);
    assert.ok(kept.includes(SLOTS), 'slots as the site wrote them');
    assert.doesNotMatch(kept, /data-fl-filled|data-fl-id/);
    const decision = decisionOf(kept);
    assert.equal(decision.apprentice, true);
    assert.equal(decision.slots.hero.length, 1);
    assert.ok(decision.slots.projects.length > 1);
  });

  it('the homepage says so', async () => {
    const homepage = await (await edge.get('/api/personalization/homepage', { cookie })).json();
    assert.equal(homepage.apprentice, true);
    assert.ok(homepage.hero.id);
  });

  it('what would have been shown is forwarded, and changes nothing in the visitor', async () => {
    const { slots, version } = decisionOf(await (await edge.get('/', { cookie })).text());
    const { id, type, propensity } = slots.projects[0];
    const event = {
      eventId: 'would-1',
      contentId: id,
      contentType: type,
      action: 'would_show',
      slot: 'projects',
      position: 0,
      propensity,
      snapshotVersion: version,
    };
    const answer = await edge.post(
      '/api/personalization/interactions',
      { interactions: [event] },
      { cookie },
    );
    assert.equal(answer.status, 200, await answer.clone().text());
    assert.equal(cookieOf(answer), undefined, 'the record is as it was');
    const granted = cookieOf(
      await edge.post('/api/privacy/consent', { measurement: 'granted' }, { cookie }),
    );
    await edge.post(
      '/api/personalization/interactions',
      { interactions: [{ ...event, eventId: 'would-2' }] },
      { cookie: granted ?? cookie },
    );
    const sent = await until(
      () =>
        edge.origin.seen
          .filter(({ url }) => url === '/api/personalization/interactions')
          .flatMap(({ body }) => body.interactions)
          .find(({ eventId }) => eventId === 'would-2'),
      'the event at the origin',
    );
    assert.equal(sent.action, 'would_show');
    assert.equal(sent.slot, 'projects');
    assert.equal(sent.propensity, propensity);
  });
});
