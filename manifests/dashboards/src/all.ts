import { agent } from './agent.ts';
import { cluster } from './cluster.ts';
import { cost } from './cost.ts';
import { namespace } from './namespace.ts';
import { pod } from './pod.ts';
import { topology } from './topology.ts';

/**
 * Every dashboard as the text of its file, by the name of the file. Indented by one: all of them are in one ConfigMap, and
 * kubectl keeps what it has applied in an annotation of at most 256 KiB.
 */
export function dashboards(): { [file: string]: string } {
  const all = { cluster, namespace, pod, topology, cost, agent };
  return Object.fromEntries(
    Object.entries(all).map(([name, builder]) => [
      `${name}.json`,
      `${JSON.stringify(builder.build(), undefined, 1)}\n`,
    ]),
  );
}
