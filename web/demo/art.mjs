// Draws everything under site/art/ from content/content.jsonl: `node web/demo/art.mjs`. Same input, same bytes.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cover, drawing } from './art/covers.mjs';
import { hero } from './art/heroes.mjs';
import { emblem, mark } from './art/mark.mjs';
import { portrait } from './art/portraits.mjs';
import { poster } from './art/posters.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const art = join(here, 'site');
const largest = 12 * 1024;
let files = 0;
let bytes = 0;

function put(url, text) {
  const size = Buffer.byteLength(text);
  if (size >= largest)
    throw new Error(`art.mjs: ${url} has ${size} bytes, the limit is ${largest}`);
  const file = join(art, url);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  files += 1;
  bytes += size;
}

rmSync(join(art, 'art'), { recursive: true, force: true });
const items = readFileSync(join(here, 'content/content.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const nameOf = (url) => url.replace(/^.*\/|\.svg$/g, '');
for (const { type, body } of items) {
  if (type === 'hero') {
    const name = nameOf(body.backgroundImage);
    put(body.backgroundImage, hero(name));
    put(body.backgroundVideo, hero(name, true));
  }
  if (type === 'project') put(body.image, poster(nameOf(body.image)));
  if (type === 'testimonial') put(body.image, portrait(nameOf(body.image)));
  if (type === 'service') put(body.image, drawing(nameOf(body.image)));
  if (type === 'resource') put(body.image, cover(nameOf(body.image), body.kind));
}
put('/art/mark.svg', mark());
put('/art/emblem.svg', emblem());
console.log(`art: ${files} drawings, ${Math.round(bytes / 1024)} kB, in site/art`);
