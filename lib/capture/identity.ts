import type { LocalPod } from '../model.ts';

type Named = Pick<LocalPod, 'namespace' | 'name'>;

/** What problems with a pod are filed under. */
export function qualifiedName({ namespace, name }: Named): string {
  return `${namespace}/${name}`;
}

/** How many pods these are of: a pod has one for each of its interfaces. */
export function podsOf(all: readonly { readonly pod: Named }[]): number {
  return new Set(all.map(({ pod }) => qualifiedName(pod))).size;
}

/** What problems with an interface of a pod are filed under. */
export function subjectOf(pod: Named, iface: string): string {
  return `${qualifiedName(pod)} ${iface}`;
}

/** What a log line about a pod says of it. */
export function identity({ namespace, name }: Named): { namespace: string; pod: string } {
  return { namespace, pod: name };
}
