import type { ServerResponse } from 'node:http';
import { constants, Http2ServerResponse } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Flaw } from './faults.ts';

export type Response = ServerResponse | Http2ServerResponse;

/** Where the body of an answer goes. */
export interface Outlet {
  write(bytes: Buffer): void;
  end(): void;
}

/** Sends status and headers at once. */
export function begin(
  response: Response,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  if (response instanceof Http2ServerResponse) response.writeHead(status, headers);
  else response.writeHead(status, headers).flushHeaders();
}

/** Each write leaves at once and by itself, as Go flushes every event. */
export function outletOf(response: Response): Outlet {
  return {
    write(bytes) {
      if (response instanceof Http2ServerResponse) response.write(bytes);
      else {
        // Node would make one chunk of what is written in a tick.
        response.cork();
        response.write(bytes);
        response.uncork();
      }
    },
    end: () => void response.end(),
  };
}

/** Drops what carries a response without its end: the stream of HTTP/2, or the connection. */
export function drop(response: Response): void {
  if (response instanceof Http2ServerResponse) {
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else response.socket?.destroySoon();
}

/** An outlet with a flaw. */
export function spoiled(outlet: Outlet, { cutAfter, rate }: Flaw, response: Response): Outlet {
  const short = cutAfter === undefined ? outlet : cut(outlet, cutAfter, () => drop(response));
  return rate === undefined ? short : slow(short, rate, response);
}

function cut(outlet: Outlet, after: number, broken: () => void): Outlet {
  let left = after;
  return {
    write(bytes) {
      if (left <= 0) return;
      outlet.write(bytes.subarray(0, left));
      left -= bytes.length;
      // What was written is on its way by then.
      if (left <= 0) setImmediate(broken);
    },
    end: () => {
      if (left > 0) outlet.end();
    },
  };
}

const PARTS_PER_SECOND = 20;

function slow(outlet: Outlet, rate: number, response: Response): Outlet {
  const size = Math.max(1, Math.round(rate / PARTS_PER_SECOND));
  let before = Promise.resolve();
  const carrier = response instanceof Http2ServerResponse ? response.stream : response;
  const trickle = async (bytes: Buffer) => {
    for (let at = 0; at < bytes.length && !carrier.destroyed; at += size) {
      await sleep((1000 * size) / rate);
      outlet.write(bytes.subarray(at, at + size));
    }
  };
  return {
    write: (bytes) => void (before = before.then(() => trickle(bytes))),
    end: () => void (before = before.then(() => outlet.end())),
  };
}
