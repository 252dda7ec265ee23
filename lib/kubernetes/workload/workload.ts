import { DEPLOYMENT_CONFIG, HASHED, NAMED } from './controllers.ts';
import type { KubernetesObject } from '../object-schema.ts';
import { cronJobOf } from './schedule.ts';

/** The workload of a pod, derived from the pod alone, as `Deployment/web` or `CronJob/backup`. */
export function workloadOf(pod: KubernetesObject): string {
  const { name = '', labels = {}, ownerReferences } = pod.metadata ?? {};
  const config = deploymentConfigOf(pod);
  if (config) return `DeploymentConfig/${config}`;
  const owner = ownerReferences?.find(({ controller }) => controller);
  if (!owner?.kind || !owner.name || owner.kind === 'Node') return `Pod/${name}`;
  for (const [kind, label, workload] of NAMED) {
    if (owner.kind === kind && labels[label]) return `${workload}/${labels[label]}`;
  }
  for (const [kind, label, workload] of HASHED) {
    const end = `-${labels[label]}`;
    if (owner.kind === kind && labels[label] && owner.name.endsWith(end)) {
      return `${workload}/${owner.name.slice(0, -end.length)}`;
    }
  }
  const cronJob = owner.kind === 'Job' && cronJobOf(owner.name, createdAt(pod));
  return cronJob ? `CronJob/${cronJob}` : `${owner.kind}/${owner.name}`;
}

function deploymentConfigOf({ metadata }: KubernetesObject): string | undefined {
  const { labels, annotations, ownerReferences } = metadata ?? {};
  const deploys = labels?.[DEPLOYMENT_CONFIG.deployment];
  const owner = ownerReferences?.find(({ kind }) => kind === 'ReplicationController');
  const config = /^(.+)-\d+$/.exec(deploys ?? owner?.name ?? '')?.[1];
  const named = annotations?.[DEPLOYMENT_CONFIG.annotation] ?? labels?.[DEPLOYMENT_CONFIG.label];
  return deploys || config === named ? config : undefined;
}

function createdAt({ metadata, status }: KubernetesObject): number {
  return Date.parse(metadata?.creationTimestamp ?? status?.startTime ?? '');
}
