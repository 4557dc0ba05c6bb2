// The decision that the worker has put into the page (edge/PAGE.md): what the slots already show.
import type { DecisionData } from '../../wasm/binding/decider.js';
import type { PageFlags } from '../../wasm/binding/page_flags.js';
import { attempt } from './store.js';

/** Undefined on a page that no worker has filled. */
export function adoptDecision(root: Document = document): DecisionData | undefined {
  return read('fl-decision', root);
}

/** What the worker says of flags on a page that is nobody's in particular; undefined without. */
export function adoptFlags(root: Document = document): PageFlags | undefined {
  return read('fl-flags', root);
}

function read<T>(id: string, root: Document): T | undefined {
  return attempt(() => JSON.parse(root.getElementById(id)?.textContent ?? '') as T);
}
