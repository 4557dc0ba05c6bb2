// Checks a linked engine: it must be valid, import nothing, and export its memory and what the list of exports says.
// Prints its size. Usage: node wasm/check.mjs FILE EXPORTS
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';

const [, , file, list] = process.argv;
if (list === undefined) throw new Error('usage: node wasm/check.mjs FILE EXPORTS');
const bytes = readFileSync(file);
const module = new WebAssembly.Module(bytes);

const imports = WebAssembly.Module.imports(module);
if (imports.length > 0) {
  const names = imports.map(({ module: from, name }) => `${from}.${name}`).join(', ');
  console.error(`${file} imports ${names}; the engine has to stand alone (wasm/ABI.md)`);
  process.exit(1);
}
const exports = WebAssembly.Module.exports(module);
if (!exports.some(({ name, kind }) => name === 'memory' && kind === 'memory')) {
  console.error(`${file} does not export its memory (wasm/ABI.md)`);
  process.exit(1);
}
const { reaches } = JSON.parse(readFileSync(new URL(list, import.meta.url), 'utf8'))[0];
const names = exports.map(({ name }) => name);
if ([...names].sort().join() !== [...reaches].sort().join()) {
  console.error(`${file} exports ${names.join(', ')}; wasm/${list} lists ${reaches.join(', ')}`);
  process.exit(1);
}
const gzip = gzipSync(bytes, { level: 9 }).length;
console.log(
  `${basename(file, '.part')}: ${bytes.length} bytes, ${gzip} with gzip, ${exports.length} exports`,
);
