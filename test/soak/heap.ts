import { once } from 'node:events';
import { until } from '../lab/influx.ts';

/** Where a node listens for a debugger after SIGUSR1. */
const INSPECTOR = 'http://127.0.0.1:9229/json/list';

/** Live bytes on the heap of a Node process, after a collection of garbage. */
export async function liveHeap(pid: number): Promise<number> {
  process.kill(pid, 'SIGUSR1');
  let url: string | undefined;
  await until(async () => (url = await debuggerUrl()) !== undefined, 'the inspector');
  const socket = new WebSocket(url ?? '');
  await once(socket, 'open');
  const ask = async (id: number, method: string) => {
    const answered = once(socket, 'message') as Promise<[{ readonly data: string }]>;
    socket.send(JSON.stringify({ id, method }));
    const [{ data }] = await answered;
    return JSON.parse(data) as { result?: { usedSize?: number } };
  };
  // What finalizers release is freed by the second collection.
  for (const id of [1, 2]) await ask(id, 'HeapProfiler.collectGarbage');
  const { result } = await ask(3, 'Runtime.getHeapUsage');
  socket.close();
  return result?.usedSize ?? NaN;
}

async function debuggerUrl(): Promise<string | undefined> {
  const targets = (await (await fetch(INSPECTOR)).json()) as { webSocketDebuggerUrl: string }[];
  return targets[0]?.webSocketDebuggerUrl;
}
