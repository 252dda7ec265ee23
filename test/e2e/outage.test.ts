import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

/** How long the API server is away; 3,25,60,180 takes seven minutes. */
const OUTAGES = (process.env['OUTAGE_SECONDS'] ?? '3').split(',').map(Number);
/** So long after the return everything is followed again, at any length. */
const PROMISED = 10;
/** Longer than that no window waits for its names. */
const PATIENCE = 120;
const SUBJECTS = {
  'pods of the node': /\/pods\?.*fieldSelector/,
  pods: /\/pods\?(?!.*fieldSelector)/,
  services: /\/services\?/,
  nodes: /\/nodes\?/,
  namespaces: /\/namespaces\?/,
};

let lab: Lab;
let web: Pod;
let daemon: Daemon;

before(async () => {
  lab = await createLab();
  web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  await lab.pod({ namespace: 'shop', name: 'db', ips: ['10.244.0.11'] });
  daemon = lab.daemon({ INTERVAL: '5s' });
  await lab.captures(2);
  web.traffic('spray', 9, 20_000, '10.244.0.11');
  await until(async () => (await rows()).length > 0, 'the first window');
  await until(() => daemon.said('startup report').length > 0, 'the startup report');
});

after(async () => {
  await kill(daemon.process, 'SIGTERM');
  await lab.end();
});

const rows = () => lab.influx.query('SELECT staleBytes FROM nstat_agent');
const newest = async () => (await rows()).at(-1)?.time ?? 0;
const stale = async () => sum(await rows(), 'staleBytes');

/** When each subject was asked for the watch that follows it now, by Date.now(); undefined if none does. */
function followed(): [subject: string, at: number | undefined][] {
  return Object.entries(SUBJECTS).map(([subject, path]) => {
    const watches = lab.api.requests.filter(
      (each) => each.path.includes('watch=') && path.test(each.path),
    );
    const last = watches.at(-1);
    const version = Number(/resourceVersion=(\d+)/.exec(last?.path ?? '')?.[1]);
    const good = last?.status === 200 && version >= lab.api.store.compacted;
    return [subject, good ? last.at : undefined];
  });
}

for (const seconds of OUTAGES) {
  test(`an API server that was away for ${seconds} s is followed again at once, and is one event`, async (t) => {
    const [lines, before] = [daemon.log.length, await stale()];
    await lab.api.down();
    await sleep(seconds * 1000);
    await lab.api.up();
    const back = Date.now();
    await until(() => followed().every(([, at]) => at), 'all watches', 3 * PROMISED);
    const after = followed().map(([subject, at = 0]) => [subject, (at - back) / 1000] as const);
    t.diagnostic(after.map(([subject, s]) => `${subject}: ${s.toFixed(1)} s`).join(', '));
    for (const [subject, s] of after) assert.ok(s <= PROMISED, `${subject}: ${s} s`);

    const since = Date.now() / 1000;
    await until(async () => (await newest()) > since, 'a window that ended afterwards', 60);
    if (seconds < PATIENCE - 2 * PROMISED) assert.equal((await stale()) - before, 0);
    const warnings = daemon.log.slice(lines).filter((line) => line.includes('"level":"warn"'));
    // The problem before this one is over only when it has not come back for a minute.
    if (seconds === OUTAGES[0]) {
      assert.equal(warnings.length, 1, warnings.join('\n'));
      const [line = ''] = warnings;
      for (const resource of ['pods of lab-1', 'pods', 'services', 'nodes', 'namespaces'])
        assert.ok(line.includes(`"${resource}"`), line);
      assert.match(line, /nothing listens at|closed the connection/);
    }
    const over = () => daemon.log.slice(lines).filter((line) => line.includes('a problem is over'));
    if (OUTAGES.at(-1) === seconds) {
      await until(() => over().length > 0, 'the end of the problem', 90);
      assert.equal(over().length, 1, over().join('\n'));
    }
  });
}
