import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Troubles } from '../../daemon/log.ts';

const LOG = new URL('../../daemon/log.ts', import.meta.url).href;

function other(): never {
  assert.fail('troubles are warnings');
}

/** Troubles, and what they have said. */
function listening(): { troubles: Troubles; said: [object, string][] } {
  const said: [object, string][] = [];
  const warn = (fields: object, message: string) => void said.push([fields, message]);
  return { troubles: new Troubles({ debug: other, info: other, warn, error: other }), said };
}

test('a trouble is said once, until it is over', () => {
  const { troubles, said } = listening();
  for (const attempt of [1, 2, 3]) troubles.say('demo/web', 'failed', { attempt });
  assert.deepEqual(said, [[{ attempt: 1 }, 'failed']]);
  troubles.over('demo/web');
  troubles.say('demo/web', 'failed', { attempt: 4 });
  assert.deepEqual(said.slice(1), [[{ attempt: 4 }, 'failed']]);
});

test('another trouble, or the same of another subject, is said too', () => {
  const { troubles, said } = listening();
  troubles.say('demo/web', 'failed', {});
  troubles.say('demo/web', 'slow', {});
  troubles.say('demo/web-1', 'failed', {});
  assert.deepEqual(
    said.map(([, what]) => what),
    ['failed', 'slow', 'failed'],
  );
});

test('all troubles of a subject end together, and those of no other', () => {
  const { troubles, said } = listening();
  const sayAll = () => {
    troubles.say('demo/web', 'failed', {});
    troubles.say('demo/web', 'slow', {});
    troubles.say('demo/web-1', 'failed', {});
  };
  sayAll();
  troubles.over('demo/web');
  troubles.over('never heard of');
  sayAll();
  assert.deepEqual(
    said.slice(3).map(([, what]) => what),
    ['failed', 'slow'],
  );
});

for (const [descriptor, name] of [
  [1, 'stdout'],
  [2, 'stderr'],
] as const) {
  test(`a log on ${name} is there to the last line even of a process that is killed, as JSON with level and time`, () => {
    const script = `import { createLog } from '${LOG}';
      const log = createLog('info', ${descriptor});
      log.debug({}, 'unheard');
      log.info({ pods: 2 }, 'first');
      log.error({}, 'last');
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    const lines: { level: string; time: string; msg: string; pods?: number }[] = child[name]
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ time, ...line }) => ({ ...line, time: new Date(time).toISOString() === time })),
      [
        { level: 'info', pods: 2, msg: 'first', time: true },
        { level: 'error', msg: 'last', time: true },
      ],
    );
  });
}
