import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Result } from './result.ts';

const ENTER = join(import.meta.dirname, '../lab/enter.ts');
/** They need no node of their own, and no root. */
const WITHOUT_LAB = new Set(['api', 'crowd', 'relay']);
/** In milliseconds; no section should need it. */
const LIMIT = 600_000;

/**
 * Runs `<name>/main.ts`, which says on stderr what it does, and on stdout what came of it.
 *
 * @throws Error if it fails, does not end, or `signal` aborts; by then it has ended
 */
export async function runSection(
  name: string,
  { quick, signal }: { readonly quick: boolean; readonly signal: AbortSignal },
): Promise<Result> {
  const walls = WITHOUT_LAB.has(name) ? [] : [ENTER];
  const script = join(import.meta.dirname, name, 'main.ts');
  const child = spawn(process.execPath, [...walls, script, ...(quick ? ['--quick'] : [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = AbortSignal.any([signal, AbortSignal.timeout(LIMIT)]);
  // The lab takes down with it all that runs in it.
  stop.addEventListener('abort', () => child.kill('SIGTERM'));
  const [output, [code, by]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  stop.throwIfAborted();
  if (code !== 0) throw new Error(`it ended with ${code ?? by}`);
  return JSON.parse(output) as Result;
}
