import { whyNotBpf } from '../lib/bpf/probe.ts';
import type { SourceName } from '../lib/capture/node-capture.ts';
import type { Log } from '../lib/model.ts';
import type { Config } from './config.ts';

/** What captures on this node: with `auto` the kernel where it can, else iftop, and the log says why. */
export async function chooseSource(
  wanted: Config['capture'],
  log: Log,
  whyNot: () => Promise<string | undefined> = whyNotBpf,
): Promise<SourceName> {
  if (wanted !== 'auto') return wanted;
  const why = await whyNot();
  if (why === undefined) return 'bpf';
  log.info({ error: why }, 'traffic cannot be counted in the kernel: captured by iftop');
  return 'iftop';
}
