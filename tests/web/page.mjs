// The page that the web tests open, and how they look at it.
import { chromium } from 'playwright-core';

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
];

export const openBrowser = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });

/** Attributes of <meta name="footlight">, and what else a test puts into the page. */
export function html({ mode = 'static', key, data = {}, head = '', slots = SLOTS, rest = '' }) {
  const attributes = Object.entries({ base: '/_fl', key, ...data })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` data-${name}="${value}"`)
    .join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Test</title>
<meta name="footlight" content="${mode}"${attributes}>
<style>body{margin:0;font:16px/24px monospace} .card{height:96px;overflow:hidden} [hidden]{display:none}</style>
${head}<script type="module" src="/_fl/elements.js"></script></head>
<body><main>${slots}<p id="after">What stands below must not move.</p>${rest}</main></body></html>`;
}

export const SLOTS = `
<section data-fl-slot="hero">
  <div class="card"><h1 data-fl-text="title">Default hero</h1><a data-fl-attr="href:ctaUrl" data-fl-text="ctaText" href="/start">Start</a></div>
</section>
<section data-fl-slot="projects" data-fl-limit="3">
  <article class="card" data-fl-attr="data-format:format"><h3><a href="/work/0" data-fl-attr="href:url" data-fl-text="title">Default &amp; one</a></h3><p data-fl-if="matchReason" class="why" data-fl-text="matchReason">why</p></article>
  <article class="card"><h3><a href="/work/1">Default two</a></h3></article>
  <article class="card"><h3><a href="/work/2">Default three</a></h3></article>
</section>`;

const text = (value) =>
  String(Array.isArray(value) ? value.join(', ') : value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
const attribute = (value) => text(value).replaceAll('"', '&quot;');

/** The projects' cards of SLOTS by edge/PAGE.md, written out by hand. */
export function projectCard(fields) {
  const { id, title, url, format, matchReason } = fields;
  const why = `<p data-fl-if="matchReason" class="why" data-fl-text="matchReason">${text(matchReason)}</p>`;
  const data = format === undefined ? '' : ` data-format="${attribute(format)}"`;
  return (
    `<article class="card" data-fl-attr="data-format:format"${data} data-fl-id="${id}">` +
    `<h3><a${url === undefined ? '' : ` href="${attribute(url)}"`} data-fl-attr="href:url" data-fl-text="title">${text(title ?? '')}</a></h3>` +
    `${matchReason ? why : ''}</article>`
  );
}

/**
 * Collects layout shifts in `window.shifts` from the first moment of every page of this context: how much, and what moved
 * from where to where. A page that holds still has none: `assert.deepEqual(await shiftsOf(page), [])`.
 */
export async function observeShifts(context) {
  await context.addInitScript(() => {
    window.shifts = [];
    const nameOf = (node) => {
      const names = [];
      for (let e = node instanceof Element ? node : node?.parentElement; e; e = e.parentElement) {
        const part = e.id ? `#${e.id}` : [...e.classList].map((name) => `.${name}`).join('');
        names.unshift(e.localName + part);
        if (e.id || names.length === 4) break;
      }
      return names.join(' > ') || 'something that is gone';
    };
    const rect = ({ x, y, width, height }) => {
      const [left, top, w, h] = [x, y, width, height].map((value) => Math.round(value * 10) / 10);
      return `${w} x ${h} at ${left},${top}`;
    };
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, startTime, sources } of list.getEntries()) {
        const moved = sources.map(
          ({ node, previousRect, currentRect }) =>
            `${nameOf(node)}: ${rect(previousRect)} -> ${rect(currentRect)}`,
        );
        window.shifts.push({ value, hadRecentInput, ms: Math.round(startTime), moved });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

export const shiftsOf = (page) => page.evaluate(() => window.shifts);

/** Until what was done has been painted, and the observers have heard of it. */
export const frames = (page) =>
  page.evaluate(async () => {
    for (let i = 0; i < 4; i++) await new Promise((done) => requestAnimationFrame(done));
  });

export const storageOf = (page) =>
  page.evaluate(() => ({ ...localStorage, ...sessionStorage, cookie: document.cookie }));

export const filled = (page, slot = 'projects') =>
  page.waitForSelector(`[data-fl-slot="${slot}"][data-fl-filled]`);

/** Waits until `check` holds; no sleeps that guess. */
export async function until(check, what) {
  for (let i = 0; i < 200; i++) {
    if (await check()) return;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`never: ${what}`);
}
