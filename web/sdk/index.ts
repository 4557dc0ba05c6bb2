// The SDK: profile, decide, track, consent, and filling of marked-up slots. Importing it does nothing.
export type {
  DecisionData,
  EntryData,
  SlotRequest,
} from '../../wasm/binding/decider.js';
export type { PageFlags } from '../../wasm/binding/page_flags.js';
export { adoptDecision, adoptFlags } from './adopt.js';
export {
  type Answers,
  createFootlight,
  type Footlight,
  type FootlightOptions,
  type Interaction,
  type Listener,
  type ProfileRest,
} from './client.js';
export { hasSignal, type Purpose } from './consent.js';
export type { TrackedEvent } from './outbox.js';
export type { Choices } from './record.js';
