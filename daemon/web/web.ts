import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { errorOf } from '../../lib/error-of.ts';
import type { Live } from '../../lib/top/view.ts';
import { pageFiles } from './files.ts';
import { webServer } from './server.ts';
import { Tabs } from './tabs.ts';

export interface WebOptions {
  readonly live: Live;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** By default any that is free. */
  readonly port?: number;
  /** Is given the address to open in a browser, as soon as it can be. */
  readonly ready: (address: string) => void;
}

/**
 * Serves the page on this machine, and to nobody without the address, until the signal is aborted.
 * @throws Error if the port cannot be used
 */
export async function runWeb({ live, signal, port = 0, ready }: WebOptions): Promise<void> {
  const token = randomBytes(24).toString('base64url');
  const server = webServer({ files: pageFiles(), tabs: new Tabs(live), token });
  server.listen({ host: '127.0.0.1', port });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(`port ${port} cannot be used: ${errorOf(cause).message}`, { cause });
  }
  const closed = once(server, 'close');
  const end = () => {
    server.close();
    server.closeAllConnections();
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  const { port: actual } = server.address() as AddressInfo;
  ready(`http://127.0.0.1:${actual}/#${token}`);
  await closed;
}
