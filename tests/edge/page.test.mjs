// Pages: filled from kept pieces and through HTMLRewriter alike, escaped whatever the content says, and otherwise as the
// site wrote them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cookieOf, decisionOf, demo, publishSnapshot, startEdge } from './harness.mjs';

const SLOTS = `<section class="hero" data-fl-slot="hero"><div class="card">
  <h1 data-fl-text="title">Default hero</h1><p data-fl-text="subtitle">…</p>
  <a class="cta" data-fl-attr="href:ctaUrl" data-fl-text="ctaText" href="/q">Go</a></div></section>
<section data-fl-slot='projects' data-fl-limit="3"> before the card
  <article class="card" data-fl-attr="data-format:format" data-fl-class="is-drama:genre">
    <img data-fl-attr="src:image;alt:title" src="/art/default.svg" alt='the "default"'>
    <h3><a data-fl-attr="href:url" data-fl-text="title" href="/work/default">A default project</a></h3>
    <p data-fl-text="genre">…</p><p class="why" data-fl-if="matchReason"><span data-fl-text="matchReason"></span></p>
    <p class="no" data-fl-if="noSuchField">never</p>
  </article>
  <article class="card">a second default card</article>
</section>`;
const page = (body, lang = 'en') =>
  `<!DOCTYPE html>\n<html lang="${lang}"><head><title>t</title></head><body>\n${body}\n</body></html>\n`;

