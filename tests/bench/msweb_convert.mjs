// Anonymous Microsoft Web Data (Breese, Heckerman, Kadie; UCI, CC BY 4.0) as a Footlight site: 294 areas of one website
// become content of type `resource`, and one week of its visitors' visits become interactions.
//
//   node tests/bench/msweb_convert.mjs DATA OUT
//
// DATA holds anonymous-msweb.data and anonymous-msweb.test. Into OUT go, in the formats of origin/IMPORT.md:
//   site.json           one slot `resources` that ranks everything, with nothing random and nothing seen twice
//   content.jsonl       the areas in ascending order of their number, so that item ids ascend as well
//   interactions.jsonl  the training visitors' visits as clicks: whoever opens an area has chosen it
//   test.jsonl          the test visitors, {"visitor": "10001", "items": ["1038", …]}, for `footlight evaluate --file`
//
// The files are Latin-1 and say nothing of the time of day, so all visits lie on one day, where recency plays no part.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const DAY = '1998-02-12T12:00:00Z'; // in the week that was logged

/**
 * Reads one of the two files: `A` lines give an area, a `C` line begins a visitor, `V` lines are that visitor's visits.
 * @returns {{ areas: { id: number, title: string, path: string }[], visitors: { id: string, areas: number[] }[] }}
 */
export function readMsweb(file) {
  const areas = [];
  const visitors = [];
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const area = /^A,(\d+),\d+,"(.*)","(.*)"/.exec(line);
    if (area) areas.push({ id: Number(area[1]), title: area[2], path: area[3] });
    const visitor = /^C,"(\d+)"/.exec(line);
    if (visitor) visitors.push({ id: visitor[1], areas: [] });
    const visit = /^V,(\d+),/.exec(line);
    if (visit) visitors.at(-1).areas.push(Number(visit[1]));
  }
  return { areas: areas.sort((a, b) => a.id - b.id), visitors };
}

export const site = {
  name: 'msweb',
  locales: ['en'],
  questions: [],
  slots: [
    {
      id: 1,
      name: 'resources',
      types: ['resource'],
      limit: 64,
      max_limit: 64,
      hide_seen: true,
      temperature: 0,
      diversity: 0,
    },
  ],
  segments: [],
};

function writeLines(file, rows) {
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** Writes the four files and returns what was read. */
export function convert(data, out) {
  const training = readMsweb(join(data, 'anonymous-msweb.data'));
  const test = readMsweb(join(data, 'anonymous-msweb.test'));
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'site.json'), `${JSON.stringify(site, undefined, 2)}\n`);
  writeLines(
    join(out, 'content.jsonl'),
    training.areas.map(({ id, title, path }) => ({
      id: String(id),
      type: 'resource',
      body: { title, url: path },
    })),
  );
  writeLines(
    join(out, 'interactions.jsonl'),
    training.visitors.flatMap((visitor) =>
      visitor.areas.map((area) => ({
        eventId: `msweb-${visitor.id}-${area}`,
        visitorId: visitor.id,
        contentId: String(area),
        contentType: 'resource',
        action: 'click',
        occurredAt: DAY,
      })),
    ),
  );
  writeLines(
    join(out, 'test.jsonl'),
    test.visitors.map(({ id, areas }) => ({ visitor: id, items: areas.map(String) })),
  );
  return { training, test };
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [data, out] = process.argv.slice(2);
  if (data === undefined || out === undefined) {
    console.error('usage: node tests/bench/msweb_convert.mjs DATA OUT');
    process.exit(2);
  }
  const { training, test } = convert(data, out);
  const visits = training.visitors.reduce((sum, { areas }) => sum + areas.length, 0);
  console.log(
    `${training.areas.length} areas, ${training.visitors.length} visitors with ${visits} visits, ` +
      `${test.visitors.length} test visitors -> ${out}`,
  );
}
