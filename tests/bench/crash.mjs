// kill -9 at random moments under load: rounds, acknowledged, lost, duplicated, unreadable.
//
//   ./dev bench crash [--rounds 200] [--json FILE]
import { crashRounds } from '../origin/crash_rounds.mjs';
import { newSite } from '../origin/program.mjs';
import { parse, report, tell } from './report.mjs';

const rounds = Number(parse().rounds ?? 200);
const site = await newSite();
try {
  const figures = await crashRounds(site, rounds, { tell });
  report('crash', figures, {
    goals: {
      rounds: { min: 200 },
      lost: { max: 0 },
      duplicated: { max: 0 },
      unreadable: { max: 0 },
    },
  });
} finally {
  site.remove();
}
