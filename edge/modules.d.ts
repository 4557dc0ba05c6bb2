// What the bundler leaves as imports: wrangler.toml's rules say which type of module it is.
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
