import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build, podSpecs } from './built.ts';

test('the clean-up removes the directory of the spool, and has no right but to', () => {
  const [spec] = podSpecs(build('clean-up'));
  const [agents] = podSpecs(build('base'));
  const [spool] = agents?.volumes?.flatMap(({ hostPath }) => hostPath?.path ?? []) ?? [];
  const [volume] = spec?.volumes ?? [];
  const [remove] = spec?.initContainers ?? [];
  const mount = remove?.volumeMounts?.find(({ name }) => name === volume?.name)?.mountPath;
  const [, inside = ''] = /rmSync\('([^']+)'/.exec(remove?.command?.join(' ') ?? '') ?? [];
  assert.equal(inside.replace(mount ?? '', volume?.hostPath?.path ?? ''), spool);
  for (const { securityContext } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])])
    assert.deepEqual(securityContext?.capabilities, { drop: ['ALL'] });
  assert.deepEqual(spec?.tolerations, agents?.tolerations);
});
