export * from './engine.js';
export * from './fields.js';
export * from './flags.js';
export * from './manifest.js';
export * from './manifest_check.js';
export * from './surroundings.js';
