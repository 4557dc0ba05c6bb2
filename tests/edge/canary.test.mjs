// An old snapshot against a new one: a share of the visitors gets the new one, always the same ones, both are told apart in
// what the page says, and a canary that cannot be had is nobody's loss.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  cookieOf,
  decisionOf,
  demo,
  demoSnapshot,
  fileOf,
  makeManifest,
  publishSnapshot,
  sha256,
  startEdge,
} from './harness.mjs';

const SLOTS = `<section data-fl-slot="projects"><article><h3 data-fl-text="title">A default project</h3></article></section>`;
const PAGE = `<!DOCTYPE html>\n<html lang="en"><body>\n${SLOTS}\n</body></html>\n`;
const GRANTED = { personalization: true, measurement: true };

/** The demo's site, whose new snapshot has one project fewer. */
const { site, content } = demo();
const gone = content.find(({ type }) => type === 'project').id;
const fewer = publishSnapshot(
  site,
  content.filter(({ id }) => id !== gone),
);
const canary = (bytes, share = 0.5) => ({
  experiment: 'canary-2',
  share,
  snapshot: fileOf(bytes),
  packs: [{ segment: 0, ...fileOf(bytes) }],
});

describe('a canary', () => {
  let edge;
  before(async () => {
    const snapshot = demoSnapshot();
    edge = await startEdge({
      snapshot,
      manifest: makeManifest(snapshot, { canary: canary(fewer) }),
      pages: {
        '/': { body: PAGE },
        '/streamed': { headers: { 'cache-control': 'no-store' }, body: PAGE },
      },
    });
    edge.origin.files[sha256(fewer)] = fewer;
  });
  after(() => edge.stop());

  const visitor = async (consent) =>
    cookieOf(
      await edge.post('/api/profile', { questionnaireData: { format: 'Feature Film' }, consent }),
    );
  const decided = async (cookie, at = '/') =>
    decisionOf(await (await edge.get(at, { cookie })).text());
  const all = ({ slots }) => slots.projects.map(({ id }) => id);

  it('half of the visitors, for good; kept and streamed pages alike', async () => {
    const seen = { live: 0, canary: 0 };
    const projects = { live: new Set(), canary: new Set() };
    for (let i = 0; i < 60; i++) {
      const cookie = await visitor(GRANTED);
      const decision = await decided(cookie);
      const variant = decision.experiments['canary-2'];
      assert.deepEqual(decision.shaped, ['canary-2']);
      assert.deepEqual(all(await decided(cookie)), all(decision));
      assert.deepEqual(all(await decided(cookie, '/streamed')), all(decision));
      seen[variant]++;
      for (const id of all(decision)) projects[variant].add(id);
    }
    assert.ok(seen.live > 10 && seen.canary > 10, JSON.stringify(seen));
    assert.ok(
      [...projects.live].some((id) => !projects.canary.has(id)),
      'the new one has one project fewer',
    );
  });

  it('who may not be measured gets what is live, and is in no comparison', async () => {
    for (let i = 0; i < 20; i++) {
      const decision = await decided(await visitor({ personalization: true, measurement: false }));
      assert.equal(decision.experiments, undefined);
      assert.equal(decision.shaped, undefined);
    }
  });

  it('one that is missing or changed is nobody’s loss', async () => {
    const snapshot = demoSnapshot();
    edge.origin.files[sha256(fewer)] = Buffer.from('not it');
    edge.publish(snapshot, makeManifest(snapshot, { version: 2, canary: canary(fewer) }));
    const cookie = await visitor(GRANTED);
    for (let i = 0; i < 200; i++) {
      await edge.get('/', { cookie });
      if ((await edge.status()).version === 2) break;
      await new Promise((done) => setTimeout(done, 20));
    }
    for (let i = 0; i < 20; i++) {
      const decision = await decided(await visitor(GRANTED));
      assert.equal(decision.experiments, undefined);
      assert.ok(decision.slots.projects.length > 0);
    }
    assert.ok((await edge.status()).counters.canary_missing > 0);
  });
});
