/** Something that can be asked or ask: by its address. */
export const HOSTS = {
  web: '10.244.0.10',
  db: '10.244.0.11',
  off: '10.244.0.12',
  near: '10.244.0.21',
  far: '10.244.0.31',
  lone: '10.244.0.41',
  /** Addresses of lab-1 (of its bridge, by which it asks) and lab-2. */
  host1: '10.244.0.1',
  host2: '192.0.2.20',
  public: '198.51.100.7',
  private: '192.168.7.7',
  vpn: '203.0.113.9',
  leased: '192.168.8.8',
  zone: '192.168.9.1',
  otherZone: '192.168.9.2',
  otherRegion: '192.168.9.3',
} as const;
type Host = keyof typeof HOSTS;

/** Addresses of services, and what is behind them. */
export const SERVICES = {
  api: ['10.96.0.1', 'near'],
  kubernetes: ['10.96.0.2', 'host2'],
  moved: ['10.96.0.3', 'public'],
} as const satisfies { [name: string]: readonly [address: string, backend: Host] };

export const NETWORKS = `
vpn: { cidrs: [203.0.113.0/24], scope: private }
leased: { cidrs: [192.168.8.0/24], scope: internet }
database: { cidrs: 192.168.9.1, zone: eu-1a, region: eu-1 }
replica: { cidrs: 192.168.9.2, zone: eu-1b, region: eu-1 }
archive: { cidrs: 192.168.9.3, region: eu-2 }
`;

/** What is counted where: the bytes that were asked, or answered. */
type Parts = readonly ('asked' | 'answered')[];

/** One end asks and the other one answers. */
export interface Combination {
  readonly what: string;
  readonly from: Host;
  readonly to: Host | keyof typeof SERVICES;
  /** Where the node sends it instead, and whose address it gives the sender. */
  readonly nat?: { readonly to?: Host; readonly from?: Host };
  /** Kind, name and scope of the peer in the rows of the two ends; undefined if an end has none. */
  readonly client?: string;
  readonly server?: string;
  /** By scope. */
  readonly counted: { readonly [scope: string]: Parts };
}

const BOTH = ['asked', 'answered'] as const;

/** The kinds of ways that bytes go, in the order of docs/data-model.md. */
export const COMBINATIONS: readonly Combination[] = [
  {
    what: 'two pods of a node',
    from: 'web',
    to: 'db',
    client: 'pod db zone',
    server: 'pod web zone',
    counted: { zone: BOTH },
  },
  {
    what: 'two pods in two zones',
    from: 'web',
    to: 'near',
    client: 'pod near cross-zone',
    server: 'pod web cross-zone',
    counted: { 'cross-zone': BOTH },
  },
  {
    what: 'two pods in two regions',
    from: 'web',
    to: 'far',
    client: 'pod far cross-region',
    server: 'pod web cross-region',
    counted: { 'cross-region': BOTH },
  },
  {
    what: 'a public address',
    from: 'web',
    to: 'public',
    client: 'external 198.51.100.0/24 internet',
    counted: { internet: BOTH },
  },
  {
    what: 'a private address',
    from: 'web',
    to: 'private',
    client: 'external 192.168.7.0/24 private',
    counted: { private: BOTH },
  },
  {
    what: 'a public network that is said to be private',
    from: 'web',
    to: 'vpn',
    client: 'external vpn private',
    counted: { private: BOTH },
  },
  {
    what: 'a private network that is said to be the internet',
    from: 'web',
    to: 'leased',
    client: 'external leased internet',
    counted: { internet: BOTH },
  },
  {
    what: 'a network in the zone',
    from: 'web',
    to: 'zone',
    client: 'external database zone',
    counted: { zone: BOTH },
  },
  {
    what: 'a network in another zone',
    from: 'web',
    to: 'otherZone',
    client: 'external replica cross-zone',
    counted: { 'cross-zone': BOTH },
  },
  {
    what: 'a network in another region',
    from: 'web',
    to: 'otherRegion',
    client: 'external archive cross-region',
    counted: { 'cross-region': BOTH },
  },
  {
    what: 'a client outside that asks a pod by its node, with its own address',
    from: 'public',
    to: 'host2',
    nat: { to: 'near' },
    server: 'external 198.51.100.0/24 internet',
    counted: { internet: BOTH },
  },
  {
    what: 'a client outside that asks a pod by its node, with the address of the node',
    from: 'public',
    to: 'host2',
    nat: { to: 'near', from: 'host2' },
    server: 'node lab-2 zone',
    counted: { zone: BOTH },
  },
  {
    what: 'a pod on the network of a node',
    from: 'web',
    to: 'host2',
    client: 'node lab-2 cross-zone',
    counted: { 'cross-zone': BOTH },
  },
  {
    what: 'a node that asks a pod',
    from: 'host1',
    to: 'db',
    server: 'node lab-1 zone',
    counted: { zone: BOTH },
  },
  {
    what: 'two pods on the networks of their nodes',
    from: 'host1',
    to: 'host2',
    counted: {},
  },
  {
    what: 'a service, with a pod behind it',
    from: 'web',
    to: 'api',
    client: 'service api -',
    server: 'pod web cross-zone',
    counted: { '-': ['asked'], 'cross-zone': ['answered'] },
  },
  {
    what: 'a service, with a pod on the network of a node behind it',
    from: 'web',
    to: 'kubernetes',
    client: 'service kubernetes -',
    counted: { '-': ['asked'] },
  },
  {
    what: 'a service, with a public address behind it',
    from: 'web',
    to: 'moved',
    client: 'service moved -',
    counted: { '-': ['asked'] },
  },
  {
    what: 'a pod that is excluded',
    from: 'web',
    to: 'off',
    client: 'pod off zone',
    counted: { zone: ['asked'] },
  },
  {
    what: 'a pod that is excluded and asks',
    from: 'off',
    to: 'web',
    server: 'pod off zone',
    counted: { zone: ['answered'] },
  },
  {
    what: 'a pod in the zone, on a node without an agent',
    from: 'web',
    to: 'lone',
    client: 'pod lone zone',
    counted: { zone: ['asked'] },
  },
  {
    what: 'a pod whose address is replaced by its node’s on the way',
    from: 'web',
    to: 'far',
    nat: { from: 'host1' },
    client: 'pod far cross-region',
    server: 'node lab-1 cross-region',
    counted: { 'cross-region': ['asked', 'asked', 'answered'] },
  },
  {
    what: 'a NodePort of another node, with a pod in another region behind it',
    from: 'web',
    to: 'host2',
    nat: { to: 'far', from: 'host2' },
    client: 'node lab-2 cross-zone',
    server: 'node lab-2 cross-region',
    counted: { 'cross-zone': BOTH, 'cross-region': BOTH },
  },
];
