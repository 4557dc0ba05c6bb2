// The surroundings of the page that this code runs in, where no worker has said them.
import { clockOf, deviceOf, referrerOf } from '../../wasm/binding/surroundings.js';

/** As one word, for FootlightOptions.context. */
export function surroundingsHere(): number {
  const now = new Date();
  return (
    deviceOf(navigator.userAgent) |
    clockOf(now.getHours(), now.getDay()) |
    (referrerOf(document.referrer, location.host) << 12)
  );
}