describe('a page', () => {
  let edge;
  let cookie;
  const streamed = { headers: { 'cache-control': 'no-store' } };
  before(async () => {
    edge = await startEdge({
      pages: {
        '/': {
          body: page(SLOTS),
          headers: { etag: '"one"', 'last-modified': 'x', 'accept-ranges': 'bytes' },
        },
        '/streamed': { ...streamed, body: page(SLOTS) },
        '/chunks': { ...streamed, chunks: page(SLOTS).match(/[\s\S]{1,7}/g) },
        '/de': { body: page(SLOTS, 'de') },
        '/plain': { body: page('<p>no slot</p>'), headers: { etag: '"plain"' } },
        '/no-body-end': { body: `<p>${SLOTS}<p>the end` },
        '/no-body-end-streamed': { ...streamed, body: `<p>${SLOTS}<p>the end` },
        '/malformed': {
          body: page('<ul data-fl-slot="projects"><li data-fl-text="title">a<li>b</ul>'),
        },
        '/unknown': {
          body: page('<div data-fl-slot="no-such-slot"><p data-fl-text="title">d</p></div>'),
        },
        '/odd': {
          body: page(`<template><div data-fl-slot="hero"><p data-fl-text="title">t</p></div></template>
            <div data-fl-slot="projects" data-fl-limit="1"><div><p data-fl-text="title">a</p>
            <div data-fl-slot="services"><p data-fl-text="name">nested</p></div></div></div>
            <div data-fl-slot="projects"><p data-fl-text="title">the second of its name</p></div>
            <div data-fl-slot="testimonials" data-fl-filled="9"><p data-fl-text="quote">filled</p></div>`),
        },
        '/latin': {
          body: Buffer.from(page('<p>\xe9</p>' + SLOTS), 'latin1'),
          headers: { 'content-type': 'text/html; charset=iso-8859-1' },
        },
        '/bytes': {
          body: Buffer.concat([Buffer.from([1, 2, 255, 254]), Buffer.from(page(SLOTS))]),
        },
      },
    });
    const response = await edge.post('/api/profile', {
      questionnaireData: { format: 'Feature Film', budget: '$15-50K', preferred_genres: ['Drama'] },
    });
    cookie = cookieOf(response);
    assert.ok(cookie);
  });
  after(() => edge.stop());
  const html = async (path, headers = { cookie }) => (await edge.get(path, headers)).text();

  it('carries what the request says of the page view, kept and streamed', async () => {
    const headers = {
      cookie,
      'user-agent': 'Mozilla/5.0 (iPhone)',
      referer: 'https://www.bing.com/',
    };
    for (const path of ['/', '/streamed']) {
      const { context } = decisionOf(await html(path, headers));
      assert.equal(context & 15, 2, 'a phone');
      assert.equal(context >> 12, 3, 'from a search');
    }
  });

  it('is filled for a visitor who has answered', async () => {
    const text = await html('/');
    const decision = decisionOf(text);
    assert.equal(decision.slots.hero.length, 1);
    assert.equal(decision.slots.projects.length, 3);
    assert.match(text, /<section class="hero" data-fl-slot="hero" data-fl-filled="1">/);
    assert.match(text, /<section data-fl-slot='projects' data-fl-limit="3" data-fl-filled="1">/);
    assert.equal(text.match(/<article/g).length, 3 + 1, 'three cards and the kept template');
    for (const { id, matchReason } of decision.slots.projects) {
      assert.ok(text.includes(`data-fl-id="${id}"`));
      assert.ok(text.includes(`<span data-fl-text="matchReason">${matchReason}</span>`));
    }
    assert.doesNotMatch(
      text.replace(/<template.*<\/template>/s, ''),
      /never|before the card|second default/,
    );
    assert.match(text, /feature film/i);
    assert.match(text, /<template data-fl-template="projects"><article class="card"/);
    assert.ok(text.indexOf('fl-decision') < text.indexOf('</body>'));
  });

  it('is the same from kept pieces, from a stream, and in any chunks', async () => {
    const kept = await html('/');
    assert.equal(await html('/'), kept);
    assert.equal(await html('/streamed'), kept);
    assert.equal(await html('/chunks'), kept);
    assert.equal(await html('/no-body-end'), await html('/no-body-end-streamed'));
    assert.match(await html('/no-body-end'), /the end<template.*<\/script>$/s);
  });

  it('speaks its own language', async () => {
    const text = await html('/de');
    assert.match(text, /Passt zu Ihrem Interesse/);
  });

  it('is untouched for who is not known', async () => {
    for (const path of ['/', '/streamed', '/chunks', '/bytes', '/malformed', '/plain']) {
      const body = edge.pages[path].body ?? edge.pages[path].chunks.join('');
      const answer = Buffer.from(await (await edge.get(path)).arrayBuffer());
      assert.deepEqual(answer, Buffer.from(body), path);
    }
  });

  it('is untouched where there is nothing to fill', async () => {
    for (const path of ['/plain', '/malformed', '/latin']) {
      const answer = Buffer.from(await (await edge.get(path, { cookie })).arrayBuffer());
      assert.deepEqual(answer, Buffer.from(edge.pages[path].body), path);
    }
    assert.match(
      await html('/unknown'),
      /<div data-fl-slot="no-such-slot"><p data-fl-text="title">d<\/p>/,
    );
    assert.ok((await edge.status()).counters.template_malformed > 0);
  });

  it('is filled only where it says that it is in UTF-8', async () => {
    const bare = { 'content-type': 'text/html' };
    const withHead = (head) => page(SLOTS).replace('<head>', `<head>${head}`);
    const cases = {
      '/meta-utf8': [withHead('<meta charset="utf-8">'), true],
      '/meta-equiv': [
        withHead('<meta http-equiv="content-type" content="text/html; charset=UTF-8">'),
        true,
      ],
      '/bom': [`\ufeff${page(SLOTS)}`, true],
      '/undeclared': [page(SLOTS), false],
      '/meta-latin': [withHead('<meta charset=windows-1252>'), false],
      '/meta-commented': [withHead('<!-- <meta charset="utf-8"> -->'), false],
    };
    for (const [path, [body, isFilled]] of Object.entries(cases)) {
      edge.pages[path] = { body, headers: bare };
      edge.pages[`${path}-streamed`] = { body, headers: { ...bare, 'cache-control': 'no-store' } };
      for (const name of [path, path, `${path}-streamed`]) {
        const bytes = Buffer.from(await (await edge.get(name, { cookie })).arrayBuffer());
        if (isFilled) assert.ok(decisionOf(bytes.toString()), name);
        else assert.deepEqual(bytes, Buffer.from(body), name);
      }
    }
  });

  it('fills outermost slots, each name once, and no inert or filled one', async () => {
    const text = await html('/odd');
    assert.match(text, /<template><div data-fl-slot="hero"><p data-fl-text="title">t</);
    assert.match(text, /the second of its name/);
    assert.match(text, /data-fl-filled="9"><p data-fl-text="quote">filled/);
    assert.equal(text.match(/data-fl-filled="1"/g).length, 1);
    assert.deepEqual(Object.keys(decisionOf(text).slots), ['projects']);
  });

  it('keeps bytes that are no UTF-8', async () => {
    const answer = Buffer.from(await (await edge.get('/bytes', { cookie })).arrayBuffer());
    assert.deepEqual(answer.subarray(0, 4), Buffer.from([1, 2, 255, 254]));
    assert.ok(decisionOf(answer.toString()));
  });

  it('carries no header of the site that is about other bytes', async () => {
    for (const headers of [{}, { cookie }]) {
      const response = await edge.get('/', headers);
      assert.equal(response.headers.get('cache-control'), 'private, no-cache');
      for (const name of ['etag', 'last-modified', 'accept-ranges', 'date']) {
        assert.equal(response.headers.get(name), null, name);
      }
      const length = response.headers.get('content-length');
      const bytes = (await response.arrayBuffer()).byteLength;
      assert.ok(length === null || Number(length) === bytes);
    }
  });

  it('ignores conditions and ranges, which are about other bytes', async () => {
    const conditions = { 'if-none-match': '"one"', 'if-modified-since': 'x', range: 'bytes=0-9' };
    const whole = await html('/');
    edge.seen.length = 0;
    for (const path of ['/', '/streamed']) {
      const response = await edge.get(path, { cookie, ...conditions });
      assert.equal(response.status, 200);
      assert.equal(await response.text(), whole);
    }
    const streamed = edge.seen.find(({ url }) => url === '/streamed');
    for (const name of Object.keys(conditions))
      assert.equal(streamed.headers[name], undefined, name);
  });

  it('sends the site no record, and the visitor’s other cookies only with their own request', async () => {
    edge.seen.length = 0;
    const answer = await html('/', { cookie: `a=1; ${cookie}; b=2` });
    assert.ok(decisionOf(answer));
    assert.equal(edge.seen.at(-1).headers.cookie, 'a=1; b=2');
    await html('/', { cookie });
    assert.equal(edge.seen.at(-1).headers.cookie, undefined);
    assert.equal(edge.seen.at(-1).headers['if-none-match'], '"one"', 'the worker’s own condition');
    for (const { headers } of edge.seen) assert.doesNotMatch(JSON.stringify(headers), /__Host-fl/);
  });

  it('leaves assets, their conditions and their cache alone', async () => {
    edge.pages['/a.css'] = { body: 'x{}', headers: { 'content-type': 'text/css', etag: '"css"' } };
    const response = await edge.get('/a.css', { cookie, 'if-none-match': '"css"' });
    assert.equal(response.headers.get('etag'), '"css"');
    assert.equal(edge.seen.at(-1).headers['if-none-match'], '"css"');
    const plain = await edge.get('/plain', { cookie });
    assert.equal(plain.headers.get('etag'), '"plain"');
  });

  it('follows the site when it changes', async () => {
    edge.pages['/moving'] = { body: page(`<p>first</p>${SLOTS}`), headers: { etag: '"1"' } };
    assert.match(await html('/moving'), /<p>first<\/p>/);
    edge.pages['/moving'] = { body: page(`<p>second</p>${SLOTS}`), headers: { etag: '"2"' } };
    assert.match(await html('/moving'), /<p>second<\/p>/);
    edge.pages['/moving'] = { status: 404, body: 'gone' };
    assert.equal((await edge.get('/moving', { cookie })).status, 404);
  });

  it('keeps nobody’s page for another', async () => {
    edge.pages['/account'] = ({ headers }) => ({
      body: page(`<p>${headers.cookie ?? 'nobody'}</p>${SLOTS}`),
    });
    assert.match(await html('/account', { cookie: `session=7; ${cookie}` }), /<p>session=7<\/p>/);
    assert.match(await html('/account', { cookie }), /<p>nobody<\/p>/);
    assert.match(await html('/account', { cookie: `session=8; ${cookie}` }), /<p>session=8<\/p>/);
    for (const headers of [
      { vary: 'Cookie' },
      { 'set-cookie': 's=1' },
      { 'cache-control': 'private' },
      { 'content-security-policy': "script-src 'nonce-x'" },
    ]) {
      const before = (await edge.status()).kept.pages;
      edge.pages['/own'] = { body: page(SLOTS), headers };
      const response = await edge.get('/own', { cookie });
      assert.ok(decisionOf(await response.text()), JSON.stringify(headers));
      assert.equal((await edge.status()).kept.pages, before, JSON.stringify(headers));
      if (headers['set-cookie']) assert.ok(response.headers.getSetCookie().includes('s=1'));
    }
  });

  it('streams what is too large to keep', async () => {
    const before = (await edge.status()).kept.pages;
    edge.pages['/large'] = { body: page(SLOTS + '<p>x</p>'.repeat(200000)) };
    edge.pages['/large-chunks'] = {
      chunks: [page(SLOTS), ...Array(60).fill('<p>x</p>'.repeat(4000))],
    };
    assert.ok(decisionOf(await html('/large')));
    assert.ok(decisionOf(await html('/large-chunks')));
    assert.equal((await edge.status()).kept.pages, before);
  });

  it('answers HEAD as GET without a body', async () => {
    const response = await edge.get('/', { cookie }, { method: 'HEAD' });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  });
});

