import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { PageFile } from './files.ts';
import type { Tabs } from './tabs.ts';

/** The page has nothing from elsewhere, nothing inline, sends nothing elsewhere, and makes no elements of text. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};
/** By what name a browser may ask. Any port: the address may be forwarded by ssh. */
const HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]']);

export interface ServerOptions {
  readonly files: ReadonlyMap<string, PageFile>;
  readonly tabs: Pick<Tabs, 'add'>;
  /** Who has it may read. */
  readonly token: string;
}

/**
 * Serves the page to whoever asks, and what passes in the cluster, at `/stream`, to who has the token. The page gets the token in
 * the fragment of its address, which no browser sends anywhere, and sends it in a header, which no other site can have sent.
 */
export function webServer({ files, tabs, token }: ServerOptions): Server {
  return createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (!isLocal(request.headers.host)) return refuse(response, 421, 'ask for 127.0.0.1');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return refuse(response, 405, 'only GET and HEAD');
    }
    const path = URL.parse(request.url ?? '', 'http://any')?.pathname ?? '';
    if (path === '/stream') return stream(request, response);
    const file = files.get(path);
    if (!file) return refuse(response, 404, 'not found');
    response.setHeader('content-length', file.body.length);
    response.writeHead(200, { 'content-type': file.type });
    response.end(request.method === 'HEAD' ? undefined : file.body);
  });

  function stream(request: IncomingMessage, response: ServerResponse): void {
    if (!isSame(request.headers.authorization ?? '', `Bearer ${token}`)) {
      response.setHeader('www-authenticate', 'Bearer');
      return refuse(response, 401, 'the token is missing, or of another start');
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    if (request.method === 'HEAD') response.end();
    else tabs.add(response);
  }
}

/** A name that someone else made point to this machine is none of ours. */
function isLocal(host: string | undefined): boolean {
  return HOSTS.has(URL.parse(`http://${host}`)?.hostname ?? '');
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${reason}\n`);
}
