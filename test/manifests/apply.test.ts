import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { agent, build, FOLDERS, type Manifest, one, podSpecs, rendered } from './built.ts';

/** Of the annotation in which kubectl keeps what it has applied: ValidateAnnotations of Kubernetes. */
const ANNOTATIONS = 256 * 1024;
/** The end of a name that kustomize has generated: the letters and digits that make no word (hash.Encode). */
const GENERATED = /-[bcdfghkmt2456789]{10}$/;

test('the one file is the quickstart (npm run manifests)', () => {
  const built = build('overlays/quickstart');
  assert.equal(byName(built).size, built.length);
  assert.deepEqual(byName(rendered()), byName(built));
  assert.equal(rendered().length, built.length);
});

for (const folder of FOLDERS) {
  test(`${folder}: a first apply makes the namespace before what is in it`, () => {
    const made = new Set<string | undefined>();
    const own = build(folder);
    const names = own
      .filter(({ kind }) => kind === 'Namespace')
      .map(({ metadata }) => metadata.name);
    for (const { kind, metadata } of own) {
      if (kind === 'Namespace') made.add(metadata.name);
      else if (names.length > 0 && metadata.namespace) assert.ok(made.has(metadata.namespace));
    }
  });

  test(`${folder}: no name changes with what it names, so an apply leaves nothing behind`, () => {
    for (const { kind, metadata } of build(folder))
      assert.doesNotMatch(`${kind} ${metadata.name}`, GENERATED);
  });

  test(`${folder}: kubectl can keep in an annotation what it has applied`, () => {
    for (const object of build(folder))
      assert.ok(
        JSON.stringify(object).length < ANNOTATIONS,
        `${object.kind} ${object.metadata.name}`,
      );
  });
}

test('a change of the settings changes the DaemonSet, and so restarts the agents', () => {
  for (const folder of ['overlays/quickstart', 'overlays/influxdb1', 'overlays/influxdb2']) {
    const container = agent(build(folder));
    assert.ok(container.env?.some(({ name }) => name === 'INFLUX_URL'));
    assert.ok(container.envFrom?.every(({ secretRef }) => secretRef?.optional));
  }
});

test('a rollout never has two agents on a node', () => {
  const { updateStrategy } = one(build('base'), 'DaemonSet', 'nstats').spec ?? {};
  assert.equal(updateStrategy?.rollingUpdate?.maxSurge, undefined);
});

test('all containers of nstats have the image of this version', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const pods = podSpecs([...FOLDERS.flatMap(build), ...rendered()]);
  const images = pods
    .flatMap(({ containers, initContainers = [] }) => [...containers, ...initContainers])
    .map(({ image = '' }) => image)
    .filter((image) => image.startsWith('nstats:'));
  assert.deepEqual(new Set(images), new Set([`nstats:${version}`]));
});

function byName(manifests: readonly Manifest[]): Map<string, Manifest> {
  return new Map(manifests.map((object) => [`${object.kind} ${object.metadata.name}`, object]));
}
