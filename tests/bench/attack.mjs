// How many attacks are tried and how many succeed: routes, cases, passed, failed.
//
// The cases of tests/origin/attack_cases.mjs: the authorization matrix of every route of the OpenAPI document, limits,
// smuggling, hostile content, forged snapshots, rates.
import {
  collector,
  credentialsOf,
  tryCredentials,
  tryHostileContent,
  tryLimits,
  tryRates,
  trySmuggling,
  trySnapshots,
} from '../origin/attack_cases.mjs';
import { newSite, serve } from '../origin/program.mjs';
import { report, tell } from './report.mjs';

const cases = collector();
const site = await newSite();
const origin = await serve(site);
try {
  const credentials = await credentialsOf(site, origin);
  const attacks = {
    credentials: () => tryCredentials(origin, credentials, cases),
    limits: () => tryLimits(origin, credentials, cases),
    smuggling: () => trySmuggling(origin, cases),
    content: () => tryHostileContent(origin, credentials, cases),
    snapshots: () => trySnapshots(site, cases),
    rates: () => tryRates(serve, site, cases),
  };
  const figures = {};
  for (const [name, work] of Object.entries(attacks)) {
    const before = cases.passed + cases.failures.length;
    await work();
    figures[`cases_${name}`] = cases.passed + cases.failures.length - before;
    tell(`${name}: ${figures[`cases_${name}`]} cases`);
  }
  for (const failure of cases.failures) console.error(failure);
  const failed = cases.failures.length;
  report(
    'attack',
    {
      routes: cases.routes,
      cases: cases.passed + failed,
      passed: cases.passed,
      failed,
      ...figures,
    },
    { goals: { cases: { min: 500 }, failed: { max: 0 } } },
  );
} finally {
  await origin.stop();
  site.remove();
}
