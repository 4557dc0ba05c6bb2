// What the visitor allows. A purpose is granted by an explicit choice, or, where the site's owner says that the law
// lets silence count (`implied`), by silence without a signal against it. The explicit choice wins over the signal.
import type { Choices } from './record.js';

export type Purpose = 'personalization' | 'measurement';

/** Global Privacy Control or Do Not Track. */
export function hasSignal(): boolean {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & {
    globalPrivacyControl?: boolean;
  };
  return globalPrivacyControl === true || doNotTrack === '1';
}

export function isAllowed(choices: Choices, purpose: Purpose, implied = false): boolean {
  const choice = choices[purpose];
  return (
    !choices.optedOut && (choice === 'granted' || (choice === 'unset' && implied && !hasSignal()))
  );
}
