// The decision that the worker has put into the page (edge/PAGE.md): what the slots already show.
import type { DecisionData } from '../../wasm/binding/decider.js';

/** Undefined on a page that no worker has filled. */
export function adoptDecision(root: Document = document): DecisionData | undefined {
  try {
    return JSON.parse(root.getElementById('fl-decision')?.textContent ?? '') as DecisionData;
  } catch {
    return undefined;
  }
}
