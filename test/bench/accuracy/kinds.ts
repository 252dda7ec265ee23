/** Where the traffic goes: a host that is no pod of the node, and has 200 addresses. */
export const PEERS: readonly string[] = Array.from(
  { length: 200 },
  (_, nth) => `10.244.1.${nth + 1}`,
);
export const PEER_V6 = '2001:db8:64::1';
export const PORT = 9000;
const [PEER = ''] = PEERS;
const MBIT = 1_000_000 / 8;

/** A kind of traffic; one pod has it and no other, unless it is that of short-lived pods. */
export interface Kind {
  readonly name: string;
  readonly text: string;
  /** Of traffic.ts. */
  readonly traffic: readonly (string | number)[];
  /** It is among the few that a quick run has. */
  readonly quick?: boolean;
  /** It is beyond what the prototype and one-shot windows are for. */
  readonly hard?: boolean;
  /** The kernel cuts it into packets before the interface gets it. */
  readonly segmented?: boolean;
  readonly shortLived?: boolean;
}

/** Rates at which two cores are not busy with it. */
export const KINDS: readonly Kind[] = [
  {
    name: 'steady',
    text: 'steady TCP, 50 Mbit/s',
    traffic: ['send', PEER, PORT, 50 * MBIT],
    quick: true,
  },
  {
    name: 'bursty',
    text: 'TCP, 80 Mbit/s for 1.5 s, then nothing for 2.6 s',
    traffic: ['send', PEER, PORT, 80 * MBIT, 1.5, 2.6],
    quick: true,
  },
  {
    name: 'small',
    text: 'UDP, 5000 packets of 128 bytes a second',
    traffic: ['sweep', 5000, 1],
  },
  {
    name: 'streams',
    text: '50 TCP streams, 20 Mbit/s in all',
    traffic: ['streams', PEER, PORT, 20 * MBIT, 50],
  },
  {
    name: 'peers',
    text: 'UDP to 200 peers, 8 Mbit/s in all',
    traffic: ['spray', PORT, 8 * MBIT, ...PEERS],
    quick: true,
  },
  {
    name: 'ipv6',
    text: 'steady TCP by IPv6, 50 Mbit/s',
    traffic: ['send', PEER_V6, PORT, 50 * MBIT],
  },
  {
    name: 'short',
    text: '100 TCP connections a second, 4 kB each',
    traffic: ['visit', PEER, PORT, 100, 4000],
    quick: true,
  },
  {
    name: 'fragments',
    text: 'UDP packets of 9 kB in IP fragments, 20 Mbit/s',
    traffic: ['datagrams', PEER, PORT, 20 * MBIT, 9000],
    quick: true,
    hard: true,
  },
  {
    name: 'segments',
    text: 'steady TCP, 50 Mbit/s, TSO off at `eth0`',
    traffic: ['send', PEER, PORT, 50 * MBIT],
    hard: true,
    segmented: true,
  },
  {
    name: 'storm',
    text: 'UDP to 30 000 addresses in turn, each once in 30 s',
    traffic: ['sweep', 1000, 30_000, 1200],
    hard: true,
  },
  {
    name: 'lives',
    text: 'pods that live for 3 s, killed while they send by TCP, 160 Mbit/s',
    traffic: ['send', PEER, PORT, 160 * MBIT],
    quick: true,
    hard: true,
    shortLived: true,
  },
];
