import type { LocalPod } from '../model.ts';

type Named = Pick<LocalPod, 'namespace' | 'name'>;

/** The subject of problems with a pod. */
export function qualifiedName({ namespace, name }: Named): string {
  return `${namespace}/${name}`;
}

/** The number of pods that these belong to: a pod has one for each of its interfaces. */
export function podsOf(all: readonly { readonly pod: Named }[]): number {
  return new Set(all.map(({ pod }) => qualifiedName(pod))).size;
}

/** The subject of problems with an interface of a pod. */
export function subjectOf(pod: Named, iface: string): string {
  return `${qualifiedName(pod)} ${iface}`;
}

/** The fields of a log line about a pod. */
export function identity({ namespace, name }: Named): { namespace: string; pod: string } {
  return { namespace, pod: name };
}
