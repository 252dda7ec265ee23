import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { node } from '../lab/apiserver/objects.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import { kill, sh } from '../lab/shell.ts';

let lab: Lab;

before(async () => {
  lab = await createLab();
  await lab.pod({ namespace: 'lab', name: 'web-0', ips: ['10.244.0.10'] });
});

after(() => lab.end());

test('--check finds nothing wrong where nothing is', async () => {
  const { code, text } = await lab.check();
  assert.equal(code, 0, text);
  assert.doesNotMatch(text, /FAIL/);
  assert.match(text, /1 of 1 pods found/);
  assert.equal(processesNamed('iftop').length, 0);
});

test('--check says what interfaces the pods have, if none is of IFACE', async () => {
  const good = await lab.check({ IFACE: 'net1,eth0' });
  assert.match(good.text, /ok {4}IFACE net1,eth0: in 1 of 1 network namespaces/);
  const { code, text } = await lab.check({ IFACE: 'net1,net2' });
  assert.equal(code, 1);
  const fault =
    /FAIL {2}IFACE net1,net2: .*: in 0 of 1 network namespaces; they have lo, eth0\n.*fix: .*IFACE/;
  assert.match(text, fault);
});

test('--check names what is missing and how to mend it', async () => {
  const { code, text } = await lab.check({ INFLUX_DATABASE: 'nobody-made-it', NODE_NAME: 'lab-9' });
  assert.equal(code, 1);
  assert.match(text, /FAIL {2}pods of node lab-9[\s\S]*fix: is NODE_NAME/);
  assert.match(text, /FAIL {2}InfluxDB[\s\S]*database not found[\s\S]*fix: .*INFLUX_DATABASE/);
});

test('--check without rights says which', async () => {
  lab.api.fault(({ path }) =>
    path.startsWith('/api/v1/nodes')
      ? { status: 403, body: '{"kind":"Status","message":"nodes is forbidden","code":403}' }
      : 'proceed',
  );
  const { code, text } = await lab.check();
  lab.api.fault(undefined);
  assert.equal(code, 1);
  assert.match(
    text,
    /FAIL {2}API server, nodes: .*nodes is forbidden[\s\S]*fix: .*get, list and watch/,
  );
});

test('--check without any right blames that, and nothing else', async () => {
  for (const kind of ['pods', 'services', 'nodes', 'namespaces']) lab.denied.add(kind);
  const { code, text } = await lab.check();
  lab.denied.clear();
  assert.equal(code, 1);
  assert.match(
    text,
    /FAIL {2}pods of node lab-1: .*pods is forbidden.*\n +fix: .*get, list and watch/,
  );
  assert.match(
    text,
    /FAIL {2}network namespaces: .*: not searched.*\n +fix: first mend what the line on the pods/,
  );
  assert.doesNotMatch(text, /NODE_NAME|hostPID/);
});

test('--check finds no fault with a node that has no pods', async () => {
  lab.api.store.put('nodes', node({ name: 'lab-2', addresses: ['192.0.2.20'] }));
  const { code, text } = await lab.check({ NODE_NAME: 'lab-2' });
  assert.equal(code, 0, text);
  assert.match(text, /ok {4}pods of node lab-2: 0 with a network of their own/);
});

test('--check of a server that is not there says so, with a remedy that fits', async () => {
  await lab.api.down();
  const { code, text } = await lab.check();
  await lab.api.up();
  assert.equal(code, 1);
  assert.match(
    text,
    /FAIL {2}API server, pods: .*: nothing listens at .*\n +fix: is the API server running/,
  );
  assert.doesNotMatch(text, /NODE_NAME|hostPID/);
});

test('--check reads the named networks, and lists each mistake with its line', async () => {
  const file = join(lab.directory, 'networks.yaml');
  writeFileSync(file, 'office: [192.0.2.0/24, 2001:db8:1::/48]\n');
  const good = await lab.check({ NETWORKS_FILE: file });
  assert.equal(good.code, 0, good.text);
  assert.match(good.text, /ok {4}NETWORKS_FILE .*: 2 networks have names/);

  writeFileSync(file, 'office: 192.0.2.0/24\npartner: [x, 198.51.100.1/24]\noffice: []\n');
  const wrong = await lab.check({ NETWORKS_FILE: file });
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.text,
    /FAIL {2}NETWORKS_FILE .*: 3 mistakes.*\n +line 2: "x".*\n +line 2: 198.*\n +line 3: .*"office".*\n +fix: /,
  );

  const missing = await lab.check({ NETWORKS_FILE: `${file}.old` });
  assert.equal(missing.code, 1);
  assert.match(missing.text, /FAIL {2}NETWORKS_FILE .*: .*no such file/);
});

test('--dry-run prints rows on stdout, logs on stderr and writes nothing', async () => {
  const { process, log } = lab.daemon(
    { INTERVAL: '5s', INFLUX_URL: '', INFLUX_DATABASE: '' },
    '--dry-run',
  );
  await until(
    () =>
      log.some((line) =>
        /^nstat_agent,cluster=-,node=lab-1,namespace=-,pod=- .*podsSeen=1i,sessions=1i/.test(line),
      ),
    'a row',
  );
  assert.equal(await kill(process, 'SIGTERM'), 0);
  assert.deepEqual(await lab.influx.query('SELECT * FROM nstat_agent WHERE sessions = 1'), []);
});

test('without iftop the captures fail, which is logged once, and the daemon goes on', async () => {
  const path = sh('sh', ['-c', 'command -v iftop']).trim();
  sh('mount', ['--bind', '/dev/null', path]);
  try {
    const { code, text } = await lab.check();
    assert.equal(code, 1);
    assert.match(text, /FAIL {2}capture: [\s\S]*fix: install iftop/);
    const { process, said } = lab.daemon({ INTERVAL: '5s' });
    await until(() => said('window closed').length > 0, 'a window');
    const failures = said('capture failed');
    assert.equal(failures.length, 1, failures.join('\n'));
    assert.match(failures[0] ?? '', /iftop.*Permission denied/);
    const faults = () => said('startup report: iftop cannot capture');
    await until(() => faults().length > 0, 'the startup report');
    assert.match(faults()[0] ?? '', /"level":"warn".*"fix":"install iftop/);
    assert.equal(await kill(process, 'SIGTERM'), 0);
  } finally {
    sh('umount', [path]);
  }
});
