import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type Config, ConfigError } from './config.ts';
import type { Health, Verdict } from './health.ts';
import type { Exposition } from './metrics/exposition.ts';

/** What a probe needs, and no more: whoever is slow or large is cut off. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000,
};
const CONNECTIONS = 64;

/**
 * Answers the probes, with 200 or 503 and the reasons as lines of text, and Prometheus.
 * @throws ConfigError if it cannot listen
 */
export async function serve(
  listen: Config['listen'],
  health: Health,
  exposition: Exposition,
): Promise<Server> {
  const server = createServer(LIMITS, (request, response) => {
    if (request.url === '/healthz') answer(response, health.alive());
    else if (request.url === '/readyz') answer(response, health.ready());
    else if (request.url === '/metrics') void scrape(response, exposition);
    else send(response, 404, ['not found', 'there are /healthz, /readyz and /metrics']);
  });
  server.maxConnections = CONNECTIONS;
  server.listen(listen.port, listen.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError([
      `LISTEN is "${listen.host ?? ''}:${listen.port}"; it cannot be used: ${why}`,
    ]);
  }
  return server;
}

async function scrape(response: ServerResponse, exposition: Exposition): Promise<void> {
  const text = await exposition.metrics();
  response.writeHead(200, { 'content-type': exposition.contentType, connection: 'close' });
  response.end(text);
}

function answer(response: ServerResponse, { ok, reasons }: Verdict): void {
  send(response, ok ? 200 : 503, [ok ? 'ok' : 'not ok', ...reasons]);
}

function send(response: ServerResponse, status: number, lines: readonly string[]): void {
  const headers = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' };
  response.writeHead(status, headers).end(`${lines.join('\n')}\n`);
}
