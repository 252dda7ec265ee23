import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const CHANNEL = 'net.client.socket';

/** Begins to count the bytes that this process sends to a server by TCP, by connections that are still to come. */
export function sentTo(url: string): () => number {
  const sockets: Socket[] = [];
  const { port } = new URL(url);
  // A socket that is closed does not know any more where it led to.
  const collect = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    socket.once('connect', () => `${socket.remotePort}` === port && sockets.push(socket));
  };
  subscribe(CHANNEL, collect);
  return () => {
    unsubscribe(CHANNEL, collect);
    return sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  };
}
