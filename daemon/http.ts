import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { type Config, ConfigError } from './config.ts';
import type { Health, Verdict } from './health.ts';
import { BACKLOG, listener } from './listener.ts';

/**
 * Answers the probes: 200 or 503, with the reasons as lines of text.
 * @throws ConfigError if it cannot listen
 */
export async function serveHealth(listen: Config['listen'], health: Health): Promise<Server> {
  const server = listener((request, response) => {
    if (request.url === '/healthz') answer(response, health.alive());
    else if (request.url === '/readyz') answer(response, health.ready());
    else send(response, 404, ['not found', 'there are /healthz and /readyz']);
  });
  server.listen({ ...listen, backlog: BACKLOG });
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

function answer(response: ServerResponse, { ok, reasons }: Verdict): void {
  send(response, ok ? 200 : 503, [ok ? 'ok' : 'not ok', ...reasons]);
}

function send(response: ServerResponse, status: number, lines: readonly string[]): void {
  const headers = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' };
  response.writeHead(status, headers).end(`${lines.join('\n')}\n`);
}
