import type { Lab, Pod } from '../../lab/lab.ts';
import { Random } from '../../lab/random.ts';
import { Traffic } from '../../soak/traffic.ts';

/** As many as a kubelet takes by default. */
export const FULL = 110;
/** As many as people let a kubelet take on large nodes. */
export const LARGE = 250;
/** Each talks to those who are up to so many places before and after it. */
const NEIGHBOURS = 7;
/** Milliseconds between two times that all of them send. */
const EVERY = 1000;

/** Makes the pods up to so many, at most 250, for which the lab has addresses. */
export async function grow(lab: Lab, pods: Pod[], count: number): Promise<void> {
  for (let index = pods.length; index < count; index += 1) {
    const ips = [`10.244.0.${4 + index}`];
    pods.push(await lab.pod({ namespace: 'bench', name: `pod-${index}`, ips }));
  }
}

/**
 * Each pod sends UDP to 14 others if nothing else is said, or all if there are fewer, and receives from the same ones: one to
 * four packets of 78 to 1228 bytes a second and peer, and a quarter of the time nothing for six seconds.
 */
export async function talk(
  lab: Lab,
  pods: readonly Pod[],
  neighbours = NEIGHBOURS,
): Promise<Traffic> {
  const traffic = new Traffic(new Random(1), lab.processes, EVERY);
  for (const pod of pods) await traffic.add(pod);
  for (const [index, pod] of pods.entries())
    for (let distance = 1; distance <= neighbours; distance += 1) {
      const other = pods[(index + distance) % pods.length];
      if (!other || other === pod) continue;
      traffic.connect(pod, other);
      traffic.connect(other, pod);
    }
  return traffic;
}
