import type { KubernetesObject } from './records.ts';

/**
 * The workload of a pod, told from the pod alone, as `Deployment/web` or `CronJob/backup`.
 * A Deployment's ReplicaSet is named after it and the pod's template hash (controller-manager,
 * `getReplicaSetName`); a CronJob's Job after it and its minute of schedule (`getJobName`).
 */
export function workloadOf(pod: KubernetesObject): string {
  const { name = '', labels, ownerReferences } = pod.metadata ?? {};
  const owner = ownerReferences?.find(({ controller }) => controller);
  if (!owner?.kind || !owner.name || owner.kind === 'Node') return `Pod/${name}`;
  const hash = labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash && owner.name.endsWith(`-${hash}`)) {
    return `Deployment/${owner.name.slice(0, -hash.length - 1)}`;
  }
  const schedule = owner.kind === 'Job' ? /^(.+)-\d{8,}$/.exec(owner.name) : null;
  return schedule ? `CronJob/${schedule[1]}` : `${owner.kind}/${owner.name}`;
}
