import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { agent, build, environment, MANIFESTS, one } from './built.ts';

const manifests = build('overlays/quickstart');
const settings = environment(manifests, agent(manifests));
const influxdb = one(manifests, 'StatefulSet', 'influxdb');
const grafana = one(manifests, 'Deployment', 'grafana');
const { datasources } = parse(data('grafana-datasources')['datasources.yaml'] ?? '') as {
  datasources: { uid: string; type: string; url: string; jsonData: { dbName: string } }[];
};

test('the agents, InfluxDB and Grafana mean the same database', () => {
  const [container] = influxdb.spec?.template.spec?.containers ?? [];
  const created = container?.env?.find(({ name }) => name === 'INFLUXDB_DB')?.value;
  assert.equal(settings['INFLUX_DATABASE'], created);
  assert.deepEqual(
    datasources.map(({ type, url, jsonData }) => [type, url, jsonData.dbName]),
    [['influxdb', settings['INFLUX_URL'], created]],
  );
});

test('services lead to the pods and the ports that they are for', () => {
  for (const [name, workload] of [
    ['influxdb', influxdb],
    ['grafana', grafana],
  ] as const) {
    const service = one(manifests, 'Service', name);
    const template = workload.spec?.template;
    const labels = Object.entries(template?.metadata?.labels ?? {});
    for (const [key, value] of Object.entries(service.spec?.selector ?? {}))
      assert.ok(labels.some((label) => label[0] === key && label[1] === value));
    const [port] = service.spec?.ports ?? [];
    assert.equal(template?.spec?.containers[0]?.ports?.[0]?.name, port?.targetPort);
    assert.equal(template?.spec?.containers[0]?.ports?.[0]?.containerPort, port?.port);
  }
  const url = new URL(settings['INFLUX_URL'] ?? '');
  const influx = one(manifests, 'Service', url.hostname);
  assert.equal(`${influx.spec?.ports?.[0]?.port}`, url.port);
});

test('all dashboards are provisioned, and look for the data source that is', () => {
  const files = globSync(`${MANIFESTS}/dashboards/*.json`).toSorted();
  const dashboards = data('grafana-dashboards');
  assert.deepEqual(
    Object.keys(dashboards),
    files.map((file) => basename(file)),
  );
  assert.ok(files.length > 0);
  for (const file of files) assert.equal(dashboards[basename(file)], readFileSync(file, 'utf8'));
  const uids = Object.values(dashboards).flatMap((text) => [
    ...text.matchAll(/"datasource":\s*\{[^}]*"uid":\s*"([^"]*)"/g),
  ]);
  const own = uids.map(([, uid]) => uid).filter((uid) => !uid?.startsWith('-'));
  assert.deepEqual(
    [...new Set(own)],
    datasources.map(({ uid }) => uid),
  );
});

test('the dashboards are mounted where Grafana looks for them', () => {
  const { providers } = parse(data('grafana-providers')['providers.yaml'] ?? '') as {
    providers: { options: { path: string } }[];
  };
  const pod = grafana.spec?.template.spec;
  const map = one(manifests, 'ConfigMap', 'grafana-dashboards').metadata?.name;
  const name = pod?.volumes?.find(({ configMap }) => configMap?.name === map)?.name;
  const mount = pod?.containers[0]?.volumeMounts?.find((each) => each.name === name);
  assert.equal(mount?.mountPath, providers[0]?.options.path);
});

function data(name: string): { [file: string]: string } {
  return one(manifests, 'ConfigMap', name).data ?? {};
}
