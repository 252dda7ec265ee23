import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { until } from '../../lab/influx.ts';
import type { Asked } from '../api/channel.ts';
import type { Wanted } from './agents.ts';
import type { Replica } from './replica.ts';

/** Clients that begin a watch of pods and read nothing of it, and pods that change at once meanwhile. */
const [CLIENTS, CHANGES] = [50, 20_000];
/** Seconds in which they are to be cut off; lib/relay/outlet.ts gives them half of it. */
const LATEST = 60;

/** A relay, and clients that do not read. */
export interface Stuck {
  readonly clients: number;
  readonly changes: number;
  /** Resident bytes of the relay, before, and at the most until they are cut off. */
  readonly before: number;
  readonly most: number;
  readonly cutOff: number;
}

export async function measureStuck(
  api: Asked,
  replica: Replica,
  { port, authority, tokenFile }: NonNullable<Wanted['relay']>,
): Promise<Stuck> {
  const sessions = Array.from({ length: CLIENTS }, () =>
    connect(`https://${replica.host}:${port}`, {
      ca: readFileSync(authority),
      servername: 'localhost',
    }).on('error', () => {}),
  );
  const version = await api.ask<number>('burst', '1');
  await Promise.all(
    sessions.map(async (session) => {
      const stream = session.request({
        ':path': `/api/v1/pods?watch=1&resourceVersion=${version}`,
        authorization: `Bearer ${readFileSync(tokenFile, 'utf8')}`,
      });
      stream.on('error', () => {});
      await once(stream, 'response');
    }),
  );
  const before = replica.memory().rss;
  await api.ask('burst', String(CHANGES));
  let most = 0;
  const isOver = async () => {
    most = Math.max(most, replica.memory().rss);
    return (await replica.metric('cut_off_total')) === CLIENTS;
  };
  await until(isOver, 'that all are cut off', LATEST);
  for (const session of sessions) session.destroy();
  const cutOff = await replica.metric('cut_off_total');
  return { clients: CLIENTS, changes: CHANGES, before, most, cutOff };
}
