// How many bytes travel: minified and gzip -9.
//
//   sdk_js_gzip        build/web/sdk.js: profile, decide, track, consent, with the binding and the manifest's check
//   engine_wasm_gzip   build/web/engine.wasm, as the browser loads it
//   engine_full_wasm_gzip   build/web/engine_full.wasm: with flags, for workers and for sites without one
//   worker_gzip        build/edge/worker.js and every file it imports, each compressed by itself: what is deployed
//
// For information: flags_js_gzip (fetched by the SDK where flags are evaluated or obeyed in the browser), elements_js_gzip
// (custom elements, filling, wiring; on top of sdk.js), interfaces_js_gzip.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { report, root } from './report.mjs';

const OPTIONS = { level: constants.Z_BEST_COMPRESSION };

function gzipped(path) {
  const bytes = readFileSync(path);
  const compressed = gzipSync(bytes, OPTIONS);
  if (!gunzipSync(compressed).equals(bytes)) throw new Error(`${path} does not come back`);
  return compressed.length;
}

/** The worker and what it imports, itself included: every import of a bundle is a file beside it. */
function workerFiles() {
  const folder = join(root, 'build/edge');
  const main = join(folder, 'worker.js');
  const text = readFileSync(main, 'utf8');
  const imports = text.matchAll(/(?:from|import)\s*\(?["']\.\/([^"']+)["']/g);
  return [main, ...new Set([...imports].map(([, name]) => join(folder, name)))];
}

/** A bundle that the SDK's figure leaves out must not be needed by it; flags.js is fetched only for flags. */
function assertAlone(path) {
  const text = readFileSync(path, 'utf8').replaceAll(/import\(["']\.\/flags\.js["']\)/g, '');
  if (/(?:from|import)\s*\(?["']\.\//.test(text)) throw new Error(`${path} imports another file`);
}

const web = (name) => join(root, 'build/web', name);
assertAlone(web('sdk.js'));
const files = workerFiles();
for (const path of files) console.log(`worker: ${relative(root, path)} ${gzipped(path)}`);

const figures = {
  sdk_js_gzip: gzipped(web('sdk.js')),
  engine_wasm_gzip: gzipped(web('engine.wasm')),
  engine_full_wasm_gzip: gzipped(web('engine_full.wasm')),
  worker_gzip: files.map(gzipped).reduce((sum, bytes) => sum + bytes, 0),
  flags_js_gzip: gzipped(web('flags.js')),
  elements_js_gzip: gzipped(web('elements.js')),
};
if (existsSync(web('interfaces.js'))) figures.interfaces_js_gzip = gzipped(web('interfaces.js'));

report('size', figures, {
  goals: {
    sdk_js_gzip: { max: 6000 },
    engine_wasm_gzip: { max: 17000 },
    engine_full_wasm_gzip: { max: 26000 },
    worker_gzip: { max: 60000 },
  },
});
