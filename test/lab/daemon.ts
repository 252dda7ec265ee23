import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Daemon {
  readonly process: ChildProcess;
  /** Its stdout and stderr, line by line. */
  readonly log: string[];
  /** The lines of the log that contain a text. */
  readonly said: (text: string) => string[];
}

/** What every daemon of the lab has in its environment; Node's cache of compiled code, where there is one, saves it CPU time. */
export function inherited(): { [name: string]: string | undefined } {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return { PATH, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) };
}

/** The command of a container that runs the daemon as root with these capabilities. */
export function container(
  environment: { readonly [name: string]: string },
  capabilities: string,
  main: string,
): string[] {
  const variables = Object.entries({ ...inherited(), ...environment });
  const env = ['env', '-i', ...variables.map(([key, value]) => `${key}=${value}`)];
  const drop = ['setpriv', '--inh-caps=-all', `--bounding-set=-all,${capabilities}`];
  return [...env, ...drop, process.execPath, main];
}

/** Collects the output of a process that runs the daemon. */
export function collected(child: ChildProcess): Daemon {
  const log: string[] = [];
  for (const input of [child.stdout, child.stderr])
    if (input) createInterface(input).on('line', (line) => log.push(line));
  return { process: child, log, said: (text) => log.filter((line) => line.includes(text)) };
}
