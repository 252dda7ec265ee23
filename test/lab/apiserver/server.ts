import { once } from 'node:events';

import { type Allowed, authenticate } from './access.ts';
import { openDoor } from './door.ts';
import type { ExecOptions, Upgrade } from './exec.ts';
import type { Fault } from './faults.ts';
import { type Context, handle } from './handler.ts';
import type { Issuer } from './issuer.ts';
import { listen } from './listen.ts';
import type { Response } from './outlet.ts';
import { type Reply, replyTo, type Request } from './reply.ts';
import { failed, Refused } from './status.ts';
import { Store } from './store.ts';

export interface ApiServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** Default true; HTTP/1.1 is always spoken. */
  readonly http2?: boolean;
  /** Bearer token to user name, looked up anew each time; without it everyone is the admin. */
  readonly tokens?: ReadonlyMap<string, string>;
  /** RBAC; default: everything, but to the anonymous nothing. */
  readonly allowed?: Allowed;
  /** Who issues tokens of service accounts; without it there is no issuer discovery. */
  readonly issuer?: Issuer;
  /** Commands that are run in pods; without it there is no exec. */
  readonly exec?: ExecOptions;
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
  /** Cuts and refuses connections until it is up again; the store lives on, as etcd does. */
  down(): Promise<void>;
  /**
   * Listens again on the same port: as a new process, which knows no version from before it, or as one
   * that was cut off and has gone on.
   */
  up(options?: { readonly restarted?: boolean }): Promise<void>;
  /** Says nothing more to the requests under way that are chosen; their connections stay open. */
  mute(which: (request: RequestRecord) => boolean): void;
  /** Neither reads from nor writes to the connections there are, which stay open. */
  freeze(): void;
  /** Asks all HTTP/2 clients to go to another connection with their next request. */
  goaway(): void;
  /** How many connections are open. */
  readonly connections: number;
}

/** Starts a stand-in for kube-apiserver 1.26. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { host = '127.0.0.1', tokens } = options;
  const store = new Store();
  const requests: RequestRecord[] = [];
  const serving = new Set<Promise<void>>();
  const replies = new Map<RequestRecord, Reply>();
  const closing = new AbortController();
  const context: Context = {
    store,
    allowed: options.allowed ?? (() => true),
    issuer: options.issuer,
    exec: options.exec,
    pace: { second: options.second ?? 1000, bookmarkInterval: options.bookmarkInterval ?? 60_000 },
    closing: closing.signal,
  };
  const closed = once(closing.signal, 'abort');
  let fault: Fault | undefined;

  const serve = async (request: Request, response: Response, upgrade?: Upgrade): Promise<void> => {
    const user = authenticate(request.headers.authorization, tokens);
    const { method = '', url: path = '' } = request;
    const record = { method, path, user: user ?? '', status: 0, bytes: 0, at: Date.now() };
    requests.push(record);
    const reply = replyTo(request, response, record);
    replies.set(record, reply);
    const outcome = (await fault?.(record)) ?? 'proceed';
    if (outcome === 'reset') door.reset(request.socket.remotePort ?? 0);
    else if (typeof outcome === 'object' && 'status' in outcome) await reply.answer(outcome);
    else if (outcome !== 'hang') {
      if (outcome !== 'proceed') reply.spoil(outcome);
      await handle(request, user, reply, context, upgrade).catch(refuse(request, reply));
    }
    await Promise.race([reply.gone, closed]);
    replies.delete(record);
    if (closing.signal.aborted && !reply.complete) reply.drop();
  };

  const server = await listen(options.tls, options.http2 ?? true, (request, response, upgrade) => {
    const served = serve(request, response, upgrade).finally(() => serving.delete(served));
    serving.add(served);
  });
  const door = await openDoor(host, server.port);

  const shut = async () => {
    door.shut();
    closing.abort();
    await Promise.allSettled(serving);
    await Promise.all([server.close(), door.closed()]);
  };
  let shutting: Promise<void> | undefined;
  const close = () => (shutting ??= shut());
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${door.port}`,
    store,
    requests,
    fault: (next) => void (fault = next),
    close,
    cut: () => door.sever(),
    down: () => door.down(),
    async up({ restarted = true } = {}) {
      if (restarted) store.restart();
      await door.up();
    },
    mute: (which) => {
      for (const [record, reply] of replies) if (which(record)) reply.mute();
    },
    freeze: () => door.freeze(),
    goaway: () => server.goaway(),
    get connections() {
      return door.connections;
    },
    [Symbol.asyncDispose]: close,
  };
}

function refuse(request: Request, reply: Reply): (error: unknown) => Promise<void> {
  return async (error) => {
    if (error instanceof Refused) await reply.answer(failed(error.failure));
    // A client that leaves in the middle of its request is no bug; anything else is one of the stand-in's.
    else if (!request.errored) throw error;
  };
}
