import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readConfig } from '../../daemon/config.ts';
import { agent, buildText, COMPONENTS, environment } from './built.ts';
import { mistakes } from './types.ts';

const DOCS = globSync(['README.md', 'docs/**/*.md'])
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

test('the documentation makes the namespace as apply does, for else kubectl warns of it', () => {
  assert.ok(DOCS.includes('kubectl apply -f nstats/manifests/base/namespace.yaml'));
  assert.ok(!/kubectl create (namespace|ns)\b/.test(DOCS));
});

test('the documentation names folders, files and components that are there', () => {
  const paths = [...DOCS.matchAll(/manifests\/[\w./-]*\w/g)].map(([path]) => path);
  const rows = [...DOCS.matchAll(/^\| [^|]+ \| (?:a copy of )?`([\w.-]+)` \|[^|]*\|$/gm)];
  const named = rows
    .map(([, name]) => `components/${name}`)
    .filter((path) => COMPONENTS.includes(path));
  assert.deepEqual(new Set(named), new Set(COMPONENTS));
  assert.deepEqual(
    paths.filter((path) => !existsSync(path)),
    [],
  );
});

test('the kustomization of the documentation gives the agent its image and settings', () => {
  const [, text = ''] = /```yaml\n(apiVersion: kustomize[^]*?)```/.exec(DOCS) ?? [];
  for (const way of [text, text.replace('# components:', 'components:')]) {
    const manifests = buildText(way.replaceAll('nstats/manifests/', '../'));
    assert.deepEqual(mistakes(manifests), []);
    const container = agent(manifests);
    assert.match(container.image ?? '', /^registry\.example\/nstats:/);
    const variables = environment(manifests, container);
    assert.equal(variables['INTERVAL'], '30s');
    assert.equal(readConfig(variables).influx?.url.includes('monitoring'), true);
  }
});
