// What can be found of people where nothing should be: values_stored (unique canaries in every field that takes text),
// values_found_in_files (databases, key store, backups, published files, log, metrics), cookies_before_consent and
// events_before_consent (a real browser that looks around the demo), erased_rows_left and caches_left (after an erasure).
//
// The checks are those of tests/e2e/privacy_checks.mjs. A control that finds nothing of what is there fails the run.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDemo } from '../../web/demo/demo.mjs';
import {
  backupInto,
  cachesLeft,
  filesUnder,
  findCanaries,
  keysOf,
  lookAround,
  plantAnswers,
  plantCanaries,
  rowsLeft,
  storedIn,
  textSite,
} from '../e2e/privacy_checks.mjs';
import { DEMO, newSite, PROGRAM, serve } from '../origin/program.mjs';
import { openBrowser } from '../web/page.mjs';
import { report, tell } from './report.mjs';

const folder = mkdtempSync(join(tmpdir(), 'footlight-privacy-'));
const figures = { values_stored: 0, values_sent: 0, values_found_in_files: 0 };

const search = async (site, origin, values) => {
  backupInto(PROGRAM, site.data, join(site.data, 'backup'));
  const metrics = await (await fetch(`${origin.base}/metrics`)).text();
  const places = [
    ...filesUnder(site.data).map((file) => [file, readFileSync(file)]),
    ['log', Buffer.from(origin.log())],
    ['metrics', Buffer.from(metrics)],
  ];
  if (findCanaries({ site: 'Lanternlight' }, places).length === 0)
    throw new Error('the search is blind');
  const found = findCanaries(values, places);
  for (const [field, where] of found) console.error(`${field} is in ${where}`);
  return found.length;
};

// A person on the demo's questionnaire, by every route.
const site = await newSite();
const origin = await serve(site);
const key = (await site.footlight('keys', 'create', '--scope', 'admin')).stdout.trim();
const page = await origin.call('GET', '/api/admin/content?limit=20', { token: key });
const contents = page.json.content.map(({ uuid }) => uuid);
const planted = await plantCanaries(origin.base, { key, contents });
figures.values_stored += planted.stored;
figures.values_sent += Object.keys(planted.canaries).length;
figures.values_found_in_files += await search(site, origin, {
  ...planted.canaries,
  ...planted.secrets,
});
tell(`every route: ${planted.stored} of ${Object.keys(planted.canaries).length} values are stored`);

// A person whose every answer is free text: a value in every column.
const other = await newSite({ publish: false });
const document = textSite(JSON.parse(readFileSync(join(DEMO, 'site.json'), 'utf8')));
writeFileSync(join(folder, 'site.json'), JSON.stringify(document));
await other.footlight('import', 'site', join(folder, 'site.json'));
const service = await serve(other);
const answers = await plantAnswers(service.base, document);
figures.values_stored += answers.stored;
figures.values_sent += Object.keys(answers.canaries).length;
figures.values_found_in_files += await search(other, service, {
  ...answers.canaries,
  ...answers.secrets,
});
tell(`every column: ${answers.stored} values are stored`);
await service.stop();
other.remove();

// A browser that makes no choice.
const demo = await startDemo({ data: join(folder, 'data'), site: join(folder, 'site') });
const browser = await openBrowser();
const context = await browser.newContext();
const tab = await context.newPage();
let events = 0;
tab.on('request', (request) => {
  if (request.method() !== 'GET' || /\/api\//.test(request.url())) events++;
});
await lookAround(tab, demo.edge);
figures.cookies_before_consent = (await storedIn(context, tab)).length;
figures.events_before_consent = events;
await browser.close();
await demo.close();
tell('a browser has looked around');

// An erasure.
const database = join(site.data, 'footlight.db');
const own = keysOf(database, planted.person.user);
if (rowsLeft(database, own) === 0) throw new Error('there was nothing to erase');
if ((await cachesLeft(origin.base, planted.person)) === 0) throw new Error('nobody was known');
const { token, user } = planted.person;
const erased = await origin.call('DELETE', '/api/privacy/profile', { token, user });
if (erased.status !== 200) throw new Error(`not erased: ${erased.text}`);
figures.erased_rows_left = rowsLeft(database, own);
figures.caches_left = await cachesLeft(origin.base, planted.person);
await origin.stop();
site.remove();
rmSync(folder, { recursive: true, force: true });

report('privacy', figures, {
  goals: {
    values_stored: { min: 15 },
    values_found_in_files: { max: 0 },
    cookies_before_consent: { max: 0 },
    events_before_consent: { max: 0 },
    erased_rows_left: { max: 0 },
    caches_left: { max: 0 },
  },
});
