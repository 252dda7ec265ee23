import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { agent, build, one, podSpecs } from './built.ts';

const text = readFileSync('SECURITY.md', 'utf8');
const [, table = ''] = text.split('## What an attacker')[0]?.split('|---|---|---|') ?? [];
const reasons = table.split('\n').map((line) => line.split('|')[1] ?? '');
const manifests = build('base');

test('SECURITY.md gives a reason for each capability, and for no other', () => {
  const named = [...reasons.join().matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name);
  const added = agent(manifests).securityContext?.capabilities?.add ?? [];
  assert.deepEqual(new Set(named), new Set(added));
});

test('SECURITY.md names each directory of the node, and no other', () => {
  const [spec] = podSpecs(manifests);
  const mounted = spec?.volumes?.flatMap(({ hostPath }) => hostPath?.path ?? []);
  const named = [...reasons.join().matchAll(/mount `([^`]+)`/g)].map(([, path]) => path);
  assert.deepEqual(named, mounted);
  assert.equal(
    spec?.hostPID,
    reasons.some((reason) => reason.includes('hostPID')),
  );
});

test('SECURITY.md names what may be asked of the API server', () => {
  const { rules = [] } = one(manifests, 'ClusterRole', 'nstats');
  const named = rules.map(
    ({ verbs, resources }) => `${verbs.join(', ')} of ${resources?.join(', ')}`,
  );
  assert.deepEqual(
    named,
    reasons.filter((reason) => reason.includes(' of ')).map((reason) => reason.trim()),
  );
});
