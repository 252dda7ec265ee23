import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from '../daemon/exposition.ts';
import { until } from '../lab/influx.ts';
import { collected, type Daemon } from '../lab/daemon.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import { kill } from '../lab/shell.ts';

const MAIN = join(import.meta.dirname, '../../daemon/main.ts');
/** The system calls seccomp and bpf. */
const [SECCOMP, BPF] = process.arch === 'arm64' ? [277, 280] : [317, 321];
/** Becomes a command for which bpf(2) is not permitted: seccomp(2), a filter of four struct sock_filter. */
const FORBID = `
my $filter = pack("(SCCL)4", 0x20, 0, 0, 0, 0x15, 0, 1, ${BPF}, 0x06, 0, 0, 0x00050001, 0x06, 0, 0, 0x7fff0000);
my $program = pack("Sx6P", 4, $filter);
syscall(${SECCOMP}, 1, 0, $program) == 0 or die "seccomp: $!";
exec @ARGV or die "exec: $!";
`;
const WHY =
  /seccomp profile does not allow bpf\(2\): use RuntimeDefault, or add bpf to the profile/;

let lab: Lab;

before(async () => {
  lab = await createLab();
  const web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  const db = await lab.pod({ namespace: 'shop', name: 'db', ips: ['10.244.0.11'] });
  await db.serve(80);
  web.traffic('send', '10.244.0.11', 80, 100_000);
});

after(() => lab.end());

/** A daemon in a container whose seccomp profile has no bpf(2). */
function daemon(capture: string, ...args: readonly string[]): Daemon {
  const own = { PATH: process.env['PATH'], ...lab.environment, INTERVAL: '5s', CAPTURE: capture };
  const command = ['-e', FORBID, process.execPath, MAIN, ...args];
  return collected(
    lab.processes.start('perl', command, { env: own, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

async function check(capture: string): Promise<{ code: unknown; text: string }> {
  const { process: child, log } = daemon(capture, '--check');
  const [code] = await once(child, 'close');
  return { code, text: log.join('\n') };
}

const agents = () => lab.influx.query('SELECT * FROM nstat_agent');

test('with auto all pods are captured by iftop, and log, metrics and rows say so', async (t) => {
  const { process: child, said } = daemon('auto');
  t.after(() => kill(child, 'SIGKILL'));
  await lab.captures(2);
  assert.deepEqual([processesNamed('iftop').length, processesNamed('nstats-bpf').length], [2, 0]);
  const lines = said('cannot be counted in the kernel');
  assert.equal(lines.length, 1, lines.join('\n'));
  const { level, msg, error } = JSON.parse(lines[0] ?? '{}') as { [field: string]: unknown };
  assert.deepEqual(
    [level, msg],
    ['info', 'traffic cannot be counted in the kernel: captured by iftop'],
  );
  assert.match(String(error), WHY);
  const { values } = parse(await (await fetch('http://127.0.0.1:9790/metrics')).text());
  assert.equal(values.get('nstats_capture_info{source="iftop"}'), 1);
  const named = () => lab.influx.query("SELECT * FROM nstat WHERE pod = 'web' AND peer = 'db'");
  await until(async () => (await named()).length > 0, 'its rows');
  assert.deepEqual(
    (await agents()).filter((row) => row['bpf'] !== 0),
    [],
  );
  assert.equal(await kill(child, 'SIGTERM'), 0);
});

test('--check with auto passes, and says why the kernel does not count and what to do', async () => {
  const { code, text } = await check('auto');
  assert.equal(code, 0, text);
  assert.match(text, /^ok {4}capture: .*iftop runs unprivileged .*; not in the kernel: /m);
  assert.match(text, WHY);
});

test('with bpf nothing is captured, the totals are written, and log and --check say why', async (t) => {
  await lab.influx.clear();
  const { process: child, said } = daemon('bpf');
  t.after(() => kill(child, 'SIGKILL'));
  const totals = () => lab.influx.query("SELECT * FROM nstat_pod WHERE pod = 'web'");
  await until(async () => (await totals()).length > 1, 'its totals');
  assert.equal(await kill(child, 'SIGTERM'), 0);
  const last = (await totals()).at(-1);
  assert.ok(Number(last?.['sentBytes']) > 0 && last?.['sentAttributed'] === 0);
  assert.equal(
    last?.['missingUncaptured'],
    Number(last?.['sentBytes']) + Number(last?.['receivedBytes']),
  );
  const lines = said('cannot be counted in the kernel: pods are in the totals only');
  assert.match(lines[0] ?? '', WHY);
  const { code, text } = await check('bpf');
  assert.equal(code, 1, text);
  assert.match(text, /^FAIL {2}capture: /m);
  assert.match(text, WHY);
});
