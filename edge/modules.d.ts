// What the bundler leaves as imports: wrangler.toml's rules say which type of module each is.
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

/** A file for the browser, already compressed with gzip. */
declare module '*.gz' {
  const bytes: ArrayBuffer;
  export default bytes;
}
