import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { errorOf } from '../../lib/error-of.ts';
import type { Config } from '../config.ts';
import { ConfigError } from '../../lib/config-error.ts';
import type { Health, Verdict } from './health.ts';
import { BACKLOG, listener } from './listener.ts';
import type { Exposition } from './metrics/exposition.ts';

/** A scrape reads /proc of every capture, so within this time (milliseconds) the text stays the same. */
const FRESH = 1000;

/**
 * Serves the probes (200 or 503, with the reasons as lines of text) and the metrics.
 * @throws ConfigError if it cannot listen
 */
export async function serve(
  listen: Config['listen'],
  health: Pick<Health, 'alive' | 'ready'>,
  exposition: Exposition,
): Promise<Server> {
  let last = { at: -Infinity, text: Promise.resolve('') };
  const text = () => {
    const at = performance.now();
    if (at - last.at >= FRESH) last = { at, text: exposition.metrics() };
    return last.text;
  };
  const server = listener((request, response) => {
    // The URL may have a query, or be absolute as for a proxy.
    const path = URL.parse(request.url ?? '', 'http://any')?.pathname;
    if (path === '/healthz') answer(response, health.alive());
    else if (path === '/readyz') answer(response, health.ready());
    else if (path === '/metrics') void scrape(response, exposition.contentType, text());
    else send(response, 404, ['not found', 'there are /healthz, /readyz and /metrics']);
  });
  server.listen({ ...listen, backlog: BACKLOG });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const why = errorOf(cause).message;
    throw new ConfigError([
      `LISTEN is "${listen.host ?? ''}:${listen.port}"; it cannot be used: ${why}`,
    ]);
  }
  return server;
}

async function scrape(
  response: ServerResponse,
  contentType: string,
  text: Promise<string>,
): Promise<void> {
  try {
    const body = await text;
    response.writeHead(200, { 'content-type': contentType, connection: 'close' }).end(body);
  } catch (error) {
    send(response, 500, ['the metrics cannot be read', String(error)]);
  }
}

function answer(response: ServerResponse, { ok, reasons }: Verdict): void {
  send(response, ok ? 200 : 503, [ok ? 'ok' : 'not ok', ...reasons]);
}

function send(response: ServerResponse, status: number, lines: readonly string[]): void {
  const headers = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' };
  response.writeHead(status, headers).end(`${lines.join('\n')}\n`);
}
