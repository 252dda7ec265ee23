import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Issuer } from '../lab/apiserver/issuer.ts';
import { node as nodeObject, pod as podObject } from '../lab/apiserver/objects.ts';
import { selfSigned } from '../lab/apiserver/tls.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab } from '../lab/lab.ts';
import { sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

/** How often a relay fails, every how many seconds, and for how long; RELAY_KILLS=30 takes five minutes. */
const KILLS = Number(process.env['RELAY_KILLS'] ?? 4);
const [EVERY, AWAY] = [10, 6];
const HOST = 'relay.test';
const PORT = 9443;
const REPLICAS = ['127.0.0.2', '127.0.0.3'];
const INTERVAL = 5;
/** Addresses of pods on another node, which change hands all the time. */
const ADDRESSES = Array.from({ length: 10 }, (_, nth) => `10.244.1.${10 + nth}`);
const CHANGES_EVERY = 1500;
/** Seconds that the API's times may be off: they are whole seconds, by clocks that may differ. */
const CLOCKS = 2;

let lab: Lab;
let issuer: Issuer;
let relays: Daemon[];
let agent: Daemon;
/** Who had an address from when until when, in seconds since 1970, by the name of the pod. */
const owners = new Map<
  string,
  { readonly address: string; readonly from: number; until: number }
>();

before(async () => {
  issuer = await Issuer.create();
  lab = await createLab(undefined, issuer);
  const own = join(lab.directory, 'relay');
  mkdirSync(own);
  selfSigned(own, [HOST]);
  writeFileSync(join(own, 'token'), await issuer.token());
  // Only this lab sees it.
  const hosts = join(own, 'hosts');
  copyFileSync('/etc/hosts', hosts);
  appendFileSync(hosts, REPLICAS.map((address) => `\n${address} ${HOST}\n`).join(''));
  execFileSync('mount', ['--bind', hosts, '/etc/hosts']);
  lab.api.store.put('nodes', nodeObject({ name: 'far', addresses: ['192.0.2.77'] }));
  ADDRESSES.forEach((address, nth) => takeOver(address, `pod-0-${nth}`));
  relays = REPLICAS.map((_, nth) => relay(nth));
  await Promise.all(REPLICAS.map(async (address) => until(() => isReady(address), 'a relay')));
  const web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  agent = lab.daemon({ INTERVAL: `${INTERVAL}s`, ...settings() });
  await lab.captures(1);
  web.traffic('spray', 9, 20_000, ...ADDRESSES);
  await until(async () => (await agentRows()).length > 0, 'the first window');
});

after(async () => {
  await Promise.all([agent, ...relays].map(async (each) => kill(each.process, 'SIGTERM')));
  await lab.end();
});

const file = (name: string) => join(lab.directory, 'relay', name);

function settings() {
  return {
    RELAY_URL: `https://${HOST}:${PORT}`,
    RELAY_CA: file('tls.crt'),
    RELAY_TOKEN_FILE: file('token'),
    RELAY_FALLBACK: 'none',
  };
}

function relay(nth: number): Daemon {
  const own = {
    RELAY_LISTEN: `${REPLICAS[nth]}:${PORT}`,
    LISTEN: `${REPLICAS[nth]}:9791`,
    RELAY_TLS_CERT: file('tls.crt'),
    RELAY_TLS_KEY: file('tls.key'),
  };
  return lab.daemon(own, 'relay');
}

async function isReady(address: string): Promise<boolean> {
  return (await fetch(`http://${address}:9791/readyz`)).ok;
}

const agentRows = () => lab.influx.query('SELECT * FROM nstat_agent');

/** A new pod has an address from now on, and the one that had it is gone. */
function takeOver(address: string, name: string): void {
  const now = Date.now() / 1000;
  const { store } = lab.api;
  const old = [...owners].find(
    ([, owner]) => owner.address === address && owner.until === Infinity,
  );
  if (old) {
    store.remove('pods', old[0], 'data');
    old[1].until = now;
  }
  const startTime = new Date().toISOString();
  const object = podObject({ namespace: 'data', name, nodeName: 'far', ips: [address] });
  const containerStatuses = [{ state: { running: { startedAt: startTime } } }];
  store.put('pods', { ...object, status: { ...object.status, startTime, containerStatuses } });
  owners.set(name, { address, from: now, until: Infinity });
}

/** The lists of all pods, which cost the API server most. */
const lists = () =>
  lab.api.requests.filter(
    ({ path }) => /\/pods\?resourceVersion/.test(path) && !/Selector/.test(path),
  );

test('relays that are killed again and again cost no name, no window and no list but their own', async (t) => {
  let [changes, starts] = [0, relays.length];
  const churn = setInterval(() => {
    changes += 1;
    const nth = changes % ADDRESSES.length;
    takeOver(ADDRESSES[nth] ?? '', `pod-${changes}-${nth}`);
  }, CHANGES_EVERY);
  const begun = Date.now() / 1000;
  for (let count = 0; count < KILLS; count += 1) {
    const nth = count % relays.length;
    // Every second time it hangs.
    if (count % 4 > 1) process.kill(relays[nth]?.process.pid ?? 0, 'SIGSTOP');
    else await kill(relays[nth]!.process, 'SIGKILL');
    await sleep(AWAY * 1000);
    await kill(relays[nth]!.process, 'SIGKILL');
    relays[nth] = relay(nth);
    starts += 1;
    await until(() => isReady(REPLICAS[nth] ?? ''), 'the relay that was killed');
    await sleep((EVERY - AWAY) * 1000);
  }
  clearInterval(churn);
  const end = Date.now() / 1000;
  await until(async () => ((await agentRows()).at(-1)?.time ?? 0) > end, 'the last window');
  await kill(agent.process, 'SIGTERM');

  const rows = await lab.influx.query("SELECT * FROM nstat WHERE pod = 'web'");
  const named = rows.filter(
    (row) => row['peer_kind'] === 'pod' && row['peer_namespace'] === 'data',
  );
  const wrong = named.filter((row) => {
    const { from = Infinity, until = 0 } = owners.get(String(row['peer'])) ?? {};
    return row.time + CLOCKS < from || row.time - INTERVAL - CLOCKS > until;
  });
  t.diagnostic(`${changes} changes of hands, ${named.length} rows of pods, ${rows.length} in all`);
  assert.deepEqual(wrong, []);
  const windows = await agentRows();
  const times = windows.filter(({ time }) => time > begun && time <= end).map(({ time }) => time);
  // Of an address that changes hands every fifteen seconds the owner is certain in some windows only.
  assert.ok(named.length > 2 * times.length, `${times.length} windows`);
  // The last row is of the window that was open at the end.
  for (const [at, time] of times.slice(1, -1).entries())
    assert.equal(time - (times[at] ?? 0), INTERVAL);
  assert.equal(sum(windows, 'staleBytes'), 0);
  assert.equal(lists().length, starts);
});

test('--check says whether the relay serves the agent, and what to do if not', async () => {
  const good = await lab.check(settings());
  assert.match(
    good.text,
    new RegExp(`^ok    relay at https://${HOST}:${PORT}: serves this agent$`, 'm'),
  );
  const token = join(lab.directory, 'relay', 'wrong');
  writeFileSync(token, await issuer.token({ audience: 'vault' }));
  const { text } = await lab.check({ ...settings(), RELAY_TOKEN_FILE: token });
  assert.match(text, /^FAIL {2}relay at .*: the relay does not serve this agent: .*401/m);
  assert.match(text, /fix: the relay does not take the token in .*\/wrong: its audience must be/);
  const away = await lab.check({ ...settings(), RELAY_URL: `https://${HOST}:9444` });
  assert.match(away.text, /nothing listens at https:\/\/relay.test:9444/);
});
