// What a visitor may ask for, for pages with a script; links and plain forms do the same with a worker in front
// (edge/privacy.ts). And locally private reporting. Importing it does nothing.
export { type PrivacyClient, type PrivacySettings, privacyOf } from './privacy.js';
export {
  choosePair,
  type PrivateReporter,
  type PrivateReportingOptions,
  reportPrivately,
  respond,
} from './reporting.js';
