/** What the directory holds in memory of the cluster, alone in a process. */
import { Directory } from '../../../lib/naming/directory.ts';
import {
  nodeRecord,
  type Owner,
  podRecord,
  serviceRecord,
} from '../../../lib/kubernetes/records.ts';
import type { KubernetesObject } from '../../lab/apiserver/object.ts';
import { answer } from './channel.ts';
import { nodesOf, podsOf, servicesOf, SIZE } from './cluster.ts';
import { liveHeap } from './usage.ts';

const directory = new Directory();

answer({
  fill() {
    const before = liveHeap();
    directory.replace('pod', [...records(podsOf(SIZE), podRecord)], Date.now());
    directory.replace('service', [...records(servicesOf(SIZE), serviceRecord)], Date.now());
    directory.replace('node', [...records(nodesOf(SIZE), nodeRecord)], Date.now());
    return { bytes: liveHeap() - before, addresses: directory.size };
  },
});

/** Each parsed by itself, as it is from a list, so that no text outlives its record. */
function* records(
  objects: Generator<KubernetesObject>,
  record: (object: object) => Owner,
): Generator<Owner> {
  for (const object of objects) yield record(JSON.parse(JSON.stringify(object)));
}
