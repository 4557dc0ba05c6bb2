// Every fuzz target for at least a minute: executions_NAME and crashes_NAME, beside `targets`, `executions` and `crashes`.
//
//   ./dev bench fuzz [--seconds 60] [--jobs 2] [--json FILE]
//
// Builds the address sanitizer's build first. A crash leaves its input in build/fuzz/NAME-crash-…; as a test it belongs
// into tests/fuzz/corpus/NAME.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, report, root, tell } from './report.mjs';

const options = parse();
const seconds = Number(options.seconds ?? 60);
const jobs = Number(options.jobs ?? 2);
execFileSync(join(root, 'dev'), ['build', 'asan'], { stdio: 'inherit' });

const targets = readdirSync(join(root, 'tests/fuzz'))
  .filter((name) => name.endsWith('.cc'))
  .map((name) => name.slice(0, -3))
  .concat('page')
  .sort();

function commandOf(name) {
  if (name === 'page') {
    return [process.execPath, [join(root, 'tests/fuzz/page.mjs'), '--seconds', String(seconds)]];
  }
  const found = join(root, 'build/fuzz', name);
  mkdirSync(found, { recursive: true });
  return [
    join(root, 'build/asan', `fuzz_${name}`),
    [
      `-max_total_time=${seconds}`,
      '-max_len=4096',
      '-rss_limit_mb=4096',
      '-print_final_stats=1',
      `-dict=${join(root, 'tests/fuzz/json.dict')}`,
      `-artifact_prefix=${found}-`,
      found,
      join(root, 'tests/fuzz/corpus', name),
    ],
  ];
}

const figures = { targets: targets.length, executions: 0, crashes: 0 };

async function run(name) {
  const [program, args] = commandOf(name);
  const tmp = existsSync('/dev/shm') ? '/dev/shm' : undefined;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(tmp && { TMPDIR: tmp }) },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => {
      log = (log + bytes).slice(-200_000);
    });
  }
  const code = await new Promise((resolve) => child.on('exit', resolve));
  const executions = Number(/number_of_executed_units:\s*(\d+)/.exec(log)?.[1] ?? 0);
  figures[`executions_${name}`] = executions;
  figures[`crashes_${name}`] = code === 0 ? 0 : 1;
  figures.executions += executions;
  figures.crashes += code === 0 ? 0 : 1;
  if (code !== 0) console.error(log.slice(-4000));
  tell(`${name}: ${executions} executions, ${code === 0 ? 'no crash' : 'A CRASH'}`);
}

const waiting = [...targets];
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) await run(name);
  }),
);
if (targets.some((name) => !figures[`executions_${name}`] && !figures[`crashes_${name}`])) {
  throw new Error('a target did not run');
}
report('fuzz', figures, { goals: { targets: { min: 10 }, crashes: { max: 0 } } });
