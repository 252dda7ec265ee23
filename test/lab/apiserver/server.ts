import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';

import { type Allowed, authenticate } from './access.ts';
import { connectionsOf } from './connections.ts';
import type { Fault } from './faults.ts';
import { type Context, handle } from './handler.ts';
import { type Reply, replyTo } from './reply.ts';
import { failed, Refused } from './status.ts';
import { Store } from './store.ts';

export interface ApiServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default any that is free. */
  readonly port?: number;
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** Bearer token to user name; without it everyone is the admin. */
  readonly tokens?: ReadonlyMap<string, string>;
  /** RBAC; default: everything, but to the anonymous nothing. */
  readonly allowed?: Allowed;
  /** Default 60 000 ms. */
  readonly bookmarkInterval?: number;
  /** How long a second of the protocol (timeoutSeconds and the like) lasts; default 1000 ms. */
  readonly second?: number;
}

/** One request and what came of it; `status` and `bytes` grow with the response. */
export interface RequestRecord {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Empty when the token is nobody's. */
  readonly user: string;
  /** 0 until an answer starts. */
  readonly status: number;
  /** Of the body, as sent. */
  readonly bytes: number;
  /** Date.now() at its arrival. */
  readonly at: number;
}

export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  readonly store: Store;
  readonly requests: readonly RequestRecord[];
  /** Lets a fault decide about every request from now on; undefined ends that. */
  fault(next: Fault | undefined): void;
  /** Ends watches cleanly, finishes what is being answered, and stops listening. */
  close(): Promise<void>;
  /** Severs every connection in mid-stream, as a killed API server does; goes on listening. */
  cut(): void;
}

/** Starts a stand-in for kube-apiserver 1.26. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { host = '127.0.0.1', port = 0, tokens, tls } = options;
  const store = new Store();
  const requests: RequestRecord[] = [];
  const serving = new Set<Promise<void>>();
  const closing = new AbortController();
  const context: Context = {
    store,
    allowed: options.allowed ?? (() => true),
    pace: { second: options.second ?? 1000, bookmarkInterval: options.bookmarkInterval ?? 60_000 },
    closing: closing.signal,
  };
  let fault: Fault | undefined;

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const user = authenticate(request.headers.authorization, tokens);
    const { method = '', url: path = '' } = request;
    const record = { method, path, user: user ?? '', status: 0, bytes: 0, at: Date.now() };
    requests.push(record);
    const reply = replyTo(request, response, record);
    const outcome = (await fault?.(record)) ?? 'proceed';
    if (outcome === 'reset') connections.reset(request.socket);
    else if (outcome === 'hang') await hang(reply, closing.signal);
    else if (outcome !== 'proceed') reply.answer(outcome);
    else await handle(request, user, reply, context).catch(refuse(request, reply));
  };

  // A client that never ends its handshake must not hold up close().
  const server = createServer({ ...tls, handshakeTimeout: 5_000, keepAliveTimeout: 90_000 });
  const connections = connectionsOf(server);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const served = serve(request, response).finally(() => serving.delete(served));
    serving.add(served);
  });
  server.listen(port, host);
  await once(server, 'listening');

  const shut = async () => {
    const closed = once(server, 'close');
    server.close();
    closing.abort();
    await Promise.allSettled(serving);
    connections.finish();
    await closed;
  };
  let shutting: Promise<void> | undefined;
  const close = () => (shutting ??= shut());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    store,
    requests,
    fault: (next) => void (fault = next),
    close,
    cut: () => connections.sever(),
    [Symbol.asyncDispose]: close,
  };
}

function refuse(request: IncomingMessage, reply: Reply): (error: unknown) => void {
  return (error) => {
    if (error instanceof Refused) reply.answer(failed(error.failure));
    // A client that leaves in the middle of its request is no bug; anything else is one of ours.
    else if (!request.errored) throw error;
  };
}

async function hang(reply: Reply, closing: AbortSignal): Promise<void> {
  if (!closing.aborted) await Promise.race([reply.gone, once(closing, 'abort')]);
  reply.drop();
}
