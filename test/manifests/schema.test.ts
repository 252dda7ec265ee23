import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build, buildOwn, COMPONENTS, FOLDERS, type Manifest, rendered } from './built.ts';
import { mistakes } from './types.ts';

const OLD = 'components/before-1.30';
const BASE = ['overlays/quickstart'];

test('every folder, every component and the one file are what the Kubernetes API knows', () => {
  const own = COMPONENTS.map((each) => buildOwn({ resources: BASE, components: [each] }));
  assert.ok(own.length > 0);
  const all = [...FOLDERS.map(build), ...own, rendered()].flat();
  assert.deepEqual(mistakes(all), []);
});

test('with its component every folder of agents is what an old Kubernetes API knows', () => {
  for (const resources of [['overlays/influxdb1'], ['overlays/influxdb2'], BASE])
    assert.deepEqual(mistakes(buildOwn({ resources, components: [OLD] }), 'oldest'), []);
  // What has no agent in it needs no component.
  for (const folder of ['clean-up', 'dashboards', 'sidecar/example'])
    assert.deepEqual(mistakes(build(folder), 'oldest'), []);
  assert.match(
    mistakes(build('base'), 'oldest').join(),
    /appArmorProfile.* does not exist in type/,
  );
});

test('components go together, in whatever order they are named', () => {
  const components = COMPONENTS.filter((each) => each !== 'components/privileged');
  const own = buildOwn({ resources: BASE, components });
  const reversed = buildOwn({ resources: BASE, components: components.toReversed() });
  assert.deepEqual(mistakes(own), []);
  assert.deepEqual(mistakes(own, 'oldest'), []);
  assert.deepEqual(unordered(reversed), unordered(own));
});

test('of the constraints of OpenShift too a field that is unknown or missing is a mistake', () => {
  const own = buildOwn({ resources: ['base'], components: ['components/openshift'] });
  const text = JSON.stringify(own);
  const wrong = (from: string, to: string) =>
    mistakes(JSON.parse(text.replaceAll(from, to)) as Manifest[]).join();
  assert.match(wrong('"allowHostPID":', '"allowHostPid":'), /allowHostPid.* does not exist/);
  assert.match(wrong('"priority":0,', ''), /'priority'+ is missing/);
  assert.match(wrong('"projected"', '"project"'), /"project"/);
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

/** Objects, and variables, mounts and volumes in them, of which the order does not matter. */
function unordered(manifests: readonly Manifest[]): Set<string> {
  return new Set(manifests.map((object) => JSON.stringify(object, sorted)));
}

function sorted(_: string, value: unknown): unknown {
  return Array.isArray(value) ? value.toSorted(byText) : value;
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** What is wrong with the base when all of one text in it is another. */
function changed(from: string, to: string): string[] {
  const text = JSON.stringify(build('base'));
  return mistakes(JSON.parse(text.replaceAll(from, to)) as Manifest[]);
}
