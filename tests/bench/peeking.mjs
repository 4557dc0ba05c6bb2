// `./dev bench peeking`: experiments without an effect, looked at 40 times each. How often the fixed-horizon test, looked
// at like that, calls something (the warning), how often the always-valid one does, and how often all intervals of an
// experiment with a planted lift hold the truth.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parse, report, root } from './report.mjs';

parse();
const figures = JSON.parse(execFileSync(join(root, 'build/release/bench_peeking')).toString());
const limit = figures.alpha + 2 * figures.standard_error;
report('peeking', figures, {
  goals: {
    runs: { min: 2000 },
    looks: { min: 20 },
    sequential_fpr: { max: limit },
    coverage: { min: 1 - limit },
  },
});
