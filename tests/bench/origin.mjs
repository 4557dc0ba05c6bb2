// `./dev bench origin`: processor time of the origin for one homepage, with 100,000 stored profiles, against the same server
// answering a constant body of the same size (bench_bare). Profiles are made through POST /api/profile, so that tokens,
// encryption and records are what visitors have. `cold` draws visitors uniformly, `hot` by Zipf 1.1. Rounds alternate;
// figures are medians. The load is wrk, from another process.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { alternate, median, parse, processorTimeUs, report, root } from './report.mjs';

const run = promisify(execFile);
const options = parse();
const PROFILES = Number(options.profiles ?? 100_000);
const ROUNDS = Number(options.rounds ?? 7);
const SECONDS = Number(options.seconds ?? 4);
const CONNECTIONS = 64;
const DRAWS = 200_000;
const program = join(root, 'build/release/footlight');
const content = join(root, 'web/demo/content');

const folder = mkdtempSync(join(tmpdir(), 'footlight-origin-'));
const children = [];
const tell = (line) => process.stderr.write(`${line}\n`);

/** Starts a server and resolves with its port, named on the first line it prints. */
async function start(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const line = await new Promise((done, failed) => {
    createInterface({ input: child.stdout }).once('line', done);
    child.once('exit', (status) => failed(new Error(`${command} ended with status ${status}`)));
  });
  return { pid: child.pid, port: Number(/(\d+)\s*$/.exec(line)[1]) };
}

let seed = 7;
const random = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
const pick = (list) => list[Math.floor(random() * list.length)];

/** Answers to a whole questionnaire, at random. */
function answers(questions) {
  const out = {};
  for (const { name, kind, options: choices } of questions) {
    if (kind === 'text')
      out[name] = 'In a world where every harbour has closed, one keeper lights the lamp.';
    else if (kind === 'boolean') out[name] = random() < 0.5;
    else {
      const labels = choices.map(({ label }) => (typeof label === 'string' ? label : label.en));
      out[name] = kind === 'multiple' ? [...new Set([pick(labels), pick(labels)])] : pick(labels);
    }
  }
  return out;
}

