import type { Socket } from 'node:net';

/** Milliseconds for a reader to take what was written. */
const PATIENCE = 30_000;

/** One who reads frames, as fast as they are taken: what comes while the last one is not taken is lost. */
export class Outlet {
  readonly #socket: Socket;
  readonly #patience: number;
  /** Cuts the reader off. */
  #late: NodeJS.Timeout | undefined;

  constructor(socket: Socket, patience = PATIENCE) {
    [this.#socket, this.#patience] = [socket, patience];
    socket.on('drain', () => this.#taken());
    socket.once('close', () => this.#taken());
    socket.on('error', () => {});
    // Readers say nothing.
    socket.resume();
  }

  write(line: Buffer): void {
    if (this.#socket.writableNeedDrain || !this.#socket.writable) return;
    if (this.#socket.write(line)) return;
    this.#late = setTimeout(() => this.#socket.destroy(), this.#patience).unref();
  }

  #taken(): void {
    clearTimeout(this.#late);
  }
}
