/** What reads text of others with regular expressions, one after another. */
import { HttpError } from '@influxdata/influxdb-client';
import { readConfig, VARIABLES } from '../../daemon/config.ts';
import { ConfigError } from '../../lib/config-error.ts';
import { captureRemedy } from '../../daemon/check/remedies.ts';
import { FrameSplitter } from '../../lib/iftop/frames.ts';
import { parseFrame } from '../../lib/iftop/parse.ts';
import { slotBytes } from '../../lib/iftop/units.ts';
import { encodeAgent } from '../../lib/influx/line-protocol.ts';
import { WriteError } from '../../lib/influx/writer.ts';
import { canonical } from '../../lib/ip-address.ts';
import { ApiError } from '../../lib/kubernetes/client/client.ts';
import { parsePrefix } from '../../lib/prefix-table.ts';
import { localPod } from '../../lib/kubernetes/records.ts';
import { parseNetDev } from '../../lib/linux/interface-counters.ts';
import { publishedOf } from '../../lib/kubernetes/node/node-addresses.ts';
import { interfacesIn, linksIn, standInFor } from '../../lib/linux/interfaces.ts';
import { addressesIn, podUid } from '../../lib/linux/pod-netns.ts';

export const readers: { readonly [name: string]: (text: string) => unknown } = {
  frames: (text) => new FrameSplitter().push(text),
  frame: (text) => [parseFrame([text]), parseFrame([`1 ${text}`]), parseFrame(['1 a => 1B', text])],
  rate: slotBytes,
  cgroup: podUid,
  addresses: (text) => [addressesIn(text, ''), addressesIn(`|-- ${text}`, text)],
  counters: (text) => parseNetDev(`eth0:${text}`, 'eth0'),
  interfaces(text) {
    const texts = { dev: text, igmp: `1\t${text}`, if_inet6: text, route: text, ipv6_route: text };
    const up = { ...texts, dev: ' eth1: 1', igmp: '2\teth1 : 1' };
    const where = { ips: ['10.244.0.10'], taken: new Set<string>() };
    return [
      interfacesIn(text),
      linksIn(texts.igmp),
      standInFor('eth0', texts, where),
      standInFor('eth0', up, where),
    ];
  },
  prefix: (text) => [parsePrefix(text), parsePrefix(`::/${text}`), canonical(text)],
  workload: (name) =>
    localPod({
      metadata: { uid: 'u', name, namespace: 'n', ownerReferences: [{ kind: 'Job', name }] },
    }),
  'node’s annotations': (text) =>
    publishedOf({ 'k8s.ovn.org/node-subnets': text, 'ovn.kubernetes.io/ip_address': text }),
  'API error': (text) => new ApiError('/x', 429, { 'retry-after': text }, text),
  'InfluxDB error': (text) =>
    new WriteError(
      new HttpError(429, text, text, text, 'text/plain', text, { 'retry-after': text }),
      ['secret'],
    ),
  tag: (text) => encodeAgent({ cluster: text, node: text, sidecar: undefined }, 0, {}),
  advice: (text) => captureRemedy(new Error(text)),
  configuration(text) {
    try {
      readConfig(Object.fromEntries(VARIABLES.map(([name]) => [name, text])));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  },
};
