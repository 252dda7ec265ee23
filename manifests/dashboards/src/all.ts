import { agent } from './agent.ts';
import { cluster } from './cluster.ts';
import { namespace } from './namespace.ts';
import { pod } from './pod.ts';
import { topology } from './topology.ts';

/** Every dashboard as the text of its file, by the name of the file. */
export function dashboards(): { [file: string]: string } {
  const all = { cluster, namespace, pod, topology, agent };
  return Object.fromEntries(
    Object.entries(all).map(([name, builder]) => [
      `${name}.json`,
      `${JSON.stringify(builder.build(), undefined, 2)}\n`,
    ]),
  );
}
