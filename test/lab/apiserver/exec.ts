import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';

import type { StoredObject } from './object.ts';
import type { Sent } from './reply.ts';
import { badRequest, type Failure, Refused, statusOf } from './status.ts';
import type { Target } from './target.ts';

/** What runs in a container for an exec. */
export interface Executed {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr?: Readable;
  /** Resolves to its exit code. */
  readonly ended: Promise<number>;
}

export interface ExecOptions {
  /** Runs a command in a container of a pod; undefined if the container does not run. */
  readonly run: (command: readonly string[], pod: StoredObject) => Executed | undefined;
  /** By default what API servers from 1.30 on speak. */
  readonly protocols?: readonly string[];
}

/** An HTTP/1.1 request to leave HTTP, and the connection that is left. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

interface Granting extends ExecOptions {
  readonly upgrade: Upgrade | undefined;
  /** The answer, in which bytes are counted as they are sent. */
  readonly sent: Sent;
  readonly closing: AbortSignal;
}

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
/** The first byte of a message; the last two are v5's, and say that a stream has ended, and which. */
const [STDIN, STDOUT, STDERR, STATUS, CLOSE] = [0, 1, 2, 3, 255];

/** A real process as what runs. */
export function executed(child: ChildProcess): Executed {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error('a process of an exec needs pipes');
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.on('error', reject).on('close', (code) => resolve(code ?? 137));
  return { stdin, stdout, stderr, ended: promise };
}

/** Serves an exec as API server, kubelet and containerd do together. Resolves when its connection has ended. */
export async function exec(
  pod: StoredObject,
  { query }: Target,
  { run, protocols = PROTOCOLS, upgrade, sent, closing }: Granting,
): Promise<void> {
  if (!upgrade) throw new Refused(badRequest('Upgrade request required'));
  checkContainer(pod, query.get('container'));
  const server = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered].find((each) => protocols.includes(each)) ?? false,
  });
  const { promise: opened, resolve } = Promise.withResolvers<WebSocket>();
  server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, resolve);
  const socket = await opened;
  sent.status = 101;
  const closed = once(socket, 'close');
  const terminate = () => socket.terminate();
  socket.on('error', terminate);
  closing.addEventListener('abort', terminate);
  const send = async (channel: number, bytes: Buffer) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    sent.bytes += bytes.length + 1;
    socket.send(Buffer.concat([Buffer.of(channel), bytes]), () => resolve());
    await promise;
  };
  const status = await runIn(socket, send, () => run(query.getAll('command'), pod));
  await send(STATUS, Buffer.from(JSON.stringify(status)));
  socket.close(1000);
  await closed;
  closing.removeEventListener('abort', terminate);
}

type Send = (channel: number, bytes: Buffer) => Promise<void>;

/** Connects what runs with the socket. Resolves to the Status of its end. */
async function runIn(
  socket: WebSocket,
  send: Send,
  start: () => Executed | undefined,
): Promise<object> {
  // kubelet tells the client so that the connection is there.
  await send(STDOUT, Buffer.alloc(0));
  const process = start();
  if (!process) return internalError('unable to upgrade connection: container not found ("main")');
  const { stdin, stdout, stderr, ended } = process;
  stdin.on('error', () => {});
  socket.on('message', (message: Buffer) => {
    const [channel, closing] = message;
    if (channel === STDIN) stdin.write(message.subarray(1));
    if (channel === CLOSE && closing === STDIN) stdin.end();
  });
  // The process is not killed: it may notice that nobody writes to it any more, or reads.
  socket.on('close', () => {
    stdin.end();
    stdout.destroy();
    stderr?.destroy();
  });
  const copies = [copy(stdout, send, STDOUT), ...(stderr ? [copy(stderr, send, STDERR)] : [])];
  try {
    const code = await ended;
    await Promise.all(copies);
    return code === 0 ? { metadata: {}, status: 'Success' } : nonZero(code);
  } catch (error) {
    const { path = '' } = error as { path?: string };
    return internalError(
      `error executing command in container: failed to exec in container: failed to start exec "e1": ` +
        `OCI runtime exec failed: exec failed: unable to start container process: exec: "${path}": ` +
        'executable file not found in $PATH: unknown',
    );
  }
}

/** Sends what is read, no faster than the client takes it. */
async function copy(from: Readable, send: Send, channel: number): Promise<void> {
  try {
    for await (const bytes of from as AsyncIterable<Buffer>) await send(channel, bytes);
  } catch {
    // The connection has gone before.
  }
}

interface Spec {
  readonly nodeName?: string;
  readonly containers?: readonly { readonly name: string }[];
}

function refused(message: string): Refused {
  return new Refused(badRequest(message));
}

function checkContainer({ metadata, spec }: StoredObject, container: string | null): void {
  const { nodeName, containers = [] } = (spec ?? {}) as Spec;
  const names = containers.map(({ name }) => name);
  if (!container && names.length > 1)
    throw refused(
      `a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(' ')}]`,
    );
  if (container && !names.includes(container))
    throw refused(`container ${container} is not valid for pod ${metadata.name}`);
  if (!nodeName) throw refused(`pod ${metadata.name} does not have a host assigned`);
}

function nonZero(code: number): object {
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command, exit code ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

function internalError(message: string): object {
  const failure: Failure = {
    code: 500,
    message: `Internal error occurred: ${message}`,
    reason: 'InternalError',
    details: { causes: [{ message }] },
  };
  return statusOf(failure);
}
