import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export interface Request {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly rows: readonly string[];
}

export interface Answer {
  /** 0: the connection is cut without one. */
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
  /** Of rows that are taken all the same. */
  readonly takes?: (row: string) => boolean;
}

/**
 * The write endpoints of InfluxDB 2.x and 3, as strict as they are: what is no POST to /api/v2/write
 * with bucket, precision and a token of a known form is refused.
 */
export class StandIn implements AsyncDisposable {
  readonly token = 'secret';
  readonly requests: Request[] = [];
  readonly stored = new Set<string>();
  answer: (request: Request, index: number) => Answer | number = () => 204;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<StandIn> {
    const standIn = new StandIn();
    await once(standIn.#server.listen(0, '127.0.0.1'), 'listening');
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const zipped = request.headers['content-encoding'] === 'gzip';
    const text = (zipped ? gunzipSync(body) : body).toString();
    const rows = text.split('\n').filter((row) => row !== '');
    const { url: path = '', headers } = request;
    const told = { path, headers, rows };
    this.requests.push(told);
    const wrong = this.#wrong(request);
    const decided = wrong ?? this.answer(told, this.requests.length - 1);
    const answer = typeof decided === 'number' ? { status: decided } : decided;
    if (answer.status === 0) return void request.socket.destroy();
    const takes = answer.takes ?? (() => answer.status === 204);
    for (const row of rows.filter(takes)) this.stored.add(row);
    const type = { 'content-type': 'application/json', ...answer.headers };
    response.writeHead(answer.status, type).end(answer.body);
  }

  #wrong({ method, url = '', headers }: IncomingMessage): Answer | undefined {
    const { pathname, searchParams } = new URL(url, 'http://influxdb');
    if (pathname !== '/api/v2/write') return refuse(404, 'path not found');
    if (method !== 'POST') return refuse(405, 'method not allowed');
    if (!searchParams.get('bucket')) return refuse(400, 'bucket is required');
    if (searchParams.get('precision') !== 's') return refuse(400, 'precision is not seconds');
    if (!new RegExp(`^(Token|Bearer) ${this.token}$`).test(headers.authorization ?? ''))
      return refuse(401, 'unauthorized access');
    return undefined;
  }
}

function refuse(status: number, message: string): Answer {
  return { status, body: JSON.stringify({ code: 'invalid', message }) };
}
