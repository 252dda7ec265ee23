import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build, buildOwn, type Manifest } from './built.ts';
import { mistakes } from './types.ts';

const FOLDERS = [
  'base',
  'dashboards',
  'overlays/influxdb1',
  'overlays/influxdb2',
  'overlays/quickstart',
  'sidecar/example',
];

test('what is built is what the Kubernetes API knows, and nothing else', () => {
  const own = buildOwn({
    resources: ['overlays/influxdb2'],
    components: ['components/privileged', 'components/networks'],
  });
  assert.deepEqual(mistakes([...FOLDERS.flatMap(build), ...own]), []);
});

test('a field that the API does not know is a mistake, and so is one that is missing', () => {
  const unknown = changed('"hostPID":', '"hostPid":');
  assert.equal(unknown.length, 1);
  assert.match(unknown[0] ?? '', /hostPid.* does not exist in type 'V1PodSpec'/);
  assert.match(changed('"containers":', '"initContainers":').join(), /'containers'+ is missing/);
});

test('an object of a version that there is not is a mistake', () => {
  const manifests = build('base').map((object) => ({ ...object, apiVersion: 'v1alpha1' }));
  assert.ok(mistakes(manifests).includes('DaemonSet of v1alpha1'));
});

/** What is wrong with the base when all of one text in it is another. */
function changed(from: string, to: string): string[] {
  const text = JSON.stringify(build('base'));
  return mistakes(JSON.parse(text.replaceAll(from, to)) as Manifest[]);
}
