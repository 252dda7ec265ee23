import type { CountedFlow } from './records.ts';

/** As in the IP header. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [132, 'sctp'],
]);

/** The port of a flow as the tag `port` has it, such as `443/tcp`; undefined if it is not known. */
export function portTag({
  protocol,
  port,
}: Pick<CountedFlow, 'protocol' | 'port'>): string | undefined {
  const name = NAMES.get(protocol);
  return name !== undefined && port > 0 ? `${port}/${name}` : undefined;
}
