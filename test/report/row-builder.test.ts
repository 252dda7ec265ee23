import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClosedWindow, LocalPod } from '../../lib/model.ts';
import { Directory } from '../../lib/naming/directory.ts';
import { parseLine } from '../influx/read-line-protocol.ts';
import { RowBuilder, type RowBuilderConfig } from '../../lib/report/row-builder.ts';

const END = 1_700_000_010_000;
const config: RowBuilderConfig = {
  cluster: '-',
  node: 'n',
  interval: 10_000,
  podLabels: [],
  podDetail: 'pod',
  peersPerPod: 1,
  peerDetail: 'pod',
};
const [FAR, NEAR] = ['198.51.100.1', '192.0.2.1'];

/** A window of one interface of a pod, with these bytes to these addresses. */
function windowOf(
  iface: string,
  sent: { readonly [address: string]: number },
  own: Partial<LocalPod> = {},
): ClosedWindow {
  const ips = ['10.0.0.1'];
  const pod = { uid: 'u', cgroupUid: 'u', namespace: 'a', name: 'b', workload: '-', ips, ...own };
  const window = {
    start: END - 10_000,
    end: END,
    pairs: Object.entries(sent).map(([remote, each]) => {
      return { local: '10.0.0.1', remote, from: END, to: END, sent: each, received: 0 };
    }),
    rest: { sent: 0, received: 0 },
    kernel: undefined,
    uncaptured: { sent: 0, received: 0 },
    overloaded: false,
    paused: undefined,
    miscounted: { sent: false, received: false },
  };
  return { pod, selection: 'selected', iface, window };
}

test('each interface of a pod has its totals, its remainder, and the peer that it had before', () => {
  const builder = new RowBuilder(config, new Directory());
  builder.build(
    [windowOf('eth0', { [FAR]: 300, [NEAR]: 10 }), windowOf('net1', { [NEAR]: 70, [FAR]: 7 })],
    true,
  );
  // The other peer of each has 1.5 times the bytes now, which is not enough to take its place.
  const { rows } = builder.build(
    [windowOf('eth0', { [FAR]: 100, [NEAR]: 150 }), windowOf('net1', { [NEAR]: 40, [FAR]: 60 })],
    true,
  );
  const figures = rows.map((row) => {
    const [, iface] = /,interface=(\w+)/.exec(row) ?? [];
    const [, peer = 'all'] = /,peer=([^,]+)/.exec(row) ?? [];
    const [, sent] = /sent(?:Attributed|Bytes)=(\d+)i/.exec(row) ?? [];
    return `${iface} ${peer} ${sent}`;
  });
  assert.deepEqual(figures, [
    'eth0 198.51.100.0/24 100',
    'eth0 - 150',
    'eth0 all 250',
    'net1 192.0.2.0/24 40',
    'net1 - 60',
    'net1 all 100',
  ]);
});

/** The tags of rows that tell what they belong to, with the bytes sent. */
function sums(rows: readonly string[], tags: readonly string[]): string[] {
  return rows.map(parseLine).map(({ measurement, tags: all, fields }) => {
    const values = tags.map((name) => all.find(([tag]) => tag === name)?.[1] ?? 'none');
    const sent = fields.get(measurement === 'nstat' ? 'sentBytes' : 'sentAttributed');
    return [measurement, ...values, sent].join(' ');
  });
}

test('a pod has its labels in all of its rows, in the order of the setting', () => {
  const podLabels = [
    { key: 'team', tag: 'label_team' },
    { key: 'app.kubernetes.io/name', tag: 'label_app_kubernetes_io_name' },
  ];
  const builder = new RowBuilder({ ...config, podLabels, cluster: 'eu' }, new Directory());
  const labels = { 'app.kubernetes.io/name': 'shop', other: 'x' };
  const { rows } = builder.build([windowOf('eth0', { [FAR]: 5 }, { labels })], true);
  const tags = ['cluster', 'label_team', 'label_app_kubernetes_io_name', 'label_other'];
  assert.deepEqual(sums(rows, tags), ['nstat eu - shop none 5i', 'nstat_pod eu - shop none 5i']);
  assert.ok(rows.every((row) => /,label_team=-,label_app_kubernetes_io_name=shop /.test(row)));
});

const pod = (name: string, workload = 'Deployment/web', team = 'x') => {
  return { uid: name, name, workload, labels: { team } };
};

test('the pods of a workload have rows together, by label and interface, and no byte is lost', () => {
  const podLabels = [{ key: 'team', tag: 'label_team' }];
  const builder = new RowBuilder({ ...config, podLabels, podDetail: 'workload' }, new Directory());
  const { pods, rows } = builder.build(
    [
      windowOf('eth0', { [FAR]: 300, [NEAR]: 200 }, pod('web-1')),
      windowOf('eth0', { [NEAR]: 250, [FAR]: 1 }, pod('web-2')),
      windowOf('net1', { [FAR]: 7 }, pod('web-2')),
      windowOf('eth0', { [FAR]: 9 }, pod('web-3', 'Deployment/web', 'y')),
      windowOf('eth0', { [FAR]: 11 }, pod('cron-1', 'CronJob/cron')),
    ],
    true,
  );
  assert.equal(pods.length, 5);
  const tags = ['pod', 'workload', 'interface', 'label_team', 'peer'];
  assert.deepEqual(sums(rows, tags), [
    // Of both pods together 192.0.2.0/24 has the most bytes.
    'nstat - Deployment/web eth0 x 192.0.2.0/24 450i',
    'nstat - Deployment/web eth0 x - 301i',
    'nstat_pod - Deployment/web eth0 x none 751i',
    'nstat - Deployment/web net1 x 198.51.100.0/24 7i',
    'nstat_pod - Deployment/web net1 x none 7i',
    'nstat - Deployment/web eth0 y 198.51.100.0/24 9i',
    'nstat_pod - Deployment/web eth0 y none 9i',
    'nstat - CronJob/cron eth0 x 198.51.100.0/24 11i',
    'nstat_pod - CronJob/cron eth0 x none 11i',
  ]);
});

const labelled = (name: string, labels: LocalPod['labels'] = {}) =>
  windowOf('eth0', { [FAR]: 2 }, { ...pod(name), labels });

test('pods whose rows have the same tags have them together, whatever else they are labelled', () => {
  const podLabels = [{ key: 'constructor', tag: 'label_constructor' }];
  const builder = new RowBuilder({ ...config, podLabels, podDetail: 'workload' }, new Directory());
  const windows = [
    // As windows on disk have them after another POD_LABELS.
    labelled('web-1', { team: 'x' }),
    labelled('web-2', { team: 'y' }),
    labelled('web-3', { constructor: '' }),
    windowOf('eth0', { [FAR]: 2 }, { name: 'web-4', workload: 'Deployment/web' }),
    labelled('web-5', { constructor: 'z' }),
  ];
  const { rows } = builder.build(windows, true);
  assert.deepEqual(sums(rows, ['pod', 'label_constructor']), [
    'nstat - - 8i',
    'nstat_pod - - 8i',
    'nstat - z 2i',
    'nstat_pod - z 2i',
  ]);
});
