// What happened in this isolate, in memory: `/_fl/status` tells. Numbers only, nothing about a visitor.

export const COUNTERS = {
  /** pages answered with a decision, from kept pieces and through HTMLRewriter */
  page_joined: 0,
  page_streamed: 0,
  /** pages whose own content stood: nothing known of the visitor, or the visitor wants it so */
  page_default: 0,
  /** pages whose own content stood because something failed; the reason is counted below */
  page_failed_open: 0,
  /** sent on to another address by an experiment */
  page_redirected: 0,
  page_kept: 0,
  page_revalidated: 0,
  crawler: 0,
  api_answered: 0,
  interaction_taken: 0,
  interaction_forwarded: 0,
  snapshot_loaded: 0,

  no_snapshot: 0,
  engine_trap: 0,
  engine_refused: 0,
  record_invalid: 0,
  template_malformed: 0,
  page_error: 0,
  api_error: 0,
  site_unreachable: 0,
  origin_unreachable: 0,
  origin_refused: 0,
  event_dropped: 0,
  manifest_missing: 0,
  manifest_malformed: 0,
  manifest_forged: 0,
  manifest_expired: 0,
  manifest_stale: 0,
  manifest_unsupported: 0,
  snapshot_missing: 0,
  snapshot_corrupt: 0,
  snapshot_overdue: 0,
  canary_missing: 0,
  request_refused: 0,
};

export type Counter = keyof typeof COUNTERS;

export function count(counter: Counter, by = 1): void {
  COUNTERS[counter] += by;
}
