// The pages around the cards: frame, pages of single items, lists, the questionnaire.
import { card, escapeHtml, identity, slotCards } from './cards.mjs';

const nav = [
  ['/work', 'Work'],
  ['/services', 'Services'],
  ['/#words', 'Words'],
  ['/resources', 'Resources'],
];

// "expect": no frame of half a page, in which what is centred or stands at the right would move as the rest arrives.
export const head = ({ title, description, path }) => `<meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escapeHtml(title)}</title>
  <meta name="description" content="${escapeHtml(description)}">
  <meta name="footlight" content="edge">
  <meta name="theme-color" content="#120d10">
  <link rel="icon" href="/art/emblem.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/styles.css">
  <link rel="expect" href="#choice" blocking="render">${path === '/' ? '\n  <link rel="modulepreload" href="/_fl/elements.js">' : ''}`;

export const header = (path) => `<a class="skip" href="#main">Skip to the content</a>
  <div class="your-page">
    <div class="wide">
      <p><a href="/questionnaire">Make this page yours<span class="long">: thirteen small questions</span></a></p>
      <p class="scores"><span>Tuned<span class="long"> to you</span> <output data-fl-show="personalizationScore">0</output><i>/100</i></span> <span>Level <output data-fl-show="engagementLevel">1</output><i>/5</i></span></p>
    </div>
  </div>
  <header class="site-header wide">
    <a class="brand" href="/"><img src="/art/mark.svg" width="196" height="32" alt="Lanternlight, home"></a>
    <nav aria-label="Main">
      <ul>${nav.map(([href, text]) => `<li><a href="${href}"${href === path ? ' aria-current="page"' : ''}>${text}</a></li>`).join('')}</ul>
    </nav>
    <a class="button small" href="/questionnaire"><span>Your story</span></a>
  </header>`;

const choice = (
  name,
  what,
  path,
) => `<form method="post" action="/api/privacy/consent" class="consent">
        <input type="hidden" name="next" value="${path}">
        <p>${what}</p>
        <button name="${name}" value="granted" aria-label="Allow: ${what}">Allow</button>
        <button name="${name}" value="denied" aria-label="Refuse: ${what}">Refuse</button>
      </form>`;

export const consent = (path) =>
  choice('personalization', 'Choosing what this site shows you', path) +
  choice('measurement', 'Counting what is looked at', path);

export const footer = (path) => `<footer class="site-footer">
    <div class="wide">
      <div class="footer-brand">
        <img src="/art/mark.svg" width="196" height="32" alt="Lanternlight" loading="lazy">
        <p>A pitch studio for film and series. Fictional, every film of it: this site shows what Footlight does.</p>
      </div>
      <nav aria-label="Footer">
        <ul>${nav.map(([href, text]) => `<li><a href="${href}">${text}</a></li>`).join('')}<li><a href="/questionnaire">Questionnaire</a></li><li><a href="/privacy">Privacy</a></li></ul>
      </nav>
      <section class="footer-consent" aria-labelledby="consent-title">
        <h2 id="consent-title">Your choice</h2>
        ${consent(path)}
        <p class="fine">Change it whenever you like. <a href="/privacy">What is kept, and where</a></p>
      </section>
    </div>
  </footer>
  <fl-consent class="ask" id="choice" aria-label="Your choice">
    <p>May this site choose what it shows you from your answers and from what you open, and count what helps?</p>
    <p>
      <button type="button" data-fl-consent="all">Yes, both</button>
      <button type="button" data-fl-consent="personalization">Only choose</button>
      <button type="button" data-fl-consent="none">No</button>
    </p>
  </fl-consent>
  <script type="module" src="/_fl/elements.js"></script>`;

export const frame = ({ title, description, path, body, bodyClass = '' }) => `<!doctype html>
<html lang="en">
<head>
  ${head({ title, description, path })}
</head>
<body${bodyClass && ` class="${bodyClass}"`}>
  ${header(path)}
  ${body}
  ${footer(path)}
</body>
</html>
`;

