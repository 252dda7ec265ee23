/** What an agent follows of the cluster, by its own code, in a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';

import { followCluster, resourcesOf } from '../../../lib/kubernetes/follow-cluster.ts';
import { createLog, Problems } from '../../../daemon/log.ts';
import { localSubject, Sync } from '../../../lib/kubernetes/sync.ts';
import { connect } from '../../../lib/kubernetes/client/client.ts';
import { Directory } from '../../../lib/naming/directory.ts';
import { answer } from './channel.ts';
import { nodeName } from './cluster.ts';
import { liveHeap, usage } from './usage.ts';

const NODE = nodeName(7);
const log = createLog('warn', 2);
const directory = new Directory();
const sync = new Sync([localSubject(NODE), ...resourcesOf({ sidecar: undefined })]);
const nothing = () => {};
let client: ReturnType<typeof connect>;

answer({
  async list(kubeconfig) {
    client = connect(kubeconfig);
    void followCluster({
      client,
      node: NODE,
      wanted: () => true,
      directory,
      registry: { put: nothing, remove: nothing, replace: nothing },
      ports: undefined,
      sync,
      signal: new AbortController().signal,
      log,
      problems: new Problems(log),
      explain: (error) => ({ what: String(error), fix: '' }),
    });
    while (!sync.complete) await sleep(20);
    return Date.now();
  },
  usage,
  heap: liveHeap,
  figures: () => client.figures,
});
