// What is on its way to the origin: every event stays here until the origin's receipt, over pages, tabs and days
// without a network. One key an event, so that two tabs never overwrite each other's.
import { attempt, type Store } from './store.js';

/** An interaction as POST /api/personalization/interactions takes it. */
export interface TrackedEvent {
  eventId: string;
  /** missing where it is about no content: an exposure to a variant, a goal */
  contentId?: string;
  contentType?: string;
  /** would_show: in apprentice mode, what would have been shown; exposure: to a variant of an experiment */
  action: 'view' | 'click' | 'engage' | 'convert' | 'would_show' | 'exposure';
  experiment?: string;
  variant?: string;
  /** what was reached, by the site's own name */
  goal?: string;
  /** of the goal, such as an order's */
  value?: number;
  /** milliseconds engaged */
  duration?: number;
  feedback?: 'positive' | 'negative' | 'neutral';
  /** where the decision put it */
  slot?: string;
  /** 0 is the first card of the slot */
  position?: number;
  propensity?: number;
  confidence?: number;
  /** its matchReason */
  reason?: string;
  snapshotVersion?: number;
  /** the page view it happened in, as one word */
  context?: number | undefined;
  /** ISO 8601 */
  occurredAt: string;
}

/** Beyond this the oldest are dropped: a visitor without a network for a week must not fill the storage. */
export const MAX_PENDING = 200;
/** A keepalive request may carry 64 KiB in all; 50 events are about 15. */
const MAX_BATCH = 50;
const BATCH_MS = 400;
const MAX_WAIT_MS = 60000;

/** Ids with a receipt; null: try again later. */
export type Send = (events: TrackedEvent[]) => Promise<readonly string[] | null>;

export interface Outbox {
  add(event: TrackedEvent): void;
  pending(): TrackedEvent[];
  /** Sends now. Never rejects. */
  flush(): Promise<void>;
  clear(): void;
}

export function openOutbox(store: Store, send: Send): Outbox {
  const events = new Map<string, TrackedEvent>();
  let wait = BATCH_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> | undefined;

  const remove = (id: string) => {
    events.delete(id);
    store.set(`q-${id}`, '');
  };
  const schedule = () => {
    timer ??= setTimeout(box.flush, wait);
  };
  const deliver = async () => {
    const batch = [...events.values()].slice(0, MAX_BATCH);
    const receipts = batch.length ? await send(batch).catch(() => null) : [];
    for (const id of receipts ?? []) remove(id);
    // Nothing received means that the network or the origin is away: twice the wait, up to a minute.
    wait = receipts?.length || !batch.length ? BATCH_MS : Math.min(2 * wait, MAX_WAIT_MS);
    sending = undefined;
    if (events.size) schedule();
  };

  const box: Outbox = {
    add(event) {
      events.set(event.eventId, event);
      store.set(`q-${event.eventId}`, JSON.stringify(event));
      for (const id of events.keys()) if (events.size > MAX_PENDING) remove(id);
      schedule();
    },
    pending: () => [...events.values()],
    flush() {
      clearTimeout(timer);
      timer = undefined;
      sending ??= deliver();
      return sending;
    },
    clear() {
      for (const id of events.keys()) remove(id);
    },
  };

  for (const key of store.keys('q-')) {
    const event = attempt(() => JSON.parse(store.get(key)) as TrackedEvent);
    if (event) events.set(event.eventId, event);
    else store.set(key, '');
  }
  if (events.size) schedule();
  return box;
}
