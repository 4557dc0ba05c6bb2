// Builds everything written in TypeScript. Usage: node web/build.mjs
//
//   build/web/sdk.js         the browser SDK, minified
//   build/web/flags.js       what the SDK fetches where it has to evaluate or obey flags, minified
//   build/web/elements.js    the custom elements, minified; imports ./sdk.js beside it
//   build/web/interfaces.js  SPEC.md's interfaces over the SDK, minified
//   build/web/privacy.js     export, erasure, settings, and locally private reporting, minified
//   build/web/engine.wasm    the engine as the browser loads it
//   build/web/binding.mjs    the engine's binding in one file, for Node
//   build/edge/worker.js     the worker, minified; imports ./engine.wasm beside it as a module
//   build/assets/            what is uploaded beside the worker for browsers: sdk.js, elements.js, flags.js and
//                            both engines below /_fl, and _headers
//   build/web/types/         declarations of the four above, for package.json's exports
//   build/js/                every module by itself, for tests: edge/x.ts is build/js/edge/x.js
//
// What has no source yet is left out and named. Source maps lie beside the bundles.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'build');

/**
 * Turns an import that resolves to `from` (a RegExp on the path from the root) into the external
 * module `to`. esbuild's own `external` cannot rename.
 */
function replaceImport(from, to) {
  return {
    name: `replace-${to}`,
    setup(bundle) {
      bundle.onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
        if (kind === 'entry-point') return undefined;
        const target = relative(root, resolve(resolveDir, path)).replaceAll('\\', '/');
        return from.test(target) ? { path: to, external: true } : undefined;
      });
    },
  };
}

const engineImport = replaceImport(/\.wasm$/, './engine.wasm');

/** Fetched only where it is needed (web/sdk/flags.ts). */
const flagsImport = replaceImport(/^web\/sdk\/flags\.[jt]s$/, './flags.js');

// What browsers get from a site with a worker.
// The last two only for pages whose experiments change how they are decided.
const browserFiles = [
  'sdk.js',
  'elements.js',
  'privacy.js',
  'engine.wasm',
  'flags.js',
  'engine_full.wasm',
];

const bundles = [
  { entry: 'web/sdk/index.ts', to: 'web/sdk.js', minify: true, plugins: [flagsImport] },
  { entry: 'web/sdk/flags.ts', to: 'web/flags.js', minify: true },
  {
    entry: 'web/elements/index.ts',
    to: 'web/elements.js',
    minify: true,
    plugins: [replaceImport(/^web\/sdk(\/index(\.[jt]s)?)?$/, './sdk.js')],
  },
  { entry: 'web/sdk/interfaces.ts', to: 'web/interfaces.js', minify: true, plugins: [flagsImport] },
  { entry: 'web/privacy/index.ts', to: 'web/privacy.js', minify: true, plugins: [flagsImport] },
  { entry: 'web/openfeature.ts', to: 'web/openfeature.js', minify: true },
  { entry: 'web/openfeature_server.ts', to: 'web/openfeature_server.js', minify: false },
  { entry: 'wasm/binding/index.ts', to: 'web/binding.mjs', minify: false },
  {
    entry: 'edge/worker.ts',
    to: 'edge/worker.js',
    minify: true,
    plugins: [engineImport],
  },
];

const common = {
  absWorkingDir: root,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  legalComments: 'none',
  logLevel: 'warning',
};

function modulesUnder(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true })
    .map(String)
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
    .filter((name) => !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

/** A module that was renamed or removed must not live on in its compiled form. */
function removeStale(wanted) {
  const js = join(out, 'js');
  if (!existsSync(js)) return;
  for (const name of readdirSync(js, { recursive: true }).map(String)) {
    if (name.endsWith('.js') && !wanted.has(name)) rmSync(join(js, name));
  }
}

const missing = [];
let failed = false;

for (const { entry, to, minify, plugins = [] } of bundles) {
  if (!existsSync(join(root, entry))) {
    missing.push(entry);
    continue;
  }
  try {
    await build({
      ...common,
      entryPoints: [entry],
      outfile: join(out, to),
      bundle: true,
      minify,
      sourcemap: 'external',
      plugins,
    });
  } catch {
    failed = true; // esbuild has said why
    continue;
  }
  if (minify) {
    const bytes = readFileSync(join(out, to));
    const gzip = gzipSync(bytes, { level: 9 }).length;
    console.log(`${to}: ${bytes.length} bytes, ${gzip} with gzip`);
  }
}

const modules = ['edge', 'wasm/binding', 'web'].flatMap(modulesUnder);
try {
  await build({
    ...common,
    entryPoints: modules,
    outdir: join(out, 'js'),
    outbase: '.',
    bundle: false,
    sourcemap: 'inline',
  });
  removeStale(new Set(modules.map((name) => name.replace(/\.tsx?$/, '.js'))));
} catch {
  failed = true;
}

// The worker evaluates flags; a browser behind it gets what comes of them, and the smaller engine.
for (const [name, to] of [
  ['engine.wasm', 'web/engine.wasm'],
  ['engine_full.wasm', 'web/engine_full.wasm'],
  ['engine_full.wasm', 'edge/engine.wasm'],
]) {
  const engine = join(out, 'wasm', name);
  if (existsSync(engine)) {
    mkdirSync(dirname(join(out, to)), { recursive: true });
    copyFileSync(engine, join(out, to));
  } else {
    missing.push(`build/wasm/${name}`);
  }
}
mkdirSync(join(out, 'assets/_fl'), { recursive: true });
copyFileSync(join(root, 'edge/_headers'), join(out, 'assets/_headers'));
for (const name of browserFiles) {
  const file = join(out, 'web', name);
  if (existsSync(file)) copyFileSync(file, join(out, 'assets/_fl', name));
}

const types = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/typescript/bin/tsc'),
    ...['--project', root, '--noEmit', 'false', '--declaration', '--emitDeclarationOnly'],
    ...['--rootDir', root, '--outDir', join(out, 'web/types')],
  ],
  { stdio: 'inherit' },
);
if (types.status !== 0) failed = true;

if (missing.length > 0) console.log(`not there yet: ${missing.join(', ')}`);
process.exit(failed ? 1 : 0);
