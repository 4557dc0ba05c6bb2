// Replays parity cases inside workerd: the body is u32 snapshot bytes, the snapshot, the cases; the answer is the answers.
import module from './engine.wasm';
import { replay } from './replay.mjs';

export default {
  async fetch(request) {
    const body = new Uint8Array(await request.arrayBuffer());
    const size = new DataView(body.buffer).getUint32(0, true);
    return new Response(replay(module, body.subarray(4, 4 + size), body.subarray(4 + size)));
  },
};
