// What a client can do with a connection: bytes that could be read in two ways, bodies without end, and silence.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { newSite, raw, serve } from './program.mjs';

let site;
let origin;

before(async () => {
  site = await newSite({ publish: false });
  origin = await serve(site);
});

after(async () => {
  const { code } = await origin.stop();
  assert.equal(code, 0);
  site.remove();
});

test('bodies: counted, closed when too large, never taken for a request', async () => {
  const head = (extra) =>
    `POST /api/profile HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${extra}\r\n`;
  const smuggled = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
  const big = ' '.repeat(70000);
  const declared = await raw(origin.port, head('Content-Length: 70000\r\n'), big, smuggled);
  assert.match(declared, /^HTTP\/1\.1 413 /);
  assert.equal(declared.match(/HTTP\/1\.1/g).length, 1);
  assert.match(declared, /Connection: close/);
  const chunk = `${(70000).toString(16)}\r\n${big}\r\n`;
  const chunked = await raw(origin.port, head('Transfer-Encoding: chunked\r\n'), chunk, smuggled);
  assert.match(chunked, /^HTTP\/1\.1 413 /);
  assert.equal(chunked.match(/HTTP\/1\.1/g).length, 1);
  for (const extra of [
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    'Content-Length: 5\r\nContent-Length: 6\r\n',
    'Content-Length: +5\r\n',
    'Transfer-Encoding: gzip\r\n',
  ]) {
    const answer = await raw(origin.port, head(extra), '0\r\n\r\n', smuggled);
    assert.match(answer, /^HTTP\/1\.1 400 /, extra);
    assert.equal(answer.match(/HTTP\/1\.1/g).length, 1, extra);
  }
  const got = await raw(
    origin.port,
    'GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n',
    smuggled,
  );
  assert.equal(got.match(/HTTP\/1\.1/g).length, 1);
  const unknown = await raw(
    origin.port,
    `POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\n\r\n`,
    smuggled,
  );
  assert.equal(unknown.match(/HTTP\/1\.1/g).length, 1);
  const long = await raw(
    origin.port,
    `GET /${'a'.repeat(5000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  );
  assert.match(long, /^HTTP\/1\.1 414 /);
  const heads = [
    `GET /healthz HTTP/1.1\r\nX: ${'y'.repeat(40000)}`,
    `GET /healthz HTTP/1.1\r\n${'A: b\r\n'.repeat(8000)}`,
    `GET /${'a'.repeat(40000)}`,
  ];
  for (const head of heads) {
    const refused = await raw(origin.port, head);
    assert.match(refused, /^HTTP\/1\.1 431 /);
    assert.match(refused, /"code":"headers_too_large"/);
  }
  const extended = await raw(
    origin.port,
    `POST /api/profile HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2;${'e'.repeat(400000)}`,
  );
  assert.match(extended, /^HTTP\/1\.1 4/);
  const pipelined = await raw(
    origin.port,
    smuggled,
    smuggled.replace('Host: x', 'Host: x\r\nConnection: close'),
  );
  assert.equal(pipelined.match(/HTTP\/1\.1 200/g).length, 2);
});

test('a head that could be read in two ways hides no request', async () => {
  const hidden = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
  const length = hidden.length;
  for (const line of [
    `Content-Length : ${length}`,
    `Content-Length\t: ${length}`,
    ` Content-Length: ${length}`,
    `X: y\r\n Content-Length: ${length}`,
    `Content-Length\0: ${length}`,
    `X: y\rContent-Length: ${length}`,
    `X: y\nContent-Length: ${length}`,
    'Content-Length:',
    'Transfer-Encoding : chunked',
  ]) {
    const head = `POST /api/profile HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${line}\r\n\r\n`;
    const answer = await raw(origin.port, head + hidden);
    assert.match(answer, /^HTTP\/1\.1 400 /, line);
    assert.match(answer, /"code":"bad_request"/, line);
    assert.equal(answer.match(/HTTP\/1\.1/g).length, 1, line);
  }
});

/** Connections that have sent `bytes` and stay open. */
async function openSlow(count, bytes, port = origin.port) {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => {});
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  if (bytes) for (const socket of sockets) socket.write(bytes);
  return sockets;
}

const post = (extra) =>
  `POST /api/profile HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${extra}\r\n\r\n`;
const SLOW = {
  'nothing at all': '',
  'half a line': 'GET /hea',
  'half a head': 'GET /healthz HTTP/1.1\r\nHost: x\r\n',
  'half a body': `${post('Content-Length: 60')}{"questionnaireData"`,
};

test('who sends slowly holds nobody up', async () => {
  for (const [what, bytes] of Object.entries(SLOW)) {
    const slow = await openSlow(100, bytes);
    let closed = 0;
    for (const socket of slow) socket.on('close', () => closed++);
    for (let i = 0; i < 20; i++) {
      assert.equal((await origin.call('GET', '/healthz')).status, 200);
      const { status } = await origin.call('POST', '/api/profile', {
        body: { questionnaireData: {} },
      });
      assert.equal(status, 200, what);
    }
    assert.equal(closed, 0, `${what}: answered before the first of them was given up`);
    // And whoever goes on in the end is answered, too.
    if (what === 'half a head') {
      slow[0].write('\r\n');
      const [answer] = await once(slow[0], 'data');
      assert.match(String(answer), /^HTTP\/1\.1 200 /);
    }
    if (what === 'half a body') {
      slow[0].write(`:{}${' '.repeat(60 - 20 - 4)}}`);
      const [answer] = await once(slow[0], 'data');
      assert.match(String(answer), /^HTTP\/1\.1 200 /);
    }
    for (const socket of slow) socket.destroy();
  }
});

test('only some threads wait for long bodies; the rest of those is told to come back', async () => {
  const slow = await openSlow(40, `${post('Transfer-Encoding: chunked')}5\r\n{"que`);
  const refused = await Promise.any(
    slow.map(async (socket) => {
      const [bytes] = await once(socket, 'data');
      return String(bytes);
    }),
  );
  assert.match(refused, /^HTTP\/1\.1 503 /);
  assert.match(refused, /"code":"unavailable"/);
  assert.equal((await origin.call('GET', '/healthz')).status, 200);
  for (const socket of slow) socket.destroy();
});

test('a body that arrives in small pieces is taken whole', async () => {
  const body = JSON.stringify({ questionnaireData: { logline: 'x'.repeat(300) } });
  for (const bytes of [
    post(`Content-Length: ${body.length}`) + body,
    `${post('Transfer-Encoding: chunked')}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  ]) {
    const [socket] = await openSlow(1);
    const answered = once(socket, 'data');
    for (const byte of bytes) await new Promise((sent) => socket.write(byte, sent));
    assert.match(String((await answered)[0]), /^HTTP\/1\.1 200 /);
    socket.destroy();
  }
});

test('SIGTERM waits for nobody who has not asked', async () => {
  const other = await serve(site);
  const slow = [];
  for (const bytes of Object.values(SLOW)) slow.push(...(await openSlow(40, bytes, other.port)));
  const ends = Promise.all(slow.map((socket) => once(socket, 'close')));
  const { code } = await other.stop();
  assert.equal(code, 0);
  await ends;
});
