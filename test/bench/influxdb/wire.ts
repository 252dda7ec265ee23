import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const CHANNEL = 'net.client.socket';

/** Begins to count the bytes that this process sends to a server by TCP, by connections that are still to come. */
export function sentTo(url: string): () => number {
  const sockets: Socket[] = [];
  const { port } = new URL(url);
  const collect = (message: unknown) => sockets.push((message as { socket: Socket }).socket);
  subscribe(CHANNEL, collect);
  return () => {
    unsubscribe(CHANNEL, collect);
    const own = sockets.filter(({ remotePort }) => `${remotePort}` === port);
    return own.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  };
}
