import type { KubernetesObject } from '../../lib/kubernetes/records.ts';
import { listOf, recorded } from '../lab/apiserver/recording.ts';

export function objects(resource: 'pods' | 'services' | 'nodes'): KubernetesObject[] {
  return listOf(recorded(`api/${resource}-rv0`)).items.map((item): KubernetesObject => item);
}

/** The recorded object of this name. */
export function object(resource: 'pods' | 'services' | 'nodes', name: string): KubernetesObject {
  const found = objects(resource).find(({ metadata }) => metadata?.name === name);
  if (!found) throw new Error(`no ${name} among the recorded ${resource}`);
  return found;
}
