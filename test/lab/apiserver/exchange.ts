import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';

import { parseResponse, type Recorded } from './recording.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from './server.ts';
import { selfSigned } from './tls.ts';

const directory = mkdtempSync(join(tmpdir(), 'apiserver-'));
const tls = selfSigned(directory, ['127.0.0.1']);
rmSync(directory, { recursive: true });

/** The authority of the servers that are started here. */
const { ca } = tls;

/** A server for a test; its seconds last 20 ms. */
export function start(options: Partial<ApiServerOptions> = {}): Promise<ApiServer> {
  return startApiServer({ tls, second: 20, ...options });
}

interface Sending {
  readonly token?: string;
  /** Called when the head of the answer is here. */
  readonly answering?: () => void;
}

/** Sends the text of a request over a connection of its own. */
export function exchange(
  { url }: ApiServer,
  text: string,
  { token, answering }: Sending = {},
): Promise<Recorded> {
  const { promise, resolve, reject } = Promise.withResolvers<Recorded>();
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port), ca });
  const authorization = token === undefined ? '' : `\r\nAuthorization: Bearer ${token}`;
  const [line = '', ...rest] = text.trimEnd().split(/\r?\n/);
  socket.write(`${[line + authorization, ...rest].join('\r\n')}\r\n\r\n`);
  let bytes = Buffer.alloc(0);
  let begun = false;
  socket.on('data', (data: Buffer) => {
    bytes = Buffer.concat([bytes, data]);
    const response = parseResponse(bytes);
    if (!begun && response.status > 0) {
      begun = true;
      answering?.();
    }
    if (response.complete) socket.end();
  });
  socket.on('error', reject);
  socket.on('close', () => resolve(parseResponse(bytes)));
  return promise;
}

/** A request for a path, in the words of the recordings. */
export function get(path: string, ...headers: readonly string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: apiserver', 'Accept: application/json', ...headers].join(
    '\n',
  );
}
