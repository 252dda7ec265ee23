import type { Socket } from 'node:net';
import { LiveReader } from '../../lib/top/live-reader.ts';
import type { Options } from './options.ts';
import { showTop } from './show.ts';
import { connectToAgent } from './socket.ts';

/** Shows what one agent sees, and asks it again when it is lost. Returns the exit code. */
export async function showAgent(first: Socket, options: Options): Promise<number> {
  const stop = new AbortController();
  const live = new LiveReader(options);
  const sockets = [first];
  const open = async () => sockets.pop() ?? connectToAgent(process.env);
  const name = process.env['NODE_NAME'] ?? 'this node';
  const followed = live.follow(name, open, stop.signal);
  try {
    return await showTop({ live, options, signal: stop.signal });
  } finally {
    stop.abort();
    await followed;
  }
}
