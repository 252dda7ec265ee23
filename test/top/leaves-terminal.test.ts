import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../lab/influx.ts';
import { agent } from './agents.ts';
import { simulatedCluster } from './simulated-agent.ts';
import { Terminal } from './tmux.ts';

const { flows } = simulatedCluster({ nodes: 1, pods: 6, peers: 2 });

/** A terminal in which `nstats top` shows its screen. */
async function shown(t: TestContext, script = 'daemon/main.ts top', starter = '') {
  const socket = await agent(t, 'node-1', () => flows);
  const directory = mkdtempSync(join(tmpdir(), 'nstats-pid-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const pidFile = join(directory, 'pid');
  const terminal = new Terminal(t, 80, 24);
  terminal.type(`export TOP_SOCKET=${socket}; echo here before`);
  await terminal.shows(/^here before$/m);
  const before = terminal.state();
  terminal.type(
    `${starter} sh -c 'echo $$ >${pidFile}; exec ${process.execPath} ${script}'; echo code $?`,
  );
  await terminal.shows(/^>team-/m);
  assert.notEqual(terminal.state(), before);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  return { terminal, before, pid };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

for (const [how, code, end] of [
  ['q', 0, (terminal: Terminal) => terminal.press('q')],
  ['Ctrl-C', 0, (terminal: Terminal) => terminal.press('C-c')],
  ['SIGTERM', 143, (_terminal: Terminal, pid: number) => process.kill(pid, 'SIGTERM')],
  ['SIGINT', 130, (_terminal: Terminal, pid: number) => process.kill(pid, 'SIGINT')],
  ['SIGHUP', 129, (_terminal: Terminal, pid: number) => process.kill(pid, 'SIGHUP')],
] as const)
  test(`the terminal is as it was after ${how}`, async (t) => {
    const { terminal, before, pid } = await shown(t);
    end(terminal, pid);
    const text = await terminal.shows(/^code \d+$/m);
    assert.match(text, new RegExp(`^code ${code}$`, 'm'));
    assert.match(text, /^here before$/m);
    assert.doesNotMatch(text, /team-/);
    assert.equal(terminal.state(), before);
    assert.equal(isAlive(pid), false);
  });

test('an error leaves the terminal as it was, and is printed there', async (t) => {
  const { terminal, before, pid } = await shown(t, 'test/top/fails.ts');
  process.kill(pid, 'SIGUSR2');
  const text = await terminal.shows(/^code 1$/m);
  assert.match(text, /Error: a mistake in nstats/);
  assert.equal(terminal.state(), before);
});

test('Ctrl-Z gives the terminal back until fg', async (t) => {
  const { terminal, before, pid } = await shown(t);
  for (const suspend of [() => terminal.press('C-z'), () => process.kill(pid, 'SIGTSTP')]) {
    suspend();
    await terminal.shows(/Stopped/);
    assert.equal(terminal.state(), before);
    terminal.type('clear; fg; echo code $?');
    await terminal.shows(/^>team-/m);
    assert.notEqual(terminal.state(), before);
  }
  terminal.press('q');
  await terminal.shows(/^code 0$/m);
  assert.equal(terminal.state(), before);
});

test('what the shell did with the terminal after SIGSTOP is undone by fg', async (t) => {
  const { terminal, before, pid } = await shown(t);
  process.kill(pid, 'SIGSTOP');
  await terminal.shows(/Stopped/);
  terminal.type('stty sane; clear; fg; echo code $?');
  await terminal.shows(/^>team-/m);
  terminal.press('q');
  await terminal.shows(/^code 0$/m);
  assert.equal(terminal.state(), before);
});

test('it ends with its terminal', async (t) => {
  const { terminal, pid } = await shown(t);
  process.kill(terminal.server, 'SIGKILL');
  await until(() => !isAlive(pid), 'nstats has ended');
});

test('it ends with its terminal although no SIGHUP tells it', async (t) => {
  const { terminal, pid } = await shown(t, 'daemon/main.ts top', 'setsid');
  process.kill(terminal.server, 'SIGKILL');
  await until(() => !isAlive(pid), 'nstats has ended');
});

test('it ends although the terminal takes nothing any more', async (t) => {
  const { terminal, pid } = await shown(t);
  process.kill(terminal.server, 'SIGSTOP');
  // Much more than a terminal keeps until it is read.
  for (let count = 0; count < 100; count += 1) {
    process.kill(pid, 'SIGCONT');
    await sleep(20);
  }
  process.kill(pid, 'SIGTERM');
  await until(() => !isAlive(pid), 'nstats has ended');
});
