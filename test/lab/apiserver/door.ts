import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The TCP side of a server: all of its connections pass through here, and come to harm here. */
export interface Door {
  readonly port: number;
  /** How many connections are open. */
  readonly connections: number;
  /** Sends RST on the connection that the server behind knows by this port of its peer. */
  reset(port: number): void;
  /** Ends all connections with nothing but FIN, as the death of a process does. */
  sever(): void;
  /** Lets nothing through either way on the connections there are, which stay open. */
  freeze(): void;
  /** Severs and refuses connections. */
  down(): Promise<void>;
  /** Takes connections again, on the same port. */
  up(): Promise<void>;
  /** Refuses connections; those there are go on, but for the frozen ones. */
  shut(): void;
  /** Resolves when the last connection is gone. */
  closed(): Promise<void>;
}

interface Passage {
  readonly outside: Socket;
  readonly inside: Socket;
}

/** Opens a door on a free port of the host to the server that listens on a port of loopback. */
export async function openDoor(host: string, behind: number): Promise<Door> {
  const passages = new Set<Passage>();
  const frozen = new Set<Passage>();
  const server = createServer((outside) => {
    const passage = { outside, inside: connect(behind, '127.0.0.1') };
    const { inside } = passage;
    passages.add(passage);
    outside.pipe(inside).pipe(outside);
    inside.on('error', () => {}).on('close', () => outside.destroySoon());
    outside
      .on('error', () => {})
      .on('close', () => {
        inside.destroy();
        passages.delete(passage);
        frozen.delete(passage);
      });
  });
  const listen = async (at: number) => {
    server.listen(at, host);
    await once(server, 'listening');
  };
  await listen(0);
  const address = server.address() as AddressInfo;
  const sever = () => passages.forEach(({ outside }) => outside.destroy());
  let closed = once(server, 'close');
  const shut = () => {
    if (server.listening) server.close();
    frozen.forEach(({ outside }) => outside.destroy());
  };
  return {
    port: address.port,
    get connections() {
      return passages.size;
    },
    reset(peer) {
      for (const { inside, outside } of passages) {
        if (inside.localPort === peer) outside.resetAndDestroy();
      }
    },
    sever,
    freeze() {
      for (const passage of passages) {
        frozen.add(passage);
        passage.outside.unpipe().pause();
        passage.inside.unpipe().pause();
      }
    },
    async down() {
      shut();
      sever();
      await closed;
    },
    async up() {
      await listen(address.port);
      closed = once(server, 'close');
    },
    shut,
    closed: async () => void (await closed),
  };
}
