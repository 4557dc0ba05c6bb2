// What a page view was like, as a request says it. The decision's is in page.test.mjs, the events' in api.test.mjs.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { surroundingsOf, visitorSurroundings } from '../../build/js/edge/surroundings.js';
import {
  clockOf,
  deviceOf,
  packSurroundings,
  referrerOf,
} from '../../build/js/wasm/binding/surroundings.js';

const PHONE =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36';
const AGENTS = [
  ['', 0],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 1],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15',
    1,
  ],
  [PHONE, 2],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148', 2],
  ['Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148', 3],
  ['Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 Chrome/126.0 Safari/537.36', 3],
];
const REFERRERS = [
  ['', 1],
  ['https://site.example/about', 2],
  ['https://site.example:8443/about', 5],
  ['https://www.google.co.uk/', 3],
  ['https://duckduckgo.com/?q=x', 3],
  ['https://notgoogle.com/', 5],
  ['https://google.com.evil.example/', 5],
  ['https://l.instagram.com/?u=x', 4],
  ['https://t.co/abc', 4],
  ['https://dot.com/', 5],
  ['https://netflix.com/', 5],
  ['about:blank', 5],
];

describe('surroundings', () => {
  test('devices', () => {
    for (const [agent, device] of AGENTS) assert.equal(deviceOf(agent), device, agent);
  });
  test('referrers', () => {
    for (const [from, kind] of REFERRERS)
      assert.equal(referrerOf(from, 'site.example'), kind, from);
  });
  test('clocks: four parts of the day, Monday is 1 and Sunday 7', () => {
    const expected = (dayPart, weekday) => packSurroundings({ dayPart, weekday });
    assert.equal(clockOf(0, 0), expected('night', 7));
    assert.equal(clockOf(6, 1), expected('morning', 1));
    assert.equal(clockOf(12, 5), expected('afternoon', 5));
    assert.equal(clockOf(23, 6), expected('evening', 6));
  });

  const request = (timezone, headers = {}) => ({
    url: 'https://site.example/page?x=1',
    headers: new Headers({ 'user-agent': PHONE, ...headers }),
    cf: { timezone },
  });
  test('of a request: by the clock where the visitor is', () => {
    const word = surroundingsOf(request('Asia/Tokyo', { referer: 'https://www.google.com/' }));
    const there = new Date(Date.now() + 9 * 3600000);
    assert.equal(word & 0xfff, 2 | clockOf(there.getUTCHours(), there.getUTCDay()));
    assert.equal(word >> 12, 3);
    assert.equal(visitorSurroundings(request('Asia/Tokyo')), word & 0xfff);
  });
  test('what the CDN does not know, or nobody, is not known', () => {
    assert.equal(visitorSurroundings(request(undefined)), 2);
    assert.equal(visitorSurroundings(request('Mars/Olympus')), 2);
  });
});
