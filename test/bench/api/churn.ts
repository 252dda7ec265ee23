import type { KubernetesObject } from '../../lab/apiserver/object.ts';
import type { Store } from '../../lab/apiserver/store.ts';
import { nodeAt, podAt, SIZE } from './cluster.ts';

/** Pods of Deployments: they come and go. */
const PLACES = (SIZE.pods * 15) / 20;

/**
 * Changes to pods for ever, one at each step, as the kubelet and the scheduler were recorded to make
 * them: three end a pod, four start another in its place, and so many are reports of others.
 */
export function* podChanges(store: Store, reports = 3): Generator<void> {
  for (let round = 0; ; round += 1) {
    const place = (round * 7) % PLACES;
    const generation = Math.floor((round * 7) / PLACES);
    yield* ended(store, podAt(place, generation));
    yield* started(store, podAt(place, generation + 1));
    for (let nth = 1; nth <= reports; nth += 1) {
      yield reported(store, podAt((place + nth * 1009) % PLACES, generation), round);
    }
  }
}

/** The reports of the kubelets for ever. */
export function* nodeChanges(store: Store): Generator<void> {
  for (let nth = SIZE.nodes; ; nth += 1) {
    yield put(store, 'nodes', nodeAt(nth % SIZE.nodes, Math.floor(nth / SIZE.nodes) % 10));
  }
}

function* ended(store: Store, pod: KubernetesObject): Generator<void> {
  const { name, namespace } = pod.metadata;
  const metadata = { ...pod.metadata, deletionTimestamp: now(), deletionGracePeriodSeconds: 30 };
  yield put(store, 'pods', { ...pod, metadata });
  const state = { terminated: { exitCode: 0, reason: 'Completed', finishedAt: now() } };
  yield put(store, 'pods', { ...pod, metadata, status: statusWith(pod, { state, ready: false }) });
  yield void store.remove('pods', name, namespace);
}

function* started(store: Store, pod: KubernetesObject): Generator<void> {
  const pending = { phase: 'Pending', qosClass: 'Burstable' };
  yield put(store, 'pods', { ...pod, spec: { ...pod.spec, nodeName: undefined }, status: pending });
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: now() };
  yield put(store, 'pods', { ...pod, status: { ...pending, conditions: [scheduled] } });
  const state = { waiting: { reason: 'ContainerCreating' } };
  const none = { phase: 'Pending', podIP: undefined, podIPs: undefined };
  const creating = { ...statusWith(pod, { state, ready: false }), ...none };
  yield put(store, 'pods', { ...pod, status: creating });
  yield put(store, 'pods', pod);
}

function reported(store: Store, pod: KubernetesObject, restartCount: number): void {
  // It may be one that has been replaced.
  const { name, namespace, uid } = pod.metadata;
  if (store.get('pods', name, namespace)?.metadata.uid !== uid) return;
  put(store, 'pods', { ...pod, status: statusWith(pod, { restartCount }) });
}

function statusWith(pod: KubernetesObject, container: object): object {
  const { containerStatuses = [] } = pod.status as { containerStatuses?: object[] };
  const changed = containerStatuses.map((status) => ({ ...status, ...container }));
  return { ...pod.status, containerStatuses: changed };
}

function put(store: Store, resource: 'pods' | 'nodes', object: KubernetesObject): void {
  store.put(resource, object);
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
