export * from './engine.js';
export * from './fields.js';
export * from './manifest.js';
