// Any page through the real worker: marked-up slots, broken and nested, cut anywhere, in any chunks. Whatever comes, the
// visitor gets the page: status 200, what stands outside of slots as it stood, and no trap.
//
//   node tests/fuzz/page.mjs --seconds 60 [--runs 100] [--seed 1]
import { parseArgs } from 'node:util';
import { cookieOf, startEdge } from '../edge/harness.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    runs: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
});

/** Mulberry32: the same pages for the same seed. */
let state = Number(values.seed) >>> 0;
function random(n) {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pick = (list) => list[random(list.length)];

const TAGS = [
  'div',
  'section',
  'article',
  'p',
  'a',
  'ul',
  'li',
  'b',
  'table',
  'tr',
  'td',
  'template',
  'svg',
  'style',
  'script',
  'select',
  'option',
  'textarea',
  'noscript',
  'img',
  'br',
  'title',
  'h1',
  'fl-projects',
];
const ATTRIBUTES = [
  'data-fl-slot="projects"',
  'data-fl-slot="hero"',
  'data-fl-slot="nothing"',
  'data-fl-slot=""',
  'data-fl-slot',
  'data-fl-limit="3"',
  'data-fl-limit="-1"',
  'data-fl-limit="99999999999"',
  'data-fl-text="title"',
  'data-fl-text="no such"',
  'data-fl-attr="href:url"',
  'data-fl-attr="href:url;onclick:title;style:title"',
  'data-fl-attr=":::"',
  'data-fl-if="matchReason"',
  'data-fl-class="wide:featured"',
  'data-fl-id="x"',
  'class="card"',
  'href="/x"',
  'hidden',
  'title=\'a "b" <c>\'',
  'id=é',
];
const TEXTS = [
  'plain',
  ' ',
  '&amp;',
  '&#0;',
  '<',
  '>',
  '"',
  '\u0000',
  'ünïcödé',
  '𝔘',
  '<!-- c -->',
  '<!-- > -->',
  '<![CDATA[x]]>',
  '<!doctype html>',
  '</nothing>',
  '-->',
  ']]>',
];

/** Pieces of HTML, most of them well formed, some not. */
function pageOf() {
  let html = pick([
    '<!doctype html><html lang="en"><body>',
    '<html><head><title>t</title></head><body>',
    '',
    '<body>',
    '\ufeff<html>',
  ]);
  const open = [];
  const pieces = 1 + random(60);
  for (let i = 0; i < pieces; i++) {
    const kind = random(10);
    if (kind < 4) {
      const tag = pick(TAGS);
      const attributes = Array.from({ length: random(4) }, () => pick(ATTRIBUTES)).join(' ');
      html += `<${tag}${attributes && ' '}${attributes}${random(12) ? '' : '/'}>`;
      open.push(tag);
    } else if (kind < 7) html += pick(TEXTS);
    else if (kind < 9 && open.length) html += `</${random(8) ? open.pop() : pick(TAGS)}>`;
    else html += `<i>${'x'.repeat(random(300))}</i>`;
  }
  if (random(3)) for (const tag of open.reverse()) html += `</${tag}>`;
  if (!random(5)) html = html.slice(0, random(html.length + 1));
  return html;
}

/** The same bytes in a few pieces. */
function chunksOf(before, html, after) {
  const middle = Buffer.from(html);
  if (!random(10) && middle.length) middle[random(middle.length)] = random(256);
  const bytes = Buffer.concat([Buffer.from(before), middle, Buffer.from(after)]);
  const chunks = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random(Math.max(1, bytes.length));
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const pages = {};
const edge = await startEdge({ pages });
const grant = { personalization: true, measurement: true };
const answers = { format: 'Feature Film', budget: '$15-50K' };
const cookie = cookieOf(
  await edge.post('/api/profile', { questionnaireData: answers, consent: grant }),
);
const until = Date.now() + 1000 * Number(values.seconds);
const runs = Number(values.runs);
let done = 0;
/** Pages that were shown as they were because the parser refused them. */
let refused = 0;
let failure;
while (done < runs && Date.now() < until && !failure) {
  const before = '<p>BEFORE-the-page</p>';
  const html = pageOf();
  const after = `<p>AFTER-${done}</p>`;
  // A page that ends in an open script or comment swallows what follows: then only its beginning can be looked for.
  const isClosed =
    !/<(?:script|style|textarea|title|template|noscript|select|svg|!--|!\[)/i.test(html) &&
    !/<[^>]*$/.test(html);
  const at = `/p${done % 7}`;
  pages[at] = { chunks: chunksOf(before, html, isClosed ? after : '') };
  for (const headers of [{ cookie }, {}]) {
    const response = await edge.get(at, headers);
    const text = await response.text();
    if (response.status !== 200) failure = `status ${response.status}`;
    else if (!text.startsWith(before)) failure = 'what stood before is not there';
    else if (isClosed && !text.endsWith(after)) failure = 'the page was cut';
    if (failure) break;
  }
  const { counters } = await edge.status();
  for (const name of ['engine_trap', 'api_error', 'page_failed_open']) {
    if (counters[name]) failure ??= `${name} was counted`;
  }
  // HTMLRewriter refuses what could be read in two ways, such as <textarea> in <table>: then the page is the site's own.
  if (counters.page_error > refused) {
    refused = counters.page_error;
    const own = Buffer.concat(pages[at].chunks);
    const bytes = Buffer.from(await (await edge.get(at, { cookie })).arrayBuffer());
    if (!bytes.equals(own)) failure ??= 'it was refused, and is not the site’s own';
  }
  if (failure) {
    console.error(`page: seed ${values.seed}, page ${done}: ${failure}\n${html}`);
    break;
  }
  done++;
}
await edge.stop();
console.log(
  `page: seed ${values.seed}, ${refused} shown as they were\nstat::number_of_executed_units: ${done}`,
);
process.exitCode = failure ? 1 : 0;
