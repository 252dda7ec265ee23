import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Mistake, Network, Networks } from './networks.ts';
import { type Match, PrefixTable } from '../prefix-table.ts';

/** Four times what a ConfigMap can hold: some 200 000 networks. */
const MOST_MIB = 4;
/** MiB that 200 000 networks take. A file that takes more is an error, and not the end of the daemon. */
const MEMORY = 256;

/**
 * Reads a file of named networks in a thread of its own, whose memory is free again afterwards. In the daemon's thread
 * parsing would block captures for 50 ms with 1000 networks, 0.5 s with 20 000, and 2 s and 250 MB with 100 000.
 * @throws when the file cannot be read, is too large, or `signal` is aborted
 */
export async function readNetworks(path: string, signal?: AbortSignal): Promise<Networks> {
  const text = await readText(path);
  const worker = new Worker(
    new URL(`networks-worker${extname(import.meta.url)}`, import.meta.url),
    {
      workerData: text,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MEMORY },
    },
  );
  try {
    const [answer] = (await once(worker, 'message', signal ? { signal } : {})) as [
      { entries: ReadonlyMap<string, Match<Network>>; mistakes: readonly Mistake[] },
    ];
    return { networks: new PrefixTable(answer.entries), mistakes: answer.mistakes };
  } finally {
    await worker.terminate();
  }
}

async function readText(path: string): Promise<string> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error('it is not a file');
  if (found.size > MOST_MIB * 1024 * 1024) throw new Error(`it is larger than ${MOST_MIB} MiB`);
  return readFile(path, 'utf8');
}

/** A mistake as it is logged. */
export function described({ line, message }: Mistake): string {
  return `line ${line}: ${message}`;
}
