import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { once } from 'node:events';
import { helloOf, simulatedAgent, type SimulatedFlow } from './simulated-agent.ts';

/** Listens on a Unix socket as an agent does, and returns its path. */
export async function listen(t: TestContext, answer: (socket: Socket) => void): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'nstats-top-'));
  const path = join(directory, 'top.sock');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    answer(socket);
  });
  await once(server.listen(path), 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
    rmSync(directory, { recursive: true });
  });
  return path;
}

/** An agent that is well, but may be late by so many milliseconds. */
export function agent(
  t: TestContext,
  node: string,
  flows: () => readonly SimulatedFlow[],
  late = 0,
): Promise<string> {
  return listen(t, (socket) => {
    const gone = new AbortController();
    socket.on('close', () => gone.abort());
    const speak = () => simulatedAgent(helloOf(node, 1), flows, gone.signal).pipe(socket);
    setTimeout(speak, late).unref();
  });
}
