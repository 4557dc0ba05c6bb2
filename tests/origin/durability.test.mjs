// What was acknowledged is there after kill -9, exactly once; a second server over the same files carries on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashRounds } from './crash_rounds.mjs';
import { newSite, serve } from './program.mjs';

test('kill -9 under load loses and doubles nothing', { timeout: 120_000 }, async () => {
  const site = await newSite();
  const key = (await site.footlight('keys', 'create', '--scope', 'read')).stdout.trim();
  let origin = await serve(site);
  const { json } = await origin.call('POST', '/api/profile', {
    body: { questionnaireData: { format: 'Animation' } },
  });
  const who = { token: json.token, user: json.profileId };
  const contentId = json.personalization.recommendations[0].id;
  const sent = [];
  const acknowledged = new Set();
  let dead = false;
  const client = async (name) => {
    for (let i = 0; !dead; i++) {
      const interactions = [0, 1, 2].map((k) => ({
        eventId: `${name}-${i}-${k}`,
        contentId,
        action: 'click',
      }));
      sent.push(...interactions);
      try {
        const answer = await origin.call('POST', '/api/personalization/interactions', {
          ...(i % 2 ? who : {}),
          body: {
            interactions: interactions.map((one) => (i % 2 ? one : { ...one, visitorId: name })),
          },
        });
        for (const id of answer.json?.receipts ?? []) acknowledged.add(id);
      } catch {
        return; // killed
      }
    }
  };
  const clients = Array.from({ length: 16 }, (_, i) => client(`c${i}`));
  while (acknowledged.size < 300) await new Promise((resolve) => setTimeout(resolve, 20));
  await origin.stop('SIGKILL');
  dead = true;
  await Promise.all(clients);
  assert.ok(acknowledged.size >= 300);

  origin = await serve(site);
  const count = async () =>
    (await origin.call('GET', '/api/admin/stats', { token: key })).json.interactions;
  const kept = await count();
  assert.ok(kept >= acknowledged.size, `${kept} kept of ${acknowledged.size} acknowledged`);
  assert.ok(kept <= sent.length);
  // Each acknowledged event is known: sending it again counts nothing.
  const again = sent.filter(({ eventId }) => acknowledged.has(eventId));
  let duplicates = 0;
  for (let i = 0; i < again.length; i += 200) {
    const { json: answer } = await origin.call('POST', '/api/personalization/interactions', {
      ...who,
      body: { interactions: again.slice(i, i + 200) },
    });
    assert.equal(answer.counted, 0);
    duplicates += answer.duplicates;
  }
  assert.equal(duplicates, acknowledged.size);
  // And everything that was sent is there once when the senders repeat what they have no receipt for.
  for (let i = 0; i < sent.length; i += 200) {
    await origin.call('POST', '/api/personalization/interactions', {
      ...who,
      body: { interactions: sent.slice(i, i + 200) },
    });
  }
  assert.equal(await count(), sent.length);
  assert.equal((await origin.call('GET', '/api/personalization/homepage', who)).status, 200);
  await origin.stop();
  site.remove();
});

test('kill -9 again and again, at everything: nothing acknowledged is lost, doubled or unreadable', async () => {
  const site = await newSite();
  const figures = await crashRounds(site, 10);
  assert.ok(figures.acknowledged > 100, JSON.stringify(figures));
  const { lost, duplicated, unreadable } = figures;
  assert.deepEqual({ lost, duplicated, unreadable }, { lost: 0, duplicated: 0, unreadable: 0 });
  site.remove();
});
