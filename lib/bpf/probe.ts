import { BpfError, FlowCounter } from './flow-counter.ts';

/**
 * Tells whether traffic can be counted in the kernel here, by doing for a moment all that it takes but to enter the
 * network namespaces of pods.
 *
 * @returns undefined if it can, otherwise why not and what to do about it
 */
export async function whyNotBpf(helper?: string): Promise<string | undefined> {
  const room = { flows: 1, flowsPerPod: 1, ports: true };
  try {
    const counter = await FlowCounter.start(helper === undefined ? room : { ...room, helper });
    await counter.end();
    return undefined;
  } catch (error) {
    if (error instanceof BpfError) return error.message;
    throw error;
  }
}
