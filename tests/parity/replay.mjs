// Replays parity cases (parity_world.cc) through engine.wasm by its C ABI. Runs unchanged in Node, workerd and a browser.

/**
 * @param {WebAssembly.Module} module
 * @param {Uint8Array} snapshot
 * @param {Uint8Array} cases
 * @returns {Uint8Array} the answers, in parity_world's form
 */
export function replay(module, snapshot, cases) {
  const x = new WebAssembly.Instance(module, {}).exports;
  x._initialize?.();
  const at = x.fl_reserve(snapshot.length);
  new Uint8Array(x.memory.buffer).set(snapshot, at);
  const status = x.fl_load(snapshot.length);
  if (status !== 0) throw new Error(`fl_load: status ${status}`);
  const memory = new Uint8Array(x.memory.buffer);
  const io = x.fl_io();
  const input = new DataView(cases.buffer, cases.byteOffset, cases.byteLength);
  let out = new Uint8Array(1 << 20);
  let size = 0;
  const put = (n) => {
    if (n < 0) throw new Error(`status ${-n}`);
    if (size + 4 + n > out.length) {
      const larger = new Uint8Array(out.length * 2);
      larger.set(out);
      out = larger;
    }
    new DataView(out.buffer).setUint32(size, n, true);
    out.set(memory.subarray(io, io + n), size + 4);
    size += 4 + n;
  };
  let p = 0;
  const u32 = () => {
    p += 4;
    return input.getUint32(p - 4, true);
  };
  const block = () => {
    const n = u32();
    memory.set(cases.subarray(p, p + n), io);
    p += n;
    return n;
  };
  while (p < cases.length) {
    const decoded = x.fl_visitor_decode(block());
    if (decoded !== 0) throw new Error(`fl_visitor_decode: status ${decoded}`);
    x.fl_visitor_interact(u32(), u32(), u32(), u32(), u32());
    put(x.fl_decide(block()));
    put(x.fl_visitor_encode());
  }
  return out.slice(0, size);
}
