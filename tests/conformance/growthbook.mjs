// The suite's cases through engine_full.wasm and its binding, held against what the suite expects and, byte for byte,
// against the native engine's rows.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { Flags } = await import(join(root, 'build/js/wasm/binding/flags.js'));
const { encodeRequest, urlOf } = await import(join(root, 'build/js/wasm/binding/values.js'));

export const suite = JSON.parse(
  readFileSync(join(root, 'tests/conformance/growthbook-cases.json'), 'utf8'),
);
const engine = new WebAssembly.Module(readFileSync(join(root, 'build/wasm/engine_full.wasm')));

/** What `conformance_cases` of a native build says. */
export function nativeCases(build) {
  const out = execFileSync(join(build, 'conformance_cases'), { maxBuffer: 1 << 28 });
  return out
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function flagsOf(program) {
  const { exports } = new WebAssembly.Instance(engine, {});
  exports._initialize();
  const at = exports.fl_reserve(program.length);
  new Uint8Array(exports.memory.buffer).set(program, at);
  return new Flags(exports, program.length);
}

const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;
/** JSON without regard to the order of members. */
const canonical = (value) =>
  JSON.stringify(value, (_, v) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
const equal = (a, b) => canonical(a) === canonical(b);

/** An SDK's words for an assignment, as far as the binding says them. */
function inSdkWords(feature, assignment, value) {
  return {
    key: assignment.variant,
    featureId: feature,
    inExperiment: assignment.inExperiment,
    hashUsed: assignment.hashUsed,
    variationId: assignment.index,
    value,
    hashAttribute: assignment.hashAttribute,
    hashValue: assignment.hashValue,
    stickyBucketUsed: assignment.stickyUsed,
    ...(assignment.name !== undefined && { name: assignment.name }),
    ...(assignment.bucket !== null && { bucket: assignment.bucket }),
    ...(assignment.leaf !== undefined && assignment.hashUsed && { leafId: assignment.leaf }),
  };
}

function featureAgrees(evaluation, key, expected) {
  const got = evaluation.feature(key);
  const { experiment, experimentResult, ...plain } = expected;
  const { assignment, ...said } = got;
  if (!equal({ ...said, off: !said.on }, plain)) return false;
  if ((assignment === undefined) !== (experimentResult === undefined)) return false;
  if (assignment === undefined) return true;
  // The weights and the bandit's version are the document's own words.
  const { variationWeights, banditVersion, ...result } = experimentResult;
  return equal(inSdkWords(key, assignment, got.value), result);
}

const CHECKS = {
  evalCondition: (e, c) =>
    e.feature('f').value === c[3] || (e.feature('f').value === false && !c[3]),
  feature: (e, c) => featureAgrees(e, c[2], c[3]),
  contextualBandit: (e, c) => featureAgrees(e, c[2], c[3]),
  run(e, c) {
    const [got] = e.experiments();
    return equal(got.value, c[3]) && got.inExperiment === c[4] && got.hashUsed === c[5];
  },
  stickyBucket(e, c) {
    const got = e.feature(c[3]);
    if (c[4] === null) return got.assignment === undefined;
    return equal(inSdkWords(c[3], got.assignment, got.value), c[4]);
  },
  urlRedirect(e, c) {
    const first = e.experiments().find(({ inExperiment }) => inExperiment);
    return first?.value.urlRedirect === c[2][0]?.urlRedirect;
  },
  hash: (e, c) => e.experiments()[0].inExperiment === (c[3] !== null),
  inNamespace: (e, c) => e.experiments()[0].inExperiment === c[3],
  getQueryStringOverride(e, c) {
    const [got] = e.experiments();
    return (got.inExperiment ? got.index : null) === c[4];
  },
};

/** The faults of one case; none when it passes. */
export function check(native) {
  const expected = suite[native.kind][native.index];
  const flags = flagsOf(Buffer.from(native.program, 'base64'));
  const faults = [];
  const request = encodeRequest(native.request);
  if (!same(request, Buffer.from(native.requestBytes, 'base64'))) {
    faults.push('the request has other bytes than natively');
  }
  const evaluation = flags.evaluateRoot(native.request, native.request, native.now);
  if (!same(evaluation.rows.buffer, Buffer.from(native.rows, 'base64'))) {
    faults.push('the rows have other bytes than natively');
  }
  if (!CHECKS[native.kind](evaluation, expected)) {
    const got = native.feature ? evaluation.feature(native.feature) : evaluation.experiments();
    faults.push(`gives ${JSON.stringify(got)}`);
  }
  if (
    native.request.url !== undefined &&
    !equal(urlOf(native.request.url.raw), native.request.url)
  ) {
    faults.push(`reads the address as ${JSON.stringify(urlOf(native.request.url.raw))}`);
  }
  return faults;
}
