import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Problems } from '../../daemon/log.ts';
import type { Condition } from '../../lib/conditions.ts';

const LOG = new URL('../../daemon/log.ts', import.meta.url).href;
const MINUTE = 60_000;
const [FAILED, SLOW, BROKEN] = [conditionOf('failed'), conditionOf('slow'), conditionOf('broken')];

function conditionOf(sentence: string): Condition {
  return { sentence, remedy: `mend ${sentence}` };
}

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 }));
afterEach(() => mock.timers.reset());

/** Problems, and what they have said, each with its level. */
function listening(): { problems: Problems; said: object[] } {
  const said: object[] = [];
  const at = (level: string) => (fields: object, msg: string) =>
    void said.push({ level, msg, ...fields });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { problems: new Problems(log), said };
}

test('a problem is logged once, and again when it comes back after it was over', () => {
  const { problems, said } = listening();
  for (const attempt of [1, 2, 3]) problems.report('demo/web', FAILED, { attempt });
  assert.deepEqual(said.splice(0), [
    { level: 'warn', msg: 'failed', attempt: 1, fix: 'mend failed' },
  ]);
  problems.resolve('demo/web');
  mock.timers.tick(MINUTE);
  const over = { level: 'info', msg: 'a problem is over', problem: 'failed', fix: 'mend failed' };
  const since = new Date(0).toISOString();
  assert.deepEqual(said.splice(0), [{ ...over, attempt: 1, times: 3, since }]);
  problems.report('demo/web', FAILED, { attempt: 4, fix: 'closer' });
  assert.deepEqual(said, [{ level: 'warn', msg: 'failed', attempt: 4, fix: 'closer' }]);
});

test('a problem that comes and goes is one', () => {
  const { problems, said } = listening();
  for (let time = 0; time < 20; time += 1) {
    problems.report('services', BROKEN, {});
    problems.resolve('services');
    mock.timers.tick(MINUTE / 2);
  }
  assert.equal(said.length, 1);
  mock.timers.tick(MINUTE);
  const since = new Date(0).toISOString();
  const over = {
    level: 'info',
    msg: 'a problem is over',
    problem: 'broken',
    fix: 'mend broken',
    times: 20,
    since,
  };
  assert.deepEqual(said.slice(1), [over]);
});

test('a problem that lasts is logged once an hour, with how often it was', () => {
  const { problems, said } = listening();
  for (let minute = 0; minute < 150; minute += 1) {
    problems.report('demo/web', FAILED, { minute });
    mock.timers.tick(MINUTE);
  }
  const line = { level: 'warn', msg: 'failed', fix: 'mend failed' };
  const since = new Date(0).toISOString();
  assert.deepEqual(said, [
    { ...line, minute: 0 },
    { ...line, minute: 60, times: 61, since },
    { ...line, minute: 120, times: 121, since },
  ]);
});

test('each problem of each subject is logged, and all of a subject end together', () => {
  const { problems, said } = listening();
  problems.report('demo/web', FAILED, {});
  problems.report('demo/web', SLOW, {});
  problems.report('demo/web-1', FAILED, {});
  assert.equal(said.length, 3);
  problems.resolve('demo/web');
  problems.resolve('never reported');
  mock.timers.tick(MINUTE);
  assert.deepEqual(
    said.slice(3).map((line) => 'problem' in line && line.problem),
    ['failed', 'slow'],
  );
});

test('of ever new problems only the latest thousand are kept', () => {
  const { problems, said } = listening();
  for (let pod = 0; pod <= 1000; pod += 1) problems.report(`demo/web-${pod}`, FAILED, {});
  problems.report('demo/web-1', FAILED, {});
  assert.equal(said.length, 1001);
  problems.report('demo/web-0', FAILED, {});
  assert.equal(said.length, 1002);
});

test('what others say cannot break a line, nor make one', () => {
  const outside = '\n{"level":"error","msg":"forged"}\r\u2028\u0000\u001B[2J"';
  const script = `import { createLog } from '${LOG}';
    const log = createLog('info', 1);
    const outside = JSON.parse(process.argv[1]);
    log.warn({ error: outside, [outside]: [outside] }, outside);`;
  const child = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script, JSON.stringify(outside)],
    { encoding: 'utf8' },
  );
  const lines = child.stdout.trimEnd().split('\n');
  assert.equal(lines.length, 1, child.stdout);
  assert.doesNotMatch(lines[0] ?? '', /\p{Cc}/u);
  const { level, msg, error } = JSON.parse(lines[0] ?? '');
  assert.deepEqual({ level, msg, error }, { level: 'warn', msg: outside, error: outside });
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
