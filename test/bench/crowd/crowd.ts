import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { memory } from '../../../lib/linux/memory.ts';
import { cpuSeconds } from '../../lab/processes.ts';
import { kill, sh } from '../../lab/shell.ts';
import { type Asked, start } from '../api/channel.ts';
import type { Usage } from '../api/usage.ts';
import { megabytes, number } from '../node/figures.ts';
import type { Table } from '../result.ts';
import type { Wanted } from './server.ts';

export interface Size {
  readonly agents: number;
  /** Of each agent. */
  readonly pods: number;
  /** To which each pod sends; about as many others send to it. */
  readonly peers: number;
}

/** What was measured with a crowd of agents. */
export interface CrowdFigures extends Size {
  /** Seconds from the start of the plugin until something is on the screen, and until all agents are. */
  readonly firstScreen: number;
  readonly wholeScreen: number;
  /** Shares of a core. */
  readonly cpu: number;
  /** Of the API server, and of all agents. */
  readonly serverCpu: number;
  /** Bytes. */
  readonly pss: number;
  /** Bytes a second of one agent, gzipped. */
  readonly agentBytes: number;
  /** Bytes a second that the terminal gets. */
  readonly terminalBytes: number;
}

const ROOT = join(import.meta.dirname, '../../..');
const CROWDS = [10, 50, 200];
const [PODS, PEERS] = [30, 20];
/** Milliseconds until the plugin keeps as much of the past as it ever does, and of the measurement. */
const TIMES = { settle: 45_000, measure: 20_000 };
const QUICK_TIMES = { settle: 2000, measure: 4000 };
/** Seconds. */
const LATEST = 120;

/** Measures crowds of several sizes. */
export async function measureCrowds(
  isQuick: boolean,
  say: (line: string) => void,
): Promise<CrowdFigures[]> {
  const directory = mkdtempSync(join(tmpdir(), 'nstats-bench-'));
  try {
    const config = join(ROOT, 'manifests/plugin/rolldown.config.ts');
    const rolldown = join(ROOT, 'node_modules/rolldown/bin/cli.mjs');
    sh(process.execPath, [rolldown, '--config', config, '--dir', directory]);
    const figures: CrowdFigures[] = [];
    for (const agents of isQuick ? CROWDS.slice(0, 1) : CROWDS) {
      say(`${agents} agents`);
      const size = { agents, pods: PODS, peers: PEERS };
      figures.push(await measureCrowd(directory, size, isQuick ? QUICK_TIMES : TIMES));
    }
    return figures;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function measureCrowd(
  directory: string,
  size: Size,
  { settle, measure }: typeof TIMES,
): Promise<CrowdFigures> {
  const kubeconfig = join(directory, 'kubeconfig');
  const server = start('../crowd/server.ts');
  let terminal: ChildProcess | undefined;
  try {
    const wanted: Wanted = { ...size, directory, kubeconfig };
    await server.ask('start', JSON.stringify(wanted));
    const began = performance.now();
    terminal = startPlugin(join(directory, 'kubectl-nstats.js'), kubeconfig);
    const screen = await watched(terminal, began, size.agents);
    const pid = childOf(terminal);
    await sleep(settle);
    const before = await look(server, pid, screen);
    await sleep(measure);
    const after = await look(server, pid, screen);
    const perSecond = (figure: 'cpu' | 'serverCpu' | 'bytes' | 'terminalBytes') =>
      (after[figure] - before[figure]) / (after.at - before.at);
    return {
      ...size,
      firstScreen: screen.first,
      wholeScreen: screen.whole,
      cpu: perSecond('cpu'),
      serverCpu: perSecond('serverCpu'),
      pss: memory('/proc', [pid]),
      agentBytes: perSecond('bytes') / size.agents,
      terminalBytes: perSecond('terminalBytes'),
    };
  } finally {
    if (terminal) await kill(terminal, 'SIGKILL');
    await server.end();
  }
}

/** On a terminal of 160 columns and 50 lines. */
function startPlugin(program: string, kubeconfig: string): ChildProcess {
  const command = `stty cols 160 rows 50; exec ${process.execPath} ${program} top`;
  return spawn('script', ['-qfec', command, '/dev/null'], {
    env: { PATH: process.env['PATH'], KUBECONFIG: kubeconfig, TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

interface Screen {
  /** Seconds. */
  readonly first: number;
  readonly whole: number;
  /** What the terminal has got up to now. */
  readonly bytes: () => number;
}

/** Reads what the terminal shows; resolves when it has all agents. */
async function watched(terminal: ChildProcess, began: number, agents: number): Promise<Screen> {
  let [bytes, first, whole] = [0, NaN, NaN];
  let text = '';
  terminal.stdout?.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (!Number.isNaN(whole)) return;
    text += piece.toString();
    const now = (performance.now() - began) / 1000;
    if (Number.isNaN(first) && / of \d+ nodes?/.test(text)) first = now;
    if (text.includes(`${agents} of ${agents} nodes`)) whole = now;
  });
  const ended = once(terminal, 'exit').then(() => {
    throw new Error(`the plugin has ended: ${text.slice(-1000)}`);
  });
  ended.catch(() => {});
  while (Number.isNaN(whole)) {
    await Promise.race([sleep(10), ended]);
    if (performance.now() - began > LATEST * 1000)
      throw new Error(`not all agents after ${LATEST} s: ${text.slice(-1000)}`);
  }
  return { first, whole, bytes: () => bytes };
}

/** The process that runs in the terminal. */
function childOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}

async function look(server: Asked, pid: number, screen: Screen) {
  const bytes = await server.ask<number>('bytes');
  const { cpu: serverCpu } = await server.ask<Usage>('usage');
  const at = performance.now() / 1000;
  return { at, bytes, serverCpu, cpu: cpuSeconds(pid), terminalBytes: screen.bytes() };
}

export function crowdTable(figures: readonly CrowdFigures[]): Table {
  const rows: readonly [string, (figures: CrowdFigures) => string][] = [
    ['until the first screen', ({ firstScreen }) => `${number(firstScreen, 1)} s`],
    ['until all nodes are on it', ({ wholeScreen }) => `${number(wholeScreen, 1)} s`],
    ['CPU of the plugin', ({ cpu }) => `${number(cpu * 100)} %`],
    ['memory of the plugin (PSS)', ({ pss }) => `${megabytes(pss)} MB`],
    ['sent by an agent', ({ agentBytes }) => `${number(agentBytes / 1000, 1)} kB/s`],
    ['written to the terminal', ({ terminalBytes }) => `${number(terminalBytes / 1000, 1)} kB/s`],
  ];
  return {
    name: 'crowd',
    text:
      `\`kubectl nstats top\` on a terminal of 160 columns, simulated agents of ${PODS} pods with ${2 * PEERS} peers each, asked ` +
      'through the stand-in API server. CPU in % of a core:',
    head: ['', ...figures.map(({ agents }) => `${number(agents)} nodes`)],
    rows: rows.map(([what, cell]) => [what, ...figures.map(cell)]),
  };
}
