// SPEC.md's ABTestingFramework.
//
//   const tests = new ABTestingFramework({ footlight: footlight() });               // in a page behind a worker
//   const tests = new ABTestingFramework({ api: 'https://origin.example', apiKey }); // on a server
//
// In a page the visitor is its own, whatever `userId` says. On a server `userId` is any id that stays the same: the
// origin keeps a keyed hash of it. `testName` is the experiment's id.
import type { Footlight } from './client.js';
import { Origin, type OriginAccess, OriginError } from './origin.js';
import type { ABTest, TestResults } from './spec.js';

export interface ABTestingAccess extends OriginAccess {
  /** The page's client: then nothing is asked of the origin but results. */
  footlight?: Pick<Footlight, 'flags' | 'flag' | 'expose' | 'trackConversion'> | undefined;
}

/** The goal of trackConversion(), which SPEC.md leaves without a name. */
const GOAL = 'conversion';

export class ABTestingFramework {
  readonly #page: ABTestingAccess['footlight'];
  readonly #origin: Origin;

  constructor(access: ABTestingAccess) {
    this.#page = access.footlight;
    this.#origin = new Origin(access);
  }

  /**
   * The variant's key, by hash of the user's id; asking is being exposed to it. The control's where the visitor is not in
   * the experiment, without an exposure. Rejects for an experiment that there is not.
   */
  async assignVariant(userId: string, testName: string): Promise<string> {
    if (this.#page) return this.#assignedInPage(testName);
    const test = await this.#origin.admin<ABTest & { flag?: string; status?: string }>(
      'GET',
      `/experiments/${encodeURIComponent(testName)}`,
    );
    const control = test.variants[0]?.key as string;
    if (test.status !== 'running' || !test.flag) return control;
    const { variant, metadata } = await this.#origin.send<{
      variant?: string;
      metadata?: { experiment?: string };
    }>('POST', `/ofrep/v1/evaluate/flags/${encodeURIComponent(test.flag)}`, {
      context: { targetingKey: userId },
    });
    if (variant === undefined || metadata?.experiment !== testName) return control;
    await this.#report({ action: 'exposure', experiment: testName, variant, visitorId: userId });
    return variant;
  }

  /** A conversion under the goal "conversion". `variant` is not taken on trust: who saw what, the exposures say. */
  async trackConversion(userId: string, _testName: string, _variant: string): Promise<void> {
    if (this.#page) this.#page.trackConversion(GOAL);
    else await this.#report({ action: 'convert', goal: GOAL, visitorId: userId });
  }

  /** Needs { apiKey } with any scope. */
  analyzeResults(testName: string): Promise<TestResults> {
    return this.#origin.admin('GET', `/experiments/${encodeURIComponent(testName)}/results`);
  }

  #assignedInPage(testName: string): string {
    const { experiments, behind, shaped } = this.#page?.flags ?? {};
    const variant = experiments?.[testName];
    if (variant === undefined) {
      throw new OriginError(404, 'not_found', `the page is in no experiment '${testName}'`);
    }
    if (shaped?.includes(testName)) this.#page?.expose();
    for (const [flag, experiment] of Object.entries(behind ?? {})) {
      if (experiment === testName) this.#page?.flag(flag, null);
    }
    return variant;
  }

  #report(event: object): Promise<unknown> {
    const one = { ...event, eventId: crypto.randomUUID(), occurredAt: new Date().toISOString() };
    return this.#origin.send('POST', '/api/personalization/interactions', { interactions: [one] });
  }
}
