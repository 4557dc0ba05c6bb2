// ./dev bench msweb: how well does what Footlight publishes foresee where a visitor of a real website goes?
//
// The whole path runs, nothing stands in for any of it: `footlight import`, `train` and `publish` on one week of a real
// site's visitors (msweb_convert.mjs), then the 5,000 test visitors by exhaustive leave-one-out (13,644 cases, as
// origin/learn/leave_one_out.h describes) through engine.wasm in workerd, each visitor's history in a visitor record.
// `footlight evaluate` replays the same natively; the bench fails when the two do not agree.
//
// The data is not part of this repository: UCI Machine Learning Repository, "Anonymous Microsoft Web Data" (CC BY 4.0).
// It is looked for in $FOOTLIGHT_DATA/msweb and ../shared/data/msweb.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { convert } from './msweb_convert.mjs';
import { parse, report, root, tell } from './report.mjs';

const GOALS = {
  cases: { min: 13644, max: 13644 },
  mrr: { min: 0.493 },
  hr3: { min: 0.566 },
  halflife: { min: 0.621 },
};
const CHUNK = 250; // visitors to a request

function findData() {
  const places = [
    ...(process.env.FOOTLIGHT_DATA ? [join(process.env.FOOTLIGHT_DATA, 'msweb')] : []),
    resolve(root, '../shared/data/msweb'),
  ];
  return places.find((place) => existsSync(join(place, 'anonymous-msweb.data')));
}

/** The published edge snapshot, found the way a consumer finds it. */
function readPublished(folder) {
  const envelope = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const manifest = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'));
  const bytes = readFileSync(join(folder, manifest.snapshot.sha256));
  if (createHash('sha256').update(bytes).digest('hex') !== manifest.snapshot.sha256) {
    throw new Error('the published snapshot is not what the manifest names');
  }
  return bytes;
}

async function replayInWorkerd(snapshot, { training, test }) {
  const popularity = {};
  for (const { areas } of training.visitors) {
    for (const area of areas) popularity[area] = (popularity[area] ?? 0) + 1;
  }
  const areas = Object.fromEntries(training.areas.map(({ id, path }) => [path, id]));
  const at = (name) => join(root, 'tests/bench', name);
  const miniflare = new Miniflare({
    log: new Log(LogLevel.WARN),
    compatibilityDate: '2026-01-01',
    cf: false, // no look-up of where this machine is
    modules: [
      { type: 'ESModule', path: at('msweb_worker.mjs') },
      {
        type: 'ESModule',
        path: at('binding.mjs'),
        contents: readFileSync(join(root, 'build/web/binding.mjs'), 'utf8'),
      },
      {
        type: 'CompiledWasm',
        path: at('engine.wasm'),
        contents: readFileSync(join(root, 'build/wasm/engine.wasm')),
      },
      { type: 'Data', path: at('snapshot.bin'), contents: snapshot },
    ],
    modulesRoot: join(root, 'tests/bench'),
  });
  const ranks = [];
  const popular = [];
  try {
    for (let from = 0; from < test.visitors.length; from += CHUNK) {
      const visitors = test.visitors.slice(from, from + CHUNK).map((visitor) => visitor.areas);
      const response = await miniflare.dispatchFetch('http://msweb/', {
        method: 'POST',
        body: JSON.stringify({ visitors, areas, popularity }),
      });
      if (!response.ok)
        throw new Error(`workerd answered ${response.status}: ${await response.text()}`);
      const part = await response.json();
      ranks.push(...part.ranks);
      popular.push(...part.popular);
      if ((from / CHUNK) % 5 === 4)
        tell(`${from + visitors.length} of ${test.visitors.length} test visitors`);
    }
  } finally {
    await miniflare.dispose();
  }
  return { ranks, popular };
}

function mean(values, f) {
  return values.reduce((sum, value) => sum + f(value), 0) / values.length;
}

const options = parse();
const data = findData();
if (data === undefined) {
  console.log(
    'msweb: SKIPPED, the data is not there. Put anonymous-msweb.data and anonymous-msweb.test (UCI, "Anonymous',
  );
  console.log(
    'Microsoft Web Data", https://archive.ics.uci.edu/dataset/4) into a folder msweb and set FOOTLIGHT_DATA to',
  );
  console.log('the folder that holds it.');
  process.exit(0);
}

const work = mkdtempSync(join(os.tmpdir(), 'footlight-msweb-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const program = process.env.FOOTLIGHT_PROGRAM ?? join(root, 'build/release/footlight');
const footlight = (...args) =>
  execFileSync(program, ['--data', join(work, 'data'), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });

tell('converting');
const msweb = convert(data, work);
for (const kind of ['site', 'content', 'interactions']) {
  tell(`footlight import ${kind}`);
  footlight('import', kind, join(work, kind === 'site' ? 'site.json' : `${kind}.jsonl`));
}
tell('footlight train');
footlight('train');
tell('footlight publish');
footlight('publish');
const snapshot = readPublished(join(work, 'data/publish'));

tell('replaying in workerd');
const { ranks, popular } = await replayInWorkerd(snapshot, msweb);
const figures = {
  cases: ranks.length,
  hr3: mean(ranks, (rank) => (rank < 3 ? 1 : 0)),
  mrr: mean(ranks, (rank) => 1 / (rank + 1)),
  halflife: mean(ranks, (rank) => 2 ** (-rank / 4)),
  popularity_mrr: mean(popular, (rank) => 1 / (rank + 1)),
  snapshot_bytes: snapshot.length,
  engine: 'wasm-workerd',
};

tell('replaying natively');
const native = JSON.parse(footlight('evaluate', '--json', '--file', join(work, 'test.jsonl')));
for (const key of ['cases', 'hr3', 'mrr', 'halflife', 'popularity_mrr']) {
  if (Math.abs(native[key] - figures[key]) > 1e-9) {
    throw new Error(`${key}: ${figures[key]} in workerd, ${native[key]} natively`);
  }
}
report('msweb', figures, { goals: GOALS, json: options.json });