describe('hostile content', () => {
  const evil = `"><script>alert(1)</script>'</textarea><!--&amp;`;
  let edge;
  let text;
  before(async () => {
    const { site } = demo();
    const project = (id, body) => ({ id, type: 'project', body: { title: evil, ...body } });
    const snapshot = publishSnapshot(site, [
      project('a', {
        url: 'javascript:alert(1)',
        image: 'data:text/html,x',
        format: evil,
        onclick: 'alert(1)',
        list: [evil, 1, { x: 1 }],
      }),
      project('b', {
        url: 'java\nscript:alert(1)',
        image: ' \u0001javascript:alert(1)',
        format: '',
      }),
      project('c', {
        url: 'https://example.com/?a=1&b="2"',
        image: '/ok.svg',
        format: false,
        on: true,
      }),
      project('d', { url: '//example.com/x', image: 'mailto:a@example.com' }),
    ]);
    const card = `<article data-fl-attr="onclick:onclick;style:title;srcdoc:title;data-fl-x:title;title:format;hidden:on" data-fl-class="odd:on">
      <a data-fl-attr="href:url" href="/d"><img data-fl-attr="src:image;srcset:image" src="/d.svg"></a>
      <b data-fl-text="title">t</b><i data-fl-text="list">l</i><textarea data-fl-text="title">x</textarea>
      <script data-fl-text="title">keep()</script><style data-fl-text="title">keep{}</style>
      <iframe data-fl-attr="src:url;srcdoc:title" src="/d"></iframe></article>`;
    edge = await startEdge({
      snapshot,
      pages: {
        '/': { body: page(`<main data-fl-slot="projects" data-fl-limit="4">${card}</main>`) },
        '/streamed': {
          body: page(`<main data-fl-slot="projects" data-fl-limit="4">${card}</main>`),
          headers: { 'cache-control': 'no-store' },
        },
      },
    });
    const cookie = cookieOf(
      await edge.post('/api/profile', { questionnaireData: { format: 'Feature Film' } }),
    );
    text = await (await edge.get('/', { cookie })).text();
    assert.equal(await (await edge.get('/streamed', { cookie })).text(), text);
    assert.equal(decisionOf(text).slots.projects.length, 4);
  });
  after(() => edge.stop());

  it('stays text', () => {
    assert.doesNotMatch(text, /<script>alert/);
    assert.doesNotMatch(text, /<!--/);
    assert.equal(
      text.match(/<b data-fl-text="title">&quot;|<b data-fl-text="title">"&gt;&lt;script&gt;/g)
        .length,
      4,
    );
    assert.equal(text.match(/<\/textarea>/g).length, 4);
    assert.match(text, /, 1<\/i>/);
  });
  it('sets no attribute that runs or styles', () => {
    assert.doesNotMatch(text, /onclick="|style="|srcdoc="|data-fl-x="/);
  });
  it('keeps only safe URLs', () => {
    assert.doesNotMatch(text, /(?:href|src|srcset)="[^"]*(?:script:|data:)/i);
    assert.match(text, /href="https:\/\/example\.com\/\?a=1&amp;b=&quot;2&quot;"/);
    assert.match(text, /href="\/\/example\.com\/x"/);
    assert.match(text, /src="\/ok\.svg" srcset="\/ok\.svg"/);
    assert.equal(text.match(/<a data-fl-attr="href:url">/g).length, 2, 'without href');
  });
  it('does not fill elements that run', () => {
    assert.equal(text.match(/>keep\(\)<\/script>/g).length, 4);
    assert.equal(text.match(/<iframe data-fl-attr="src:url;srcdoc:title" src="\/d">/g).length, 4);
  });
  it('drops attributes whose field is missing or false, and sets true ones without a value', () => {
    assert.equal(text.match(/ title="/g).length, 2);
    assert.equal(text.match(/ hidden="" class="odd"/g).length, 1);
  });
});
