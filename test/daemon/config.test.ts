import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig, VARIABLES } from '../../daemon/config.ts';
import { ConfigError } from '../../lib/config-error.ts';

const NODE = { NODE_NAME: 'n1' };
const ONE = { ...NODE, INFLUX_URL: 'http://influx:8086', INFLUX_DATABASE: 'nstats' };
const TWO = { ...NODE, INFLUX_URL: 'https://influx:8086/', INFLUX_BUCKET: 'nstats' };

/** The mistakes by the variable that they name first. */
function mistakesIn(environment: { [name: string]: string }): Map<string, string> {
  try {
    readConfig(environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return new Map(error.mistakes.map((mistake) => [mistake.split(' ')[0] ?? '', mistake]));
  }
  return new Map();
}

function wrongIn(environment: { [name: string]: string }): string[] {
  return [...mistakesIn(environment).keys()];
}

test('what is not set has its default', () => {
  assert.deepEqual(readConfig(ONE), {
    cluster: '-',
    node: 'n1',
    kubeconfig: undefined,
    interfaces: ['eth0'],
    capture: 'iftop',
    interval: 10_000,
    influx: {
      url: 'http://influx:8086',
      api: 1,
      database: 'nstats',
      retentionPolicy: undefined,
      username: undefined,
      password: undefined,
    },
    relay: undefined,
    spool: { directory: '/var/lib/nstats', max: 268_435_456 },
    podLabels: [],
    podDetail: 'pod',
    peersPerPod: 50,
    peerDetail: 'pod',
    ports: 'none',
    networksFile: undefined,
    namespaces: undefined,
    excludeNamespaces: new Set(),
    cpuBudget: 1,
    listen: { host: undefined, port: 9790 },
    topSocket: '/run/nstats/top.sock',
    flowMetrics: 'none',
    sidecar: undefined,
    logLevel: 'info',
  });
});

test('the socket is an absolute path that the kernel takes, or none', () => {
  assert.equal(readConfig({ ...ONE, TOP_SOCKET: '/tmp/s' }).topSocket, '/tmp/s');
  assert.equal(readConfig({ ...ONE, TOP_SOCKET: 'none' }).topSocket, undefined);
  for (const TOP_SOCKET of ['top.sock', `/${'x'.repeat(96)}`])
    assert.throws(
      () => readConfig({ ...ONE, TOP_SOCKET }),
      /TOP_SOCKET is ".*must be an absolute path/,
    );
});

test('an empty variable counts as not set, and spaces around a value do not count', () => {
  const empty = Object.fromEntries(VARIABLES.map(([name]) => [name, ' ']));
  assert.deepEqual(readConfig({ ...empty, ...ONE, NODE_NAME: ' n1\n' }), readConfig(ONE));
});

test('a bucket is written to by the second API, a database by the first', () => {
  assert.deepEqual(readConfig({ ...TWO, INFLUX_ORG: 'acme', INFLUX_TOKEN: 't' }).influx, {
    url: 'https://influx:8086',
    api: 2,
    bucket: 'nstats',
    org: 'acme',
    token: 't',
  });
  const credentials = {
    INFLUX_RETENTION_POLICY: 'year',
    INFLUX_USERNAME: 'u',
    INFLUX_PASSWORD: 'p',
  };
  const { influx } = readConfig({ ...ONE, ...credentials });
  assert.ok(influx.api === 1);
  assert.deepEqual([influx.retentionPolicy, influx.username, influx.password], ['year', 'u', 'p']);
});

const valid: readonly [name: string, value: string, key: string, meaning: unknown][] = [
  ['NODE_NAME', 'ip-10-0-0-1.ec2.internal', 'node', 'ip-10-0-0-1.ec2.internal'],
  ['CLUSTER', 'prod eu/1', 'cluster', 'prod eu/1'],
  ['KUBECONFIG', '/root/.kube/config', 'kubeconfig', '/root/.kube/config'],
  ['IFACE', 'net1', 'interfaces', ['net1']],
  ['IFACE', 'eth0.100@if5', 'interfaces', ['eth0.100@if5']],
  ['IFACE', 'eth0,net1', 'interfaces', ['eth0', 'net1']],
  ['IFACE', 'net1 , eth0', 'interfaces', ['net1', 'eth0']],
  ['IFACE', 'é234567890123,...', 'interfaces', ['é234567890123', '...']],
  ['CAPTURE', 'bpf', 'capture', 'bpf'],
  ['CAPTURE', 'auto', 'capture', 'auto'],
  [
    'RELAY_URL',
    'https://nstats-relay.nstats.svc:9443',
    'relay',
    {
      url: 'https://nstats-relay.nstats.svc:9443',
      authority: undefined,
      tokenFile: '/var/run/secrets/nstats-relay/token',
      fallback: 600_000,
    },
  ],
  ['INTERVAL', '5s', 'interval', 5000],
  ['INTERVAL', '2m', 'interval', 120_000],
  ['INTERVAL', '1h', 'interval', 3_600_000],
  ['PEERS_PER_POD', '1', 'peersPerPod', 1],
  ['PEERS_PER_POD', '1000', 'peersPerPod', 1000],
  ['POD_LABELS', 'team', 'podLabels', [{ key: 'team', tag: 'label_team' }]],
  [
    'POD_LABELS',
    'app.kubernetes.io/part-of, costCenter,team',
    'podLabels',
    [
      { key: 'app.kubernetes.io/part-of', tag: 'label_app_kubernetes_io_part_of' },
      { key: 'costCenter', tag: 'label_cost_center' },
      { key: 'team', tag: 'label_team' },
    ],
  ],
  ['POD_DETAIL', 'workload', 'podDetail', 'workload'],
  ['PEER_DETAIL', 'workload', 'peerDetail', 'workload'],
  ['FLOW_METRICS', 'workload', 'flowMetrics', 'workload'],
  ['NETWORKS_FILE', '/etc/nstats/networks.yaml', 'networksFile', '/etc/nstats/networks.yaml'],
  ['NAMESPACES', 'a', 'namespaces', new Set(['a'])],
  ['NAMESPACES', 'a, b-1 ,a', 'namespaces', new Set(['a', 'b-1'])],
  ['EXCLUDE_NAMESPACES', 'kube-system', 'excludeNamespaces', new Set(['kube-system'])],
  ['SPOOL_DIR', '/spool', 'spool', { directory: '/spool', max: 268_435_456 }],
  ['SPOOL_MAX', '64MiB', 'spool', { directory: '/var/lib/nstats', max: 67_108_864 }],
  ['SPOOL_MAX', '1GiB', 'spool', { directory: '/var/lib/nstats', max: 1_073_741_824 }],
  ['CPU_BUDGET', '0.05', 'cpuBudget', 0.05],
  ['CPU_BUDGET', '2', 'cpuBudget', 2],
  ['CPU_BUDGET', 'none', 'cpuBudget', Infinity],
  ['LISTEN', '127.0.0.1:80', 'listen', { host: '127.0.0.1', port: 80 }],
  ['LISTEN', '[::1]:65535', 'listen', { host: '::1', port: 65_535 }],
  ['LISTEN', ':1', 'listen', { host: undefined, port: 1 }],
  ['SIDECAR', 'false', 'sidecar', undefined],
  ['LOG_LEVEL', 'debug', 'logLevel', 'debug'],
];

for (const [name, value, key, meaning] of valid) {
  test(`${name}=${value} is understood`, () => {
    assert.deepEqual(
      new Map(Object.entries(readConfig({ ...ONE, [name]: value }))).get(key),
      meaning,
    );
  });
}

const invalid: readonly [name: string, values: readonly string[], wanted: RegExp][] = [
  [
    'IFACE',
    ['a b', 'eth0/1', '-i', 'a:b', 'x'.repeat(16), 'é23456789012345', 'a\tb', 'à0', '.', '..'],
    /IFACE is ".+"; it must be names of network interfaces, separated by commas/,
  ],
  ['IFACE', [',', 'eth0,', ',eth0', 'eth0,,net1', 'eth0,net1,eth0', 'eth0 net1'], /named once/],
  ['IFACE', ['lo', 'eth0,lo'], /not lo, whose traffic stays in the pod/],
  ['CAPTURE', ['ebpf', 'BPF', 'none'], /iftop or bpf or auto/],
  ['RELAY_URL', ['relay', 'relay:9443', 'ftp://relay', 'https://a/b'], /https:\/\/host:port/],
  ['RELAY_FALLBACK', ['10', 'never', '-1s'], /5s to 1h, such as 10m, or none/],
  ['INTERVAL', ['10', '4s', '61m', '2h', '1.5m', '-10s', '10S', 'soon', '99999999s'], /5s to 1h/],
  [
    'INFLUX_URL',
    ['influx', 'influx:8086', 'ftp://influx', 'unix:///run/influx', 'http://'],
    /http:\/\/host:port/,
  ],
  ['PEERS_PER_POD', ['0', '1001', '-1', '1.5', '1e2', 'all'], /1 to 1000/],
  ['PEER_DETAIL', ['Pod', 'service'], /pod or workload/],
  ['POD_DETAIL', ['node', 'Workload'], /pod or workload/],
  ['FLOW_METRICS', ['pod', 'true'], /none or namespace or workload/],
  ['CLUSTER', ['a\u0007b', 'x'.repeat(254)], /without control characters/],
  [
    'POD_LABELS',
    [',', 'team,', 'team=web', '-a', 'a b', 'a/b/c', '/team', 'Example.com/', 'x'.repeat(64)],
    /keys of labels, separated by commas/,
  ],
  ['POD_LABELS', ['team,team', 'costCenter,cost_center', 'a.b/c,a/b.c'], /different tags/],
  ['POD_LABELS', [Array.from({ length: 17 }, (_, at) => `l${at}`).join()], /16 labels or fewer/],
  ['PORTS', ['all', 'Service', 'true'], /none or service/],
  ['NAMESPACES', ['A', 'a b', ',', 'a,', '-a', 'a_b', 'x'.repeat(64)], /separated by commas/],
  ['EXCLUDE_NAMESPACES', ['*', 'kube-system;demo'], /separated by commas/],
  ['SPOOL_DIR', ['spool', './spool', '~'], /an absolute path/],
  ['SPOOL_MAX', ['0MiB', '64', '64MB', '1.5GiB', '-1MiB', '1025GiB', '64mib'], /1MiB to 1024GiB/],
  ['CPU_BUDGET', ['0', '0.009', '1025', '-1', '5%', '50m', '1e2', 'all'], /0\.01 to 1024/],
  ['LISTEN', ['9790', ':0', ':65536', '::1:80', 'a b:x'], /an address such as :9790/],
  ['SIDECAR', ['yes', 'TRUE'], /true or false/],
  ['LOG_LEVEL', ['trace', 'INFO', '30'], /debug or info or warn or error/],
];

for (const [name, values, wanted] of invalid) {
  test(`${name}: what it cannot be is refused, with what it is and what it must be`, () => {
    for (const value of values) {
      const mistakes = mistakesIn({ ...ONE, [name]: value });
      assert.deepEqual([...mistakes.keys()], [name], value);
      const mistake = mistakes.get(name) ?? '';
      assert.ok(mistake.includes(`is "${value}"; it must be `), mistake);
      assert.match(mistake, wanted);
    }
  });
}

test('ports are told by what counts in the kernel, and asked of iftop they are refused', () => {
  const service = { ...ONE, PORTS: 'service' };
  for (const CAPTURE of ['bpf', 'auto'])
    assert.equal(readConfig({ ...service, CAPTURE }).ports, 'service');
  for (const capture of [{}, { CAPTURE: 'iftop' }])
    assert.match(
      mistakesIn({ ...service, ...capture }).get('PORTS') ?? '',
      /^PORTS is "service"; it must be none unless CAPTURE is bpf or auto: iftop cannot tell ports$/,
    );
});

test('all mistakes are told at once', () => {
  const values = Object.fromEntries(invalid.map(([name, [value = '']]) => [name, value]));
  const named = [...mistakesIn(values).keys()];
  const required = ['NODE_NAME', 'INFLUX_BUCKET'];
  assert.deepEqual(new Set(named), new Set([...invalid.map(([name]) => name), ...required]));
  assert.throws(
    () => readConfig(values),
    /mistake[^]*NODE_NAME is not set[^]*LOG_LEVEL is "trace"/,
  );
});

test('what is required is asked for', () => {
  const mistakes = mistakesIn({});
  assert.deepEqual([...mistakes.keys()], ['NODE_NAME', 'INFLUX_URL', 'INFLUX_BUCKET']);
  for (const mistake of mistakes.values()) assert.match(mistake, / is not set; it must be /);
});

test('what belongs to the other kind of InfluxDB is refused rather than ignored', () => {
  assert.deepEqual(wrongIn({ ...ONE, ...TWO }), ['INFLUX_DATABASE']);
  for (const name of ['INFLUX_ORG', 'INFLUX_TOKEN'])
    assert.deepEqual(wrongIn({ ...ONE, [name]: 'x' }), [name]);
  for (const name of ['INFLUX_USERNAME', 'INFLUX_PASSWORD', 'INFLUX_RETENTION_POLICY']) {
    assert.deepEqual(wrongIn({ ...TWO, [name]: 'x' }), [name]);
  }
});

const credentials = [
  'http://user:SECRET@influx:8086',
  'http://SECRET@influx:8086',
  'http://:SECRET@influx:8086',
  'http://influx:8086?u=admin&p=SECRET',
  'http://influx:8086/?token=SECRET',
  'user:SECRET@influx:8086',
];

for (const url of credentials) {
  test(`${url} is refused, since it would be logged, and not shown`, () => {
    const mistake = mistakesIn({ ...ONE, INFLUX_URL: url }).get('INFLUX_URL') ?? '';
    assert.match(mistake, /^INFLUX_URL is set; it must be .*without credentials$/);
  });
}

test('no token and no password is ever shown', () => {
  const secrets = { INFLUX_TOKEN: 'SECRET', INFLUX_PASSWORD: 'SECRET' };
  for (const target of [ONE, TWO, { ...ONE, ...TWO }, NODE, {}]) {
    const shown = [...mistakesIn({ ...target, ...secrets }).values()].join('\n');
    assert.notEqual(shown, '');
    assert.doesNotMatch(shown, /SECRET/);
  }
});

test('a sidecar has to be told what pod it is part of', () => {
  const sidecar = { ...ONE, SIDECAR: 'true', POD_UID: 'u', POD_NAMESPACE: 'shop' };
  const mistakes = mistakesIn({ ...sidecar, POD_IPS: '10.0.0.1,x' });
  assert.deepEqual([...mistakes.keys()].toSorted(), ['POD_IPS', 'POD_NAME']);
  const whole = { ...sidecar, POD_NAME: 'web-0', POD_IPS: '10.0.0.1,FD00::1' };
  assert.deepEqual(readConfig(whole).sidecar, {
    uid: 'u',
    cgroupUid: 'u',
    namespace: 'shop',
    name: 'web-0',
    workload: 'Pod/web-0',
    ips: ['10.0.0.1', 'fd00::1'],
  });
});

test('a sidecar is told the labels of its pod with their values', () => {
  const pod = { POD_UID: 'u', POD_NAMESPACE: 'shop', POD_NAME: 'web-0', POD_IPS: '10.0.0.1' };
  const sidecar = { ...ONE, ...pod, SIDECAR: 'true' };
  const { podLabels, sidecar: own } = readConfig({ ...sidecar, POD_LABELS: 'team=a, tier=' });
  assert.deepEqual(
    podLabels.map(({ tag }) => tag),
    ['label_team', 'label_tier'],
  );
  assert.deepEqual(own?.labels, { team: 'a', tier: '' });
  for (const wrong of ['team', 'team=$(TEAM)', 'team=a=b', 'team=-'])
    assert.match(
      mistakesIn({ ...sidecar, POD_LABELS: wrong }).get('POD_LABELS') ?? '',
      /key=value of the pod/,
      wrong,
    );
});

test('sidecars have rows of their own, which POD_DETAIL=workload would give the same tags', () => {
  const pod = { POD_UID: 'u', POD_NAMESPACE: 'shop', POD_NAME: 'web-0', POD_IPS: '10.0.0.1' };
  const mistakes = mistakesIn({ ...ONE, ...pod, SIDECAR: 'true', POD_DETAIL: 'workload' });
  assert.match(mistakes.get('POD_DETAIL') ?? '', /must be pod when SIDECAR is true/);
});

test('the variables that are told of are those that are read', () => {
  const read = new Set<string>();
  for (const environment of [ONE, TWO, { ...ONE, SIDECAR: 'true' }, {}]) {
    const spy = new Proxy<{ [name: string]: string }>(environment, {
      get(values, name: string) {
        read.add(name);
        return values[name];
      },
    });
    mistakesIn(spy);
  }
  assert.deepEqual(read, new Set(VARIABLES.map(([name]) => name)));
});

test('the defaults that are told of are those that are taken', () => {
  const told = VARIABLES.filter(
    ([, fallback]) => !/^(required|-|all|none|in-cluster)$/.test(fallback),
  );
  assert.ok(told.length >= 5);
  const spelled = Object.fromEntries(told.map(([name, fallback]) => [name, fallback]));
  assert.deepEqual(readConfig({ ...ONE, ...spelled }), readConfig(ONE));
});
