import type { KubernetesObject } from '../../lib/kubernetes/object-schema.ts';
import { recorded } from '../lab/apiserver/recording.ts';

export function objects(resource: 'pods' | 'services' | 'nodes'): KubernetesObject[] {
  const body = recorded(`api/${resource}-rv0`).chunks.join('');
  const { items }: { items: KubernetesObject[] } = JSON.parse(body);
  return items;
}

/** The recorded object of this name. */
export function object(resource: 'pods' | 'services' | 'nodes', name: string): KubernetesObject {
  const found = objects(resource).find(({ metadata }) => metadata?.name === name);
  if (!found) throw new Error(`no ${name} among the recorded ${resource}`);
  return found;
}
