/** What reads text of others with regular expressions, one after another. */
import { HttpError } from '@influxdata/influxdb-client';
import { ConfigError, readConfig, VARIABLES } from '../../daemon/config.ts';
import { fixCapture } from '../../daemon/fixes.ts';
import { FrameSplitter } from '../../lib/iftop/frames.ts';
import { parseFrame } from '../../lib/iftop/parse.ts';
import { slotBytes } from '../../lib/iftop/units.ts';
import { encodeAgent } from '../../lib/influx/encode.ts';
import { WriteError } from '../../lib/influx/write.ts';
import { canonical } from '../../lib/kubernetes/address.ts';
import { ApiError } from '../../lib/kubernetes/client.ts';
import { parsePrefix } from '../../lib/kubernetes/prefixes.ts';
import { localPod } from '../../lib/kubernetes/records.ts';
import { parseNetDev } from '../../lib/netns/counters.ts';
import { publishedOf } from '../../lib/kubernetes/node-addresses.ts';
import { addressesIn, podUid } from '../../lib/netns/locate.ts';

export const readers: { readonly [name: string]: (text: string) => unknown } = {
  frames: (text) => new FrameSplitter().push(text),
  frame: (text) => [parseFrame([text]), parseFrame([`1 ${text}`]), parseFrame(['1 a => 1B', text])],
  rate: slotBytes,
  cgroup: podUid,
  addresses: (text) => [addressesIn(text, ''), addressesIn(`|-- ${text}`, text)],
  counters: (text) => parseNetDev(`eth0:${text}`, 'eth0'),
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
  tag: (text) => encodeAgent({ node: text, sidecar: undefined }, 0, {}),
  advice: (text) => fixCapture(new Error(text)),
  configuration(text) {
    try {
      readConfig(Object.fromEntries(VARIABLES.map(([name]) => [name, text])));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  },
};
