import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** The connections of a server and the ways in which they can end. */
export interface Connections {
  /** Sends RST on the one that a request came by. */
  reset(socket: Socket): void;
  /** Ends all of them with nothing but FIN, as the death of a process does. */
  sever(): void;
  /** Ends all of them once what was written is sent. */
  finish(): void;
}

export function connectionsOf(server: Server): Connections {
  // A TLSSocket cannot be reset and does not tell its TCP socket: they are matched by the peer.
  const tcp = new Map<string, Socket>();
  const tls = new Set<TLSSocket>();
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    tcp.set(peer, socket);
    socket.once('close', () => tcp.delete(peer));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    tls.add(socket);
    socket.once('close', () => tls.delete(socket));
  });
  return {
    reset: (socket) => void tcp.get(peerOf(socket))?.resetAndDestroy(),
    sever: () => tcp.forEach((socket) => socket.destroy()),
    finish: () => tls.forEach((socket) => socket.destroySoon()),
  };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