const paragraphs = (texts) => texts.map((text) => `<p>${escapeHtml(text)}</p>`).join('\n        ');

const slot = (name, limit, title, items) => `<section class="band" aria-labelledby="more">
    <div class="wide">
      <h2 id="more">${title}</h2>
      <div class="grid ${name}" data-fl-slot="${name}" data-fl-limit="${limit}">
    ${slotCards(items)}
      </div>
    </div>
  </section>`;

export function workPage(item, details, more) {
  const { body } = item;
  const facts = [
    ['Format', body.format],
    ['Genre', body.genre.join(', ')],
    ['By', body.creator],
    ['Year', body.year],
  ];
  return frame({
    title: `${body.title} · Lanternlight`,
    description: body.logline,
    path: body.url,
    body: `<main id="main">
  <article class="wide work" ${identity(item)} data-fl-engage>
    <img class="work-poster" src="${body.image}" alt="${escapeHtml(body.imageAlt)}" width="300" height="400" fetchpriority="high">
    <div class="work-text">
      <p class="eyebrow">${escapeHtml(body.format)}</p>
      <h1>${escapeHtml(body.title)}</h1>
      <p class="lead">${escapeHtml(body.logline)}</p>
      <dl class="facts">${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>
      <div class="prose">
        ${paragraphs(details.story)}
        <h2>What we made</h2>
        <ul>${details.made.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>
        <h2>What came of it</h2>
        ${paragraphs([details.outcome])}
      </div>
      <p><a class="button" href="/questionnaire" data-fl-convert>Tell us your story</a></p>
    </div>
  </article>
  ${slot('projects', 3, 'More from the studio', more)}
</main>`,
  });
}

export function servicePage(item, details, more) {
  const { body } = item;
  return frame({
    title: `${body.name} · Lanternlight`,
    description: body.description,
    path: body.url,
    body: `<main id="main">
  <article class="wide narrow page" ${identity(item)} data-fl-engage>
    <img src="${body.image}" alt="" width="96" height="96">
    <p class="eyebrow">Service</p>
    <h1>${escapeHtml(body.name)}</h1>
    <p class="lead">${escapeHtml(body.description)}</p>
    <dl class="facts"><div><dt>Price</dt><dd>${escapeHtml(body.price)}</dd></div><div><dt>Time</dt><dd>${escapeHtml(body.duration)}</dd></div></dl>
    <div class="prose">
      <h2>What you get</h2>
      <ul>${details.get.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>
      <h2>How it goes</h2>
      ${paragraphs(details.how)}
    </div>
    <p><a class="button" href="/questionnaire" data-fl-convert>Tell us your story</a></p>
  </article>
  ${slot('services', 4, 'Other ways to work with us', more)}
</main>`,
  });
}

export function resourcePage(item, details, more) {
  const { body } = item;
  return frame({
    title: `${body.title} · Lanternlight`,
    description: body.description,
    path: body.url,
    body: `<main id="main">
  <article class="wide narrow page" ${identity(item)} data-fl-engage>
    <img class="page-cover" src="${body.image}" alt="" width="400" height="260">
    <p class="eyebrow">${escapeHtml(body.kind)} · ${escapeHtml(body.readingTime)}</p>
    <h1>${escapeHtml(body.title)}</h1>
    <p class="lead">${escapeHtml(body.description)}</p>
    <div class="prose">
      ${details.sections.map(([heading, ...texts]) => `<h2>${escapeHtml(heading)}</h2>\n        ${paragraphs(texts)}`).join('\n      ')}
    </div>
  </article>
  ${slot('resources', 3, 'Read next', more)}
</main>`,
  });
}

