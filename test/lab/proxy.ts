import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A proxy that tunnels (CONNECT). */
export interface ProxyServer extends AsyncDisposable {
  readonly url: string;
  /** What was asked for: `CONNECT host:port`. */
  readonly requests: readonly string[];
  /** A name that this proxy alone knows. */
  resolve(name: string, address: string): void;
}

/** `user`: `name:password` that it wants to see. */
export async function startProxy(host = '127.0.0.1', user?: string): Promise<ProxyServer> {
  const requests: string[] = [];
  const names = new Map<string, string>();
  const resolved = (name: string) => names.get(name) ?? name;
  const sockets = new Set<Socket>();
  const wanted = user && `Basic ${Buffer.from(user).toString('base64')}`;
  const server = createServer();
  server.on('connect', (asked: IncomingMessage, near: Socket) => {
    requests.push(`CONNECT ${asked.url}`);
    near.on('error', () => {});
    if (wanted && asked.headers['proxy-authorization'] !== wanted) {
      near.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const { hostname, port } = new URL(`http://${asked.url}`);
    const far = connect(Number(port || 80), resolved(hostname.replace(/^\[|\]$/g, '')), () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      far.pipe(near).pipe(far);
    });
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.on('close', () => far.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    url: `http://${user ? `${user}@` : ''}${host}:${(server.address() as AddressInfo).port}`,
    requests,
    resolve: (name, address) => void names.set(name, address),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
