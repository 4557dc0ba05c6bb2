// What a page with marked-up slots gets by loading elements.js and nothing else: its client from
// <meta name="footlight">, the worker's decision adopted or a decision made here, and everything the page shows of it.
//
//   <meta name="footlight" content="static" data-base="/_fl" data-key="…" data-api="https://origin.example">
//   <script type="module" src="/_fl/elements.js"></script>
//
// With content="edge" data-key may be left out. In data-consent="opt-out" silence counts as consent (the worker's CONSENT_MODE).

import { fillPage, findSlots, restorePage, slotRequest } from '../sdk/fill.js';
import { surroundingsHere } from '../sdk/here.js';
import { adoptDecision, adoptFlags, createFootlight, type Footlight } from '../sdk/index.js';
import { showScores } from './show.js';
import { watch } from './watch.js';

/** kMaxSlotRequests of core/rank/decide.h */
const MAX_SLOTS = 16;

const MODES = ['edge', 'local'] as const;

let client: Footlight | undefined;

/** The page's client; undefined when the page names no site. */
export function footlight(): Footlight | undefined {
  return client;
}

export function wirePage(): Footlight | undefined {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="footlight"]');
  if (!meta || client) return client;
  const { base, key, api, consent, minVersion } = meta.dataset;
  const decision = adoptDecision();
  const slots = [...findSlots()]
    .slice(0, MAX_SLOTS)
    .map(([name, container]) => slotRequest(name, container));
  client = createFootlight({
    mode: MODES.find((mode) => mode === meta.content) ?? 'static',
    publicKey: key,
    implied: consent === 'opt-out',
    minVersion: Number(minVersion ?? 0),
    slots,
    decision,
    flags: adoptFlags(),
    context: decision?.context ?? surroundingsHere(),
    ...(base !== undefined && { base }),
    ...(api !== undefined && { api }),
  });
  const page = client;
  // The first decision is Footlight's idea, so it may not move the page; later ones answer what the visitor did.
  let asked = false;
  let shown = decision?.slots;
  page.on((latest) => {
    showScores(latest);
    if (latest?.slots === shown) return; // new scores alone
    shown = latest?.slots;
    if (!latest) {
      // What the worker had filled only the site still has; the choice is in the cookie that asks for it.
      if (!restorePage()) location.reload();
      return;
    }
    fillPage(latest, { fields: page.fields, asked });
  });
  if (decision) showScores(decision);
  // The worker has decided already, or has left a page alone that is not to be personalised.
  if (meta.content !== 'edge' && page.personalizes && slots.length) {
    page
      .decide()
      .catch(() => {}) // the page's own content stands
      .finally(() => (asked = true));
  } else asked = true;
  watch(page);
  return page;
}
