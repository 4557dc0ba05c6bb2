// What an attacker tries (attack_cases.mjs), and what comes of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  collector,
  credentialsOf,
  tryCredentials,
  tryHostileContent,
  tryLimits,
  tryRates,
  trySmuggling,
  trySnapshots,
} from './attack_cases.mjs';
import { newSite, serve } from './program.mjs';

let site;
let origin;
let credentials;
before(async () => {
  site = await newSite();
  origin = await serve(site);
  credentials = await credentialsOf(site, origin);
});
after(async () => {
  await origin.stop();
  site.remove();
});

const attack = async (work, atLeast) => {
  const cases = collector();
  await work(cases);
  assert.deepEqual(cases.failures, []);
  assert.ok(cases.passed >= atLeast, `${cases.passed} cases`);
};

test('every route of the document, with every kind of credentials', () =>
  attack((cases) => tryCredentials(origin, credentials, cases), 500));
test('inputs beyond every limit', () =>
  attack((cases) => tryLimits(origin, credentials, cases), 60));
test('requests that can be read in two ways', () =>
  attack((cases) => trySmuggling(origin, cases), 23));
test('hostile content comes out as data', () =>
  attack((cases) => tryHostileContent(origin, credentials, cases), 50));
test('forged, truncated, replayed, expired and rolled-back snapshots', () =>
  attack((cases) => trySnapshots(site, cases), 50));
test('too many requests, of a client, of a key, of profiles, of guesses', () =>
  attack((cases) => tryRates(serve, site, cases), 12));
