import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { build, podSpecs } from './built.ts';

const [spec] = podSpecs(build('clean-up'));
const [agents] = podSpecs(build('base'));
const [remove] = spec?.initContainers ?? [];

test('the clean-up removes the directory of the spool and nothing beside it', () => {
  const [spool = ''] = agents?.volumes?.flatMap(({ hostPath }) => hostPath?.path ?? []) ?? [];
  const [volume] = spec?.volumes ?? [];
  assert.equal(volume?.hostPath?.path, dirname(spool));
  const mount = remove?.volumeMounts?.find(({ name }) => name === volume?.name)?.mountPath ?? '';
  const [program, ...args] = remove?.command ?? [];
  assert.equal(program, 'node');
  const parent = mkdtempSync(join(tmpdir(), 'nstats-clean-up-'));
  try {
    mkdirSync(join(parent, basename(spool), 'deeper'), { recursive: true, mode: 0o700 });
    writeFileSync(join(parent, basename(spool), 'deeper/rows'), '');
    mkdirSync(join(parent, 'other'));
    const inside = args.map((text) => text.replaceAll(`'${mount}/`, `'${parent}/`));
    // A node that never had an agent is no failure.
    for (const _ of ['with', 'without']) execFileSync(process.execPath, inside);
    assert.deepEqual(readdirSync(parent), ['other']);
  } finally {
    rmSync(parent, { recursive: true });
  }
});

test('the clean-up has no capability, and nothing of the node but the parent of the spool', () => {
  assert.equal(spec?.volumes?.length, 1);
  for (const field of ['hostPID', 'hostNetwork', 'hostIPC']) assert.ok(!(field in (spec ?? {})));
  for (const { securityContext } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])])
    assert.deepEqual(securityContext?.capabilities, { drop: ['ALL'] });
});

test('the clean-up gets to the nodes that agents get to, and waits for no other', () => {
  for (const field of ['tolerations', 'affinity', 'nodeSelector'] as const)
    assert.deepEqual(spec?.[field], agents?.[field]);
});
