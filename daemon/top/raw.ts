import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { NoAgentError } from './socket.ts';

export interface RawOptions {
  /** Of the agent. */
  readonly socket: Socket;
  /** Its end is that of whoever reads: the kubelet closes it with the connection. What comes is not read. */
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly signal: AbortSignal;
}

/** What comes goes out at once; the fastest level takes the least CPU of the node. */
const GZIP = { flush: constants.Z_SYNC_FLUSH, level: constants.Z_BEST_SPEED };

/**
 * Hands on an agent's lines, gzipped, until the reader has gone, `signal` is aborted or the agent has ended.
 * @throws NoAgentError if the agent says nothing, or nobody can read
 */
export async function runRaw({ socket, stdin, stdout, signal }: RawOptions): Promise<void> {
  let why = 'the agent has no place for one more; fix: end some other `nstats top`';
  const over = new AbortController();
  const isRead = () => socket.bytesRead > 0;
  stdin
    .on('error', () => over.abort())
    .once('close', () => over.abort())
    .once('end', () => {
      if (!isRead()) why = 'stdin is closed; fix: keep it open, as `kubectl exec -i` does';
      over.abort();
    })
    .resume();
  // An error here is the end of the reader, or of the agent.
  await pipeline(socket, createGzip(GZIP), stdout, {
    signal: AbortSignal.any([signal, over.signal]),
  }).catch(() => {});
  if (!isRead() && !signal.aborted) throw new NoAgentError(why);
}
