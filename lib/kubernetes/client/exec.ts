import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { WebSocket } from 'ws';

import { beginning } from '../../beginning.ts';
import { errorOf } from '../../error-of.ts';
import type { Access } from './access.ts';
import { ExecError, type Status, statusFrom } from './exec-error.ts';

export interface Command {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The program and its arguments; no shell is between. */
  readonly command: readonly string[];
}

/** With v5 a client can end stdin alone, which is not done here: API servers before 1.30 know v4. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
/** The first byte of a message says what its others are. */
const [STDOUT, STDERR, STATUS] = [1, 2, 3];
/** Milliseconds for the connection, through a proxy if there is one, and the answer to the request. */
const HANDSHAKE = 15_000;
/** Bytes of a message: the API server copies 32 KiB at a time. */
const MESSAGE_MOST = 4 * 1024 * 1024;
/** Bytes of stderr, and of the answer to a request that is refused, that are kept. */
const KEPT_MOST = 4096;

/**
 * Runs a command in a container of a pod, as `kubectl exec -i` does. Resolves to its stdout when the API server has granted
 * it. The command's stdin stays open as long as the connection, so a command that reads it to its end ends with the
 * stream: when that is destroyed, the signal aborted, or this process killed.
 *
 * client-node's own Exec does not say why it was refused, reads on while nobody takes what was read, and may end this
 * process's stdout.
 *
 * @throws ExecError, also as the error of the stream, or the error of the connection
 */
export async function exec(
  access: Access,
  { namespace, pod, container, command }: Command,
  signal: AbortSignal,
): Promise<Readable> {
  const { headers, tls, agent } = await access.credentials();
  signal.throwIfAborted();
  const query = new URLSearchParams({ container, stdin: 'true', stdout: 'true', stderr: 'true' });
  for (const word of command) query.append('command', word);
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`;
  const socket = new WebSocket(access.server.replace(/^http/, 'ws') + path, PROTOCOLS, {
    ...tls,
    ...(agent && { agent }),
    headers: { ...headers, 'accept-encoding': 'identity' },
    perMessageDeflate: false,
    maxPayload: MESSAGE_MOST,
  });
  const stdout = stdoutOf(socket, access.clean);
  // Nobody has the stream before the connection is there.
  stdout.on('error', () => {});
  const opened = Promise.withResolvers<void>();
  const abort = () => socket.terminate();
  signal.addEventListener('abort', abort);
  socket
    .on('open', opened.resolve)
    .on('error', opened.reject)
    .on('close', () => signal.removeEventListener('abort', abort))
    .on('unexpected-response', (_request, response) => {
      if (response.statusCode === 401) access.refused();
      void refusal(response, access.clean).then((error) => {
        opened.reject(error);
        socket.terminate();
      });
    });
  const late = setTimeout(() => {
    opened.reject(new Error(`the API server has not answered in ${HANDSHAKE / 1000} s`));
    socket.terminate();
  }, HANDSHAKE);
  try {
    await opened.promise;
  } finally {
    clearTimeout(late);
  }
  return stdout;
}

/** What comes out of the command. It is read no faster than it is taken. */
function stdoutOf(socket: WebSocket, clean: Access['clean']): Readable {
  let stderr = '';
  let status: Status | undefined;
  let broken: Error | undefined;
  const stdout = new Readable({
    read: () => socket.resume(),
    destroy(error, done) {
      socket.terminate();
      done(error);
    },
  });
  socket.on('message', (message: Buffer) => {
    const bytes = message.subarray(1);
    const [channel] = message;
    if (channel === STDOUT && bytes.length > 0 && !stdout.push(bytes)) socket.pause();
    if (channel === STDERR) stderr = (stderr + bytes.toString()).slice(-KEPT_MOST);
    if (channel === STATUS) status = statusFrom(bytes.toString());
  });
  socket.on('error', (error) => (broken = error));
  socket.on('close', () => {
    if (stdout.destroyed) return;
    if (status?.status === 'Success') stdout.push(null);
    else if (status) stdout.destroy(new ExecError(status, clean(stderr)));
    else stdout.destroy(broken ?? new Error('the connection was lost'));
  });
  return stdout;
}

/** Why the API server, or a proxy before it, does not let the command run. */
async function refusal(response: IncomingMessage, clean: Access['clean']): Promise<Error> {
  const { statusCode: code = 0 } = response;
  try {
    const body = Buffer.concat(await Array.fromAsync(beginning(response, KEPT_MOST))).toString();
    return new ExecError({ code, ...statusFrom(clean(body)) }, '');
  } catch (error) {
    return errorOf(error);
  }
}
