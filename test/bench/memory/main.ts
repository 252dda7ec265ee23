/**
 * What each memory measure of the image saves (docs/decisions/memory.md): the agent with all measures, and with each
 * one left out in turn, while its pods talk. Prints a table in Markdown. With two pods it takes five minutes, with
 * 110 twenty, on an idle machine: rows that InfluxDB is too slow to take are memory of the agent, too.
 *
 *   node test/lab/enter.ts test/bench/memory/main.ts [number of pods]
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OutputOptions, type Plugin, rolldown } from 'rolldown';
import config from '../../../manifests/image/rolldown.config.ts';
import { imageEnvironment } from '../../image/bundle.ts';
import { createLab, type Lab, type Pod } from '../../lab/lab.ts';
import { type Memory, memoryOf } from '../daemon/rest.ts';
import { captures, startAgent } from '../node/agent.ts';
import { megabytes } from '../node/figures.ts';
import { grow, talk } from '../node/pods.ts';
import { markdown } from '../result.ts';

/** Milliseconds from the last capture's start to the measurement. */
const SETTLE = 20_000;
const ROUNDS = 2;
const PODS = Number(process.argv[2] ?? 2);
const { NODE_OPTIONS = '' } = imageEnvironment();

interface Variant {
  readonly name: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Names of plug-ins of the bundler that are left out. */
  readonly plugin?: string;
  /** client-node is bundled as a whole. */
  readonly whole?: boolean;
}

const VARIANTS: readonly Variant[] = [
  { name: 'all measures' },
  {
    name: 'without `--max-semi-space-size`',
    environment: { NODE_OPTIONS: NODE_OPTIONS.replace(/--max-semi-space-size=\d+/, '') },
  },
  {
    name: 'without the forced collection',
    environment: { NODE_OPTIONS: NODE_OPTIONS.replace('--expose-gc', '') },
  },
  { name: 'with undici of npm', plugin: 'without-undici' },
  { name: 'with two bytes a character', plugin: 'in-ascii' },
  { name: 'with the whole client-node', whole: true },
];

const pods: Pod[] = [];
const lab = await createLab();
try {
  await grow(lab, pods, PODS);
  const traffic = await talk(lab, pods);
  const found = new Map<Variant, Memory[]>(VARIANTS.map((variant) => [variant, []]));
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [variant, results] of found) {
      results.push(await measure(lab, variant));
      console.error(variant.name, results.at(-1));
    }
  traffic.end();
  const rows = [...found].map(([{ name }, results]) => [
    name,
    results.map(({ rss }) => megabytes(rss)).join(', '),
    results.map(({ pss }) => megabytes(pss)).join(', '),
  ]);
  const text = `The agent alone, with ${PODS} busy pods, ${SETTLE / 1000} s after its start.`;
  console.log(markdown({ name: 'memory', text, head: ['', 'RSS, MB', 'PSS, MB'], rows }));
} finally {
  await lab.end();
}

async function measure(node: Lab, variant: Variant) {
  const directory = join(node.directory, `bundle-${variant.name.replaceAll(/\W/g, '-')}`);
  await bundle(directory, variant);
  const { environment = {} } = variant;
  const agent = await startAgent(node, join(directory, 'nstats.js'), { environment });
  await captures(agent, pods.length);
  await sleep(SETTLE);
  const found = memoryOf(agent.pid);
  await agent.end();
  return found;
}

async function bundle(directory: string, { plugin, whole }: Variant): Promise<void> {
  const { plugins, treeshake, output, ...input } = config;
  // Some packages of the whole client-node have no licence file.
  const left = new Set([plugin, whole && 'licences']);
  const kept = (plugins as readonly Plugin[]).filter(({ name }) => !left.has(name));
  const build = await rolldown({
    ...input,
    plugins: kept,
    ...(!whole && treeshake !== undefined && { treeshake }),
  });
  await build.write({ ...(output as OutputOptions), dir: directory });
}
