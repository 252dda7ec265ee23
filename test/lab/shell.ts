import { type ChildProcess, execFileSync, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

/** Runs a command to its end; its stderr is in the error when it fails. */
export function sh(file: string, args: readonly string[], input = ''): string {
  return execFileSync(file, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Runs lines of `ip` at once, in the network namespace of a process if one is named. */
export function ip(lines: readonly string[], pid?: number): void {
  const batch = ['ip', '-batch', '-'];
  const [file = '', ...args] =
    pid === undefined ? batch : ['nsenter', '-t', `${pid}`, '-n', ...batch];
  sh(file, args, `${lines.join('\n')}\n`);
}

/** The processes that a lab has started, all of which end with it. */
export class Processes {
  readonly #running = new Set<ChildProcess>();

  start(file: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn(file, args, options);
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#running].map((child) => kill(child, 'SIGKILL')));
  }
}

/** Ends a process and waits until it has; resolves to its exit code, if it had one. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  child.kill(signal);
  const [code] = (await exit) as [number | null];
  return code;
}
