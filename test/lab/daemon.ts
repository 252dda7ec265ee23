import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Daemon {
  readonly process: ChildProcess;
  /** Its stdout and stderr, line by line. */
  readonly log: string[];
  /** The lines of the log that contain a text. */
  readonly said: (text: string) => string[];
}

/** The command of a container that runs the daemon as root with these capabilities. */
export function container(
  environment: { readonly [name: string]: string },
  capabilities: string,
  main: string,
): string[] {
  const variables = Object.entries({ PATH: process.env['PATH'], ...environment });
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
