// The decision that the worker has put into the page (edge/PAGE.md): what the slots already show.
import type { DecisionData } from '../../wasm/binding/decider.js';
import { attempt } from './store.js';

/** Undefined on a page that no worker has filled. */
export function adoptDecision(root: Document = document): DecisionData | undefined {
  return attempt(
    () => JSON.parse(root.getElementById('fl-decision')?.textContent ?? '') as DecisionData,
  );
}
