import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { namespace } from '../lab/apiserver/objects.ts';
import type { KubernetesObject } from '../lab/apiserver/object.ts';
import { type Row, until } from '../lab/influx.ts';
import { countCaptures, createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { kill } from '../lab/shell.ts';

const RATE = 200_000;
const OFF = { annotations: { 'nstats/observe': 'false' } };
const ON = { annotations: { 'nstats/observe': 'true' } };
const UNDONE = { annotations: {} };

let lab: Lab;
let daemon: Daemon;
let pods: { readonly [name: string]: Pod };
const captured = countCaptures;

before(async () => {
  lab = await createLab();
  for (const name of ['shop', 'data']) lab.api.store.put('namespaces', namespace({ name }));
  lab.api.store.put('namespaces', namespace({ name: 'dark', ...OFF }));
  const pod = (name: string, space: string, host: number) =>
    lab.pod({ namespace: space, name, ips: [`10.244.0.${host}`] });
  pods = {
    web: await pod('web', 'shop', 10),
    api: await pod('api', 'shop', 11),
    db: await pod('db', 'data', 12),
    // Captured before its namespace is known, and excluded then.
    never: await pod('never', 'dark', 13),
  };
  await pods['db']?.serve(8080);
  for (const name of ['web', 'api', 'never'])
    pods[name]?.traffic('send', '10.244.0.12', 8080, RATE);
  daemon = lab.daemon({ INTERVAL: '5s' });
  await lab.captures(3);
});

after(async () => {
  await kill(daemon.process, 'SIGTERM');
  await lab.end();
});

/** Annotates as kubectl does. */
function annotate(
  resource: 'pods' | 'namespaces',
  said: typeof UNDONE,
  name: string,
  space?: string,
): void {
  const object = lab.api.store.get(resource, name, space) as KubernetesObject;
  lab.api.store.put(resource, { ...object, metadata: { ...object.metadata, ...said } });
}

/** Waits until what was captured has been written. */
async function rowsOf(pod: string, after = 0): Promise<Row[]> {
  const where = `pod = '${pod}' AND time > ${after}s`;
  return [
    ...(await lab.influx.query(`SELECT * FROM nstat WHERE ${where}`)),
    ...(await lab.influx.query(`SELECT * FROM nstat_pod WHERE ${where}`)),
  ];
}

/** The last window that a pod which is off now can have rows in: one that had begun. */
function lastWindow(): number {
  return Math.ceil(Date.now() / 5000) * 5;
}

test('pods and namespaces are excluded and selected again without a restart', async (t) => {
  await t.test('a pod is turned off, with its last window written and nothing after', async () => {
    await until(async () => (await rowsOf('web')).length > 0, 'rows of web');
    annotate('pods', OFF, 'web', 'shop');
    await lab.captures(2);
  });
  const webEnd = lastWindow();

  await t.test('a namespace is turned off, but for the pod that says otherwise', async () => {
    annotate('pods', ON, 'api', 'shop');
    annotate('namespaces', OFF, 'shop');
    annotate('namespaces', OFF, 'data');
    await lab.captures(1);
    await sleep(1500);
    assert.equal(captured(), 1);
  });
  const dbEnd = lastWindow();

  await t.test('nothing of them is written any more, and the others go on', async () => {
    const agent = async () => await rowsOf('api', Math.max(webEnd, dbEnd));
    await until(async () => (await agent()).length > 0, 'a window later');
    assert.deepEqual(await rowsOf('web', webEnd), []);
    assert.deepEqual(await rowsOf('db', dbEnd), []);
    assert.ok(
      (await rowsOf('web', webEnd - 6)).length > 0,
      'the window in which it was turned off',
    );
  });

  await t.test(
    'they are captured when it is taken away, and not when all namespaces are off',
    async () => {
      annotate('pods', UNDONE, 'api', 'shop');
      await lab.captures(0);
      const on = Math.ceil(Date.now() / 1000);
      for (const name of ['shop', 'data']) annotate('namespaces', UNDONE, name);
      await lab.captures(2);
      annotate('pods', UNDONE, 'web', 'shop');
      await lab.captures(3);
      await sleep(3000);
      for (const name of ['shop', 'data', 'dark']) annotate('namespaces', OFF, name);
      await lab.captures(0);
      await until(async () => (await rowsOf('web', on)).length > 0, 'rows of web');
      const [first] = await lab.influx.query(
        `SELECT * FROM nstat_pod WHERE pod = 'web' AND time > ${on}s LIMIT 1`,
      );
      assert.ok(Number(first?.['sentBytes']) < 10 * RATE, 'not what passed while it was off');
    },
  );

  assert.deepEqual(await rowsOf('never'), [], 'it was off from the first');
});
