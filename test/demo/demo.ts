/** The main job on real input: a small cluster, the real daemon, and what InfluxDB then has. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { until } from '../lab/influx.ts';
import { createLab } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import { kill } from '../lab/shell.ts';
import { buildCluster } from './cluster.ts';
import { table } from './table.ts';

const USAGE = `npm run demo [-- --seconds N]

Builds a node with a small cluster in namespaces of its own, runs nstats on it, and shows what
arrives in InfluxDB. Ends after N seconds, or with Ctrl-C (after 60 s if nobody is watching).
`;

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
});
const watched = process.stdout.isTTY;
const seconds = Number(values.seconds ?? (watched ? Infinity : 60));
if (values.help || !(seconds >= 20)) {
  process.stdout.write(values.help ? USAGE : `--seconds must be 20 or more\n\n${USAGE}`);
  process.exit(values.help ? 0 : 2);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
const end = Date.now() + seconds * 1000;

console.log('Building a node: namespaces, a bridge, services, an API server, a real influxd');
const lab = await createLab();
try {
  const cluster = await buildCluster(lab);
  console.log(`Starting nstats on it: ${cluster.pods.length} pods to find`);
  const daemon = lab.daemon();
  await until(
    () => processesNamed('iftop').length === cluster.pods.length,
    'one iftop per pod',
    15,
  );
  console.log(
    `nstats runs ${processesNamed('iftop').length} iftop sessions, one in each pod's network namespace`,
  );
  await cluster.start();
  console.log(
    'Traffic flows; the first window is on its way (it ends at a multiple of 10 s, plus 4 s)',
  );

  // What it takes to end: the traffic first, so that the counters can be compared to the byte.
  const ending = end - 6000;
  while (!stop.signal.aborted && Date.now() < ending) {
    await sleep(Math.min(watched ? 1000 : 5000, ending - Date.now()), undefined, {
      signal: stop.signal,
    }).catch(() => {});
    const left = Number.isFinite(end)
      ? `, ${Math.ceil((end - Date.now()) / 1000)} s left`
      : ', Ctrl-C ends';
    if (watched) process.stdout.write('\u001B[2J\u001B[H');
    const text = await table(lab.influx);
    console.log(
      text.includes('→')
        ? `${text}\n(read back from InfluxDB${left})\n`
        : `the window fills${left}`,
    );
  }

  console.log('Ending: traffic stops, nstats reports the last of it and writes its last window');
  cluster.stop();
  // After three idle seconds iftop is asked for what it has left; an agent that ends does not wait for that.
  await sleep(4000);
  const passed = cluster.pods.map(({ sandbox }) => sandbox.passed());
  const counted = passed.reduce((sum, { sent, received }) => sum + sent + received, 0);
  const code = await kill(daemon.process, 'SIGTERM');
  console.log(`\n${await table(lab.influx)}`);
  console.log(
    `counted directly   ${counted.toLocaleString('en')} bytes, read by the demo from the pods' interfaces`,
  );
  for (const line of daemon.log.filter((entry) => /"level":"(warn|error)"/.test(entry)))
    console.log(line);
  console.log(`\nnstats ended with code ${code}; taking the node down`);
  process.exitCode = code ?? 1;
} finally {
  await lab.end();
}
