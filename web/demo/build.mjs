// Builds the demo site: `node web/demo/build.mjs [--out build/demo/site]`.
//
// Checks content/, fills the marks of site/*.html, writes a page for each project, service and resource, copies the
// rest, and prints what it did. A fault is printed with file and line, and then nothing is written.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { slotCards } from './cards.mjs';
import { checkContent, checkLinks, checkSite, readLines } from './check.mjs';
import {
  consent,
  footer,
  head,
  header,
  listPage,
  questionnaire,
  resourcePage,
  servicePage,
  workPage,
} from './pages.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const repository = resolve(here, '../..');
const started = performance.now();
const { values } = parseArgs({
  options: { out: { type: 'string', default: join(repository, 'build/demo/site') } },
});
const out = resolve(values.out);
const folder = join(here, 'site');
const named = (path) => relative(repository, join(here, path));
const faults = [];

function stopOnFaults() {
  if (faults.length === 0) return;
  for (const fault of faults) console.error(fault);
  console.error(`demo: ${faults.length} fault${faults.length > 1 ? 's' : ''}, nothing was written`);
  process.exit(1);
}

// --- read and check --------------------------------------------------------------------------------

const site = JSON.parse(readFileSync(join(here, 'content/site.json'), 'utf8'));
checkSite(site, named('content/site.json'), faults);
const rows = readLines(join(here, 'content/content.jsonl'), named('content/content.jsonl'), faults);
const details = new Map(
  readLines(join(here, 'content/details.jsonl'), named('content/details.jsonl'), faults).map(
    (row) => [row.value.id, row],
  ),
);
checkContent({
  rows,
  name: named('content/content.jsonl'),
  questionnaire: site,
  details,
  detailsName: named('content/details.jsonl'),
  folder,
  faults,
});
stopOnFaults();

const items = rows.map(({ value }) => value);
const byId = new Map(items.map((item) => [item.id, item]));
const ofType = (type) => items.filter((item) => item.type === type);

// --- pages -----------------------------------------------------------------------------------------

const pages = new Map(); // path -> {html, source}

function fill(file) {
  const source = named(`site/${file}`);
  const path = file === 'index.html' ? '/' : `/${basename(file, '.html')}`;
  const html = readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .map((text, i) =>
      text.replace(/<!-- fill: (\w+) ?(.*?) ?-->/, (mark, what, rest) => {
        if (what === 'head') {
          const [title, description] = rest.split(' | ');
          return head({ title, description, path });
        }
        if (what === 'header') return header(path);
        if (what === 'footer') return footer(path);
        if (what === 'consent') return consent(path);
        if (what === 'questionnaire') return questionnaire(site);
        if (what === 'cards') {
          const chosen = rest.split(' ').map((id) => {
            if (!byId.has(id))
              faults.push(`${source}:${i + 1}: no content with the id ${JSON.stringify(id)}`);
            return byId.get(id);
          });
          return chosen.includes(undefined) ? mark : slotCards(chosen);
        }
        faults.push(`${source}:${i + 1}: unknown mark ${JSON.stringify(what)}`);
        return mark;
      }),
    )
    .join('\n');
  pages.set(path, { html, source });
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.html'))) fill(file);

// What a page shows under "more" by default: others, those that share most come first.
function others(item, count) {
  const own = new Set([item.attributes.format, item.attributes.genre].flat());
  const shared = (other) =>
    [other.attributes.format, other.attributes.genre].flat().filter((key) => key && own.has(key))
      .length;
  return ofType(item.type)
    .filter((other) => other !== item)
    .sort((a, b) => shared(b) - shared(a))
    .slice(0, count);
}

const kinds = [
  {
    type: 'project',
    page: workPage,
    count: 3,
    path: '/work',
    slotName: 'projects',
    title: 'Work',
    lead: 'Thirty stories that left the drawer: features, series, documentaries, shorts, animation and the odd web series.',
  },
  {
    type: 'service',
    page: servicePage,
    count: 4,
    path: '/services',
    slotName: 'services',
    title: 'Services',
    lead: 'From one honest hour to the whole package. Prices are where we start, and we say so if you need less.',
  },
  {
    type: 'resource',
    page: resourcePage,
    count: 3,
    path: '/resources',
    slotName: 'resources',
    title: 'Our shelf',
    lead: 'Guides, worksheets and templates that we use ourselves. Take them; no e-mail needed.',
  },
];
for (const { type, page, count, ...list } of kinds) {
  for (const item of ofType(type))
    pages.set(item.body.url, {
      html: page(item, details.get(item.id).value, others(item, count)),
      source: named('pages.mjs'),
    });
  pages.set(list.path, {
    html: listPage({ ...list, items: ofType(type) }),
    source: named('pages.mjs'),
  });
}
checkLinks(pages, (path) => existsSync(join(folder, path)), faults);
stopOnFaults();

// --- write -----------------------------------------------------------------------------------------

// Beside the target and then into its place, so that a server never sees half a site.
const fresh = `${out}.new`;
rmSync(fresh, { recursive: true, force: true });
cpSync(folder, fresh, { recursive: true, filter: (source) => !source.endsWith('.html') });
for (const [path, { html }] of pages) {
  const file = join(fresh, path === '/' ? 'index.html' : `${path}.html`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, html);
}
rmSync(out, { recursive: true, force: true });
mkdirSync(dirname(out), { recursive: true });
renameSync(fresh, out);

const counts = [...new Set(items.map((item) => item.type))].map(
  (type) => `${ofType(type).length} ${type}`,
);
console.log(`demo: ${items.length} items checked: ${counts.join(', ')}`);
console.log(
  `demo: ${pages.size} pages in ${relative(process.cwd(), out) || out}, ${Math.round(performance.now() - started)} ms`,
);