/** 100,000 visitors by the public API; their tokens. */
async function makeProfiles(port, count) {
  const { questions } = JSON.parse(readFileSync(join(content, 'site.json'), 'utf8'));
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const tokens = [];
  let made = 0;
  const one = () =>
    new Promise((done, failed) => {
      const body = JSON.stringify({
        questionnaireData: answers(questions),
        consent: { personalization: 'granted', measurement: 'granted' },
      });
      const request = http.request(
        {
          agent,
          port,
          method: 'POST',
          path: '/api/profile',
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk) => (text += chunk));
          response.on('end', () => {
            if (response.statusCode !== 200)
              return failed(new Error(`POST /api/profile: ${response.statusCode} ${text}`));
            const { token, profileId } = JSON.parse(text);
            tokens.push(`${token} ${profileId}`);
            done();
          });
        },
      );
      request.once('error', failed);
      request.end(body);
    });
  const worker = async () => {
    while (made < count) {
      made++;
      if (made % 10000 === 0) tell(`  ${made} of ${count} profiles`);
      await one();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  agent.destroy();
  return tokens;
}

/** Ranks drawn by Zipf with exponent s over n, by the inverse of the summed weights. */
function zipf(n, s, draws) {
  const sums = new Float64Array(n);
  let total = 0;
  for (let i = 0; i < n; i++) sums[i] = total += 1 / (i + 1) ** s;
  return Array.from({ length: draws }, () => {
    const target = random() * total;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > target) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** A wrk script that asks for the homepages of the visitors in a file, one after the other. */
function script(name, lines) {
  writeFileSync(join(folder, `${name}.txt`), lines.join('\n'));
  const file = join(folder, `${name}.lua`);
  writeFileSync(
    file,
    `local requests, at = {}, 0
local offset = 0
function setup(thread) thread:set("start", offset); offset = offset + 40009 end
function init()
  for line in io.lines("${join(folder, `${name}.txt`)}") do
    local token, id = line:match("(%S+) (%S+)")
    requests[#requests + 1] = wrk.format("GET", "/api/personalization/homepage",
      { ["Authorization"] = "Bearer " .. token, ["X-User-ID"] = id })
  end
  at = start
end
function request() at = at % #requests + 1; return requests[at] end
function done(summary, latency)
  io.write(string.format("requests=%d errors=%d p99_us=%d duration_us=%d\\n", summary.requests,
    summary.errors.status + summary.errors.read + summary.errors.connect + summary.errors.timeout,
    latency:percentile(99), summary.duration))
end
`,
  );
  return file;
}

/** One round of load: processor time per request, requests per second, p99. */
async function load({ pid, port }, lua) {
  const before = processorTimeUs(pid);
  const { stdout } = await run('wrk', [
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${SECONDS}s`,
    '-s',
    lua,
    `http://127.0.0.1:${port}`,
  ]);
  const spent = processorTimeUs(pid) - before;
  const [, requests, errors, p99, duration] =
    /requests=(\d+) errors=(\d+) p99_us=(\d+) duration_us=(\d+)/.exec(stdout).map(Number);
  if (errors > 0) throw new Error(`${errors} of ${requests} requests failed`);
  return { us: spent / requests, rps: requests / (duration / 1e6), p99_ms: p99 / 1000 };
}

try {
  const data = join(folder, 'data');
  for (const args of [
    ['import', 'site', join(content, 'site.json')],
    ['import', 'content', join(content, 'content.jsonl')],
    ['publish'],
  ]) {
    await run(program, ['--data', data, ...args]);
  }
  const origin = await start(program, [
    '--data',
    data,
    'serve',
    '--port',
    '0',
    '--rate-limit',
    '0',
  ]);
  tell(`making ${PROFILES} profiles`);
  const begin = Date.now();
  const tokens = await makeProfiles(origin.port, PROFILES);
  const seconds = (Date.now() - begin) / 1000;

  // The answer first: everybody's own page, whole, and nobody's without a token.
  const sizes = [];
  const url = `http://127.0.0.1:${origin.port}/api/personalization/homepage`;
  const heroes = new Set();
  for (let i = 0; i < 50; i++) {
    const [token, id] = pick(tokens).split(' ');
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, 'x-user-id': id },
    });
    const text = await response.text();
    const page = JSON.parse(text);
    assert.equal(page.featuredProjects.length, 6);
    assert.equal(page.services.length, 4);
    assert.equal(page.testimonials.length, 3);
    heroes.add(page.hero.id);
    sizes.push(text.length);
  }
  assert.ok(heroes.size > 3, 'visitors get their own heroes');
  assert.equal((await fetch(url)).status, 401);
  const bytes = Math.round(median(sizes));

  const bare = await start(join(root, 'build/release/bench_bare'), [String(bytes)]);
  const uniform = script(
    'uniform',
    Array.from({ length: DRAWS }, () => pick(tokens)),
  );
  const skewed = script(
    'zipf',
    zipf(tokens.length, 1.1, DRAWS).map((rank) => tokens[rank]),
  );
  const results = await alternate(ROUNDS, {
    bare: () => load(bare, uniform),
    cold: () => load(origin, uniform),
    hot: () => load(origin, skewed),
  });
  const of = (name, key) => median(results[name].map((result) => result[key]));
  const ratio = (name) => median(results.bare.map((result, i) => result.us / results[name][i].us));
  report(
    'origin',
    {
      profiles: tokens.length,
      profiles_per_s: tokens.length / seconds,
      body_bytes: bytes,
      bare_cpu_us: of('bare', 'us'),
      homepage_cpu_us_cold: of('cold', 'us'),
      homepage_cpu_us_hot: of('hot', 'us'),
      homepage_cpu_us: of('cold', 'us'),
      ratio_cold: ratio('cold'),
      ratio_hot: ratio('hot'),
      rps_bare: of('bare', 'rps'),
      rps_cold: of('cold', 'rps'),
      rps_hot: of('hot', 'rps'),
      p99_ms_bare: of('bare', 'p99_ms'),
      p99_ms_cold: of('cold', 'p99_ms'),
      p99_ms_hot: of('hot', 'p99_ms'),
    },
    { goals: { ratio_cold: { min: 0.3 }, ratio_hot: { min: 0.5 } } },
  );
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
