// The cards of the site as HTML: a slot's first card doubles as its template (edge/PAGE.md), so it carries data-fl-*.
// What a card shows by default is what the item's body says, so that a page is complete before anybody decides anything.

import { createHash } from 'node:crypto';

export const escapeHtml = (text) =>
  String(text).replace(
    /[&<>"]/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c],
  );

// The UUID that `footlight import` gives to an id of our own: version 5 in the namespace of the site (origin/IMPORT.md).
function uuid5(space, name) {
  const bytes = createHash('sha1')
    .update(Buffer.from(space.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x50;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}
const dnsNamespace = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const siteNamespace = uuid5(uuid5(dnsNamespace, 'footlight.dev'), 'Lanternlight');

// Names the item on an element, so that what happens to a default card, or on a page of its own, counts for it.
export const identity = (item) =>
  `data-fl-id="${uuid5(siteNamespace, item.id)}" data-fl-type="${item.type}"`;

const list = (value) => (Array.isArray(value) ? value.join(', ') : (value ?? ''));

// Tools for one card: `text` fills an element, `attr` an attribute; both add the marks only in a template.
function tools(body, isTemplate) {
  const value = (field) => escapeHtml(list(body[field]));
  return {
    text: (tag, field, more = '') =>
      `<${tag}${more && ` ${more}`}${isTemplate ? ` data-fl-text="${field}"` : ''}>${value(field)}</${tag}>`,
    attr: (rules) =>
      (isTemplate
        ? `data-fl-attr="${rules.map(([name, field]) => `${name}:${field}`).join(';')}" `
        : '') + rules.map(([name, field]) => `${name}="${value(field)}"`).join(' '),
    link: (field, more = '') =>
      `<a${more && ` ${more}`}${isTemplate ? ` data-fl-attr="href:url" data-fl-text="${field}"` : ''} href="${value('url')}">${value(field)}</a>`,
    why: isTemplate
      ? '<p class="why" data-fl-if="matchReason" data-fl-text="matchReason"></p>'
      : '',
    highlight: isTemplate ? ' data-fl-class="is-highlight:highlight"' : '',
    highlighted: !isTemplate && body.highlight ? ' is-highlight' : '',
  };
}

// Each button says what it is about: a page has dozens of them.
const feedback = (t, field) => {
  const about = t.text('span', field, 'class="hidden"');
  return `<div class="feedback">
        <button type="button" class="feedback-more" data-fl-feedback="positive" title="More like this"><span class="hidden">More like this: </span>${about}</button>
        <button type="button" class="feedback-less" data-fl-feedback="negative" title="Not for me"><span class="hidden">Not for me: </span>${about}</button>
      </div>`;
};

const image = (attributes, width, height, more = 'loading="lazy"') =>
  `<img ${attributes} width="${width}" height="${height}" ${more} decoding="async">`;

const cards = {
  hero(body, t) {
    return `<div class="hero-card" ${t.identity}>
      ${image(t.attr([['src', 'backgroundImage']]) + ' alt="" class="hero-image"', 1600, 900, 'fetchpriority="high"')}
      <div class="hero-text wide">
        ${t.text('p', 'eyebrow', 'class="eyebrow"')}
        ${t.text('h1', 'title')}
        ${t.text('p', 'subtitle', 'class="lead"')}
        <p class="hero-action"><a class="button"${t.isTemplate ? ' data-fl-attr="href:ctaUrl" data-fl-text="ctaText"' : ''} href="${escapeHtml(body.ctaUrl)}">${escapeHtml(body.ctaText)}</a></p>
        ${t.why}
      </div>
    </div>`;
  },
  project(_body, t) {
    return `<article class="card project" ${t.identity}>
      <div class="poster">
        ${image(
          t.attr([
            ['src', 'image'],
            ['alt', 'imageAlt'],
          ]),
          300,
          400,
        )}
        ${feedback(t, 'title')}
      </div>
      ${t.why}
      <p class="meta">${t.text('span', 'format')} ${t.text('span', 'genre')}</p>
      <h3>${t.link('title', 'class="cover-link"')}</h3>
      ${t.text('p', 'logline', 'class="logline"')}
    </article>`;
  },
  testimonial(_body, t) {
    return `<article class="card testimonial" ${t.identity}>
      ${t.why}
      <blockquote>${t.text('p', 'quote')}</blockquote>
      <div class="speaker">
        ${image(
          t.attr([
            ['src', 'image'],
            ['alt', 'imageAlt'],
          ]),
          160,
          160,
        )}
        <div>
          ${t.text('p', 'author', 'class="name"')}
          ${t.text('p', 'role', 'class="role"')}
          <p class="role">${t.text('span', 'projectType')}, ${t.link('project')}</p>
        </div>
      </div>
      ${feedback(t, 'author')}
    </article>`;
  },
  service(_body, t) {
    return `<article class="card service${t.highlighted}" ${t.identity}${t.highlight}>
      ${t.why}
      ${image(`${t.attr([['src', 'image']])} alt=""`, 96, 96)}
      <h3>${t.link('name', 'class="cover-link"')}</h3>
      ${t.text('p', 'description')}
      <p class="terms">${t.text('span', 'price', 'class="price"')} ${t.text('span', 'duration')}</p>
      ${feedback(t, 'name')}
    </article>`;
  },
  resource(_body, t) {
    return `<article class="card resource" ${t.identity}>
      <div class="cover">
        ${image(`${t.attr([['src', 'image']])} alt=""`, 400, 260)}
      </div>
      ${t.why}
      <p class="meta">${t.text('span', 'kind')} ${t.text('span', 'readingTime')}</p>
      <h3>${t.link('title', 'class="cover-link"')}</h3>
      ${t.text('p', 'description')}
      ${feedback(t, 'title')}
    </article>`;
  },
};

export function card(item, { isTemplate = false } = {}) {
  const marks = tools(item.body, isTemplate);
  const html = cards[item.type](item.body, { ...marks, isTemplate, identity: identity(item) });
  return html.replace(/\n\s*(?=\n)/g, '');
}

// The cards of a slot; the first is the template. No text stands before it, so that the first child is the card.
export const slotCards = (items) =>
  items.map((item, i) => card(item, { isTemplate: i === 0 })).join('\n    ');