export const listPage = ({ path, title, lead, slotName, items }) =>
  frame({
    title: `${title} · Lanternlight`,
    description: lead,
    path,
    body: `<main id="main">
  <div class="wide page-head">
    <h1>${escapeHtml(title)}</h1>
    <p class="lead">${escapeHtml(lead)}</p>
  </div>
  <div class="wide grid ${slotName} page-grid">
    ${items.map((item) => card(item)).join('\n    ')}
  </div>
</main>`,
  });

// The questionnaire from site.json: a plain form; the names and labels are those that POST /api/profile takes.
const chapters = [
  ['The form', 'What it wants to become.', ['format', 'preferred_genres', 'materials']],
  [
    'The story',
    'What it is about, and how it found you.',
    ['logline', 'description', 'timeline', 'personal_meaning', 'project_for'],
  ],
  ['The work', 'How you would like to make it.', ['excited_parts', 'involvement']],
  ['The plan', 'When, and with what.', ['start_timing', 'budget', 'want_consult']],
];
const locale = 'en';

function field(question) {
  const { name, kind, label } = question;
  const text = escapeHtml(label[locale]);
  if (kind === 'text') {
    const attributes = `id="q-${name}" name="${name}" maxlength="${question.max_length}"`;
    return (
      `<div class="field"><label for="q-${name}">${text}</label>` +
      (question.max_length > 1000
        ? `<textarea ${attributes} rows="6"></textarea>`
        : `<textarea ${attributes} rows="2"></textarea>`) +
      '</div>'
    );
  }
  if (kind === 'boolean')
    return `<label class="option single-option"><input type="checkbox" name="${name}" value="true"><span>${text}</span></label>`;
  const type = kind === 'multiple' ? 'checkbox' : 'radio';
  const options = question.options.map(
    (option) =>
      `<label class="option"><input type="${type}" name="${name}" value="${escapeHtml(option.label[locale])}"><span>${escapeHtml(option.label[locale])}</span></label>`,
  );
  const short = question.options.every((option) => option.label[locale].length < 16);
  return `<fieldset class="field"><legend>${text}${kind === 'multiple' ? ' <small>as many as you like</small>' : ''}</legend>
          <div class="options${short ? ' short' : ''}">${options.join('\n            ')}</div></fieldset>`;
}

export function questionnaire(site) {
  const byName = new Map(site.questions.map((question) => [question.name, question]));
  const asked = chapters.flatMap(([, , names]) => names);
  for (const name of byName.keys())
    if (!asked.includes(name)) throw new Error(`pages.mjs: no chapter asks the question ${name}`);
  return `<fl-questionnaire stay="yours">
    <form method="post" action="/api/profile" class="questionnaire" data-fl-convert>
      <input type="hidden" name="next" value="/">
      ${chapters
        .map(
          ([title, lead, names], i) => `<section class="chapter" aria-labelledby="chapter-${i + 1}">
        <header><p class="eyebrow">${i + 1} of ${chapters.length}</p><h2 id="chapter-${i + 1}">${title}</h2><p>${lead}</p></header>
        <div class="fields">
        ${names.map((name) => field(byName.get(name))).join('\n        ')}${i === chapters.length - 1 ? '\n        <div class="field"><label for="q-email">E-mail <small>only if you would like an answer</small></label><input id="q-email" type="email" name="email" autocomplete="email" maxlength="255"></div>' : ''}
        </div>
      </section>`,
        )
        .join('\n      ')}
      <fieldset class="allow">
        <legend>And this site?</legend>
        <label class="option"><input type="checkbox" name="consent" value="personalization"><span>It may remember my answers and what I open, so that it can choose what to show me</span></label>
        <label class="option"><input type="checkbox" name="consent" value="measurement"><span>It may count what I look at, so that it gets better for everybody</span></label>
      </fieldset>
      <div class="send">
        <button class="button" data-fl-busy="Choosing…">Show me my page</button>
        <p class="fine">Your answers arrange this site around your story. What is kept, and for how long, is on the <a href="/privacy">privacy page</a>.</p>
      </div>
    </form>
  </fl-questionnaire>`;
}
