// Starts the real `footlight` on a fresh folder and a free port, and speaks to it.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { checkerOf } from './openapi.mjs';

const root = path.resolve(import.meta.dirname, '../..');
export const PROGRAM = process.env.FOOTLIGHT_PROGRAM ?? path.join(root, 'build/release/footlight');
export const DEMO = path.join(root, 'web/demo/content');
export const run = promisify(execFile);

/** A folder with the demo site, published unless said otherwise. */
export async function newSite({ publish = true } = {}) {
  const data = mkdtempSync(path.join(tmpdir(), 'footlight-origin-'));
  const footlight = (...args) => run(PROGRAM, ['--data', data, ...args]);
  await footlight('import', 'site', path.join(DEMO, 'site.json'));
  await footlight('import', 'content', path.join(DEMO, 'content.jsonl'));
  if (publish) await footlight('publish');
  const remove = () => rmSync(data, { recursive: true, force: true });
  return { data, footlight, remove };
}

/** `footlight serve`; resolves when it listens. */
export async function serve(site, ...options) {
  const child = spawn(PROGRAM, ['--data', site.data, 'serve', '--port', '0', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const base = await new Promise((resolve, reject) => {
    const look = (bytes) => {
      log += bytes;
      const found = /http:\/\/[\d.]+:\d+/.exec(log);
      if (found) resolve(found[0]);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('exit', () => reject(new Error(`footlight ended: ${log}`)));
  });
  const exited = new Promise((resolve) =>
    child.on('exit', (code, signal) => resolve({ code, signal })),
  );
  const stop = (signal = 'SIGTERM') => {
    child.kill(signal);
    return exited;
  };
  const check = checkerOf(await (await fetch(`${base}/openapi.json`)).json());
  const call = async (method, at, { body, headers = {}, token, user, type } = {}) => {
    const response = await fetch(base + at, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': type ?? 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
        ...(user && { 'x-user-id': user }),
        ...headers,
      },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      // not every answer is JSON
    }
    check(method, at, response.status, json, body);
    return { status: response.status, headers: response.headers, text, json };
  };
  return { base, port: Number(new URL(base).port), call, stop, log: () => log };
}

/** Sends bytes as they are (null: that was all); resolves with everything that came back until the connection was closed. */
export function raw(port, ...pieces) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    socket.on('close', () => resolve(text));
    socket.on('error', (error) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(text) : reject(error),
    );
    for (const piece of pieces) {
      if (piece === null) socket.end();
      else socket.write(piece);
    }
  });
}

export const ANSWERS = {
  timeline: '3+ years – this story has been in my heart a long time',
  personal_meaning: ["It's my baby – I've poured my heart into it"],
  project_for: 'Me – I want to see it come to life',
  format: 'Feature Film',
  materials: ['A script or draft', 'A pitch deck'],
  excited_parts: ['Packaging the full story into a complete project'],
  involvement: 'Very involved — I want to be part of every step',
  start_timing: "ASAP – I'm ready now",
  budget: '$15-50K',
  logline: 'In a world where...',
  description: 'Longer description...',
  want_consult: true,
};
