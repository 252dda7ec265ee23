import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Sandbox } from './pod.ts';

const TRAFFIC = join(import.meta.dirname, 'traffic.ts');

/** Something with a network of its own in which traffic.ts can be run. */
export interface Host {
  readonly sandbox: Sandbox;
  /** Starts traffic.ts in it. */
  traffic(...args: readonly (string | number)[]): ChildProcess;
  /** Starts a server in it; resolves when it listens. */
  serve(port: number): Promise<ChildProcess>;
}

/** A virtual machine that has a pod's addresses. */
export type Machine = Omit<Host, 'sandbox'>;

export function host(sandbox: Sandbox): Host {
  return { sandbox, ...talker((command) => sandbox.run(command)) };
}

/** What can be done where commands can be run. */
export function talker(run: (command: readonly string[]) => ChildProcess): Machine {
  const traffic = (...args: readonly (string | number)[]) =>
    run([process.execPath, TRAFFIC, ...args.map(String)]);
  return {
    traffic,
    async serve(port) {
      const child = traffic('serve', port);
      if (child.stdout) await once(child.stdout, 'data');
      return child;
    },
  };
}
