import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestContext, test } from 'node:test';
import { encode, PROTOCOL } from '../../lib/live/frame.ts';
import { agent, listen } from './agents.ts';
import { helloOf, simulatedAgent, simulatedCluster } from './simulated-agent.ts';
import { Terminal } from './tmux.ts';

const { flows } = simulatedCluster({ nodes: 1, pods: 4, peers: 2 });

function external(peer: string, bytes: number) {
  const names = { peer_kind: 'external', peer_namespace: '-', peer, peer_workload: '-', port: '-' };
  return { ...names, sentBytes: bytes, receivedBytes: bytes };
}

/** A terminal that shows agents by the names of their nodes. */
function terminalFor(t: TestContext, agents: { readonly [node: string]: string }, options = '') {
  const terminal = new Terminal(t, 80, 24);
  const all = Object.entries(agents).map((entry) => entry.join('='));
  terminal.node('test/top/show-many.ts', ...all, options);
  return terminal;
}

/** Whether the clock of the screen goes on. */
async function goesOn(terminal: Terminal): Promise<void> {
  const clock = () => /\d\d:\d\d:\d\d/.exec(terminal.text())?.[0];
  const before = clock();
  await terminal.until('the clock goes on', () => clock() !== before);
}

test('agents that hang, end, speak another version or nonsense are lost for a reason; others stay', async (t) => {
  const well = await agent(t, 'node-1', () => flows);
  const hangs = await listen(t, (socket) => socket.write(encode(helloOf('node-2', 5))));
  const newer = { ...helloOf('node-3', 5), protocol: PROTOCOL + 1, version: '9.9.9' };
  const other = await listen(t, (socket) => socket.write(encode(newer)));
  const nonsense = await listen(t, (socket) => socket.end('\u{1B}]0;title\u{7}\u{1B}[31m{}\n'));
  const terminal = terminalFor(t, {
    'node-1': well,
    'node-2': hangs,
    'node-3': other,
    'node-4': nonsense,
    'node-5': '/nowhere',
  });
  await terminal.shows(/^>team-/m);
  await terminal.shows(/^! node-2 is lost: it does not answer$/m);
  await terminal.shows(/^! node-3 is lost: it is nstats 9\.9\.9, which this version/m);
  await terminal.shows(/^! node-4 is lost: a line is no JSON$/m);
  await terminal.shows(/^! 1 more are lost$/m);
  assert.match(terminal.text(), /1 of 5 nodes {2}/);
  assert.match(terminal.text(), /^ team-/m);
  await goesOn(terminal);
});

test('an agent that comes again is shown again', async (t) => {
  let isAway = false;
  const gone = new Set<() => void>();
  const path = await listen(t, (socket) => {
    if (isAway) return socket.destroy();
    gone.add(() => socket.destroy());
    return simulatedAgent(helloOf('node-1', 1), () => flows, t.signal).pipe(socket);
  });
  const terminal = terminalFor(t, { 'node-1': path });
  await terminal.shows(/1 of 1 node /);
  isAway = true;
  for (const destroy of gone) destroy();
  await terminal.shows(/0 of 1 node [^]*^! node-1 is lost: /m);
  isAway = false;
  assert.doesNotMatch(await terminal.shows(/1 of 1 node /), /is lost/);
});

test('an agent whose lines have no end, or a million rows, is lost; the screen goes on', async (t) => {
  const well = await agent(t, 'node-1', () => flows);
  const endless = await listen(t, (socket) => {
    socket.write(encode(helloOf('node-2', 3)));
    const more = () => {
      while (!socket.destroyed && socket.write('x'.repeat(65_536)));
    };
    socket.on('drain', more);
    more();
  });
  const flow = external('x', 1);
  const at = Date.now();
  const slot = { namespace: 'a', pod: 'b', workload: 'c', interface: 'eth0', from: at, to: at };
  const million = await listen(t, (socket) => {
    socket.write(encode(helloOf('node-3', 3)));
    const slots = [{ ...slot, flows: Array.from({ length: 90_000 }, () => flow) }];
    socket.write(encode({ number: 1, at, notCaptured: 0, slots }));
  });
  const terminal = terminalFor(t, { 'node-1': well, 'node-2': endless, 'node-3': million });
  await terminal.shows(/^! node-2 is lost: a line has more than \d+ bytes$/m);
  await terminal.shows(/^! node-3 is lost: (?:a frame has more than 50000 flows|a line has more)/m);
  await terminal.shows(/^[> ]team-/m);
  await goesOn(terminal);
  terminal.press('q');
  await terminal.until('it has ended', () => !terminal.text().includes('is lost'));
});

test('with as many rows as an agent may send keys still answer', async (t) => {
  const peers = Array.from({ length: 40_000 }, (_, index) => external(`net-${index}`, index));
  const many = await listen(t, (socket) => {
    socket.write(encode(helloOf('node-1', 1)));
    let number = 0;
    const timer = setInterval(() => {
      const at = Date.now();
      const slot = { namespace: 'a', pod: 'b', workload: 'c', interface: 'eth0', flows: peers };
      const slots = [{ ...slot, from: at - 2000, to: at }];
      if (socket.writableLength === 0)
        socket.write(encode({ number: (number += 1), at, notCaptured: 2, slots }));
    }, 2000);
    socket.on('close', () => clearInterval(timer));
  });
  const terminal = terminalFor(t, { 'node-1': many });
  await terminal.shows(/1-19 of 40000 rows/);
  await terminal.shows(/^! captures that do not run: 2, on node-1 \(2\)$/m);
  terminal.press('/', '3', '9', '9', '9', '9', 'Enter');
  await terminal.shows(/1-1 of 1 rows/);
  assert.match(terminal.text(), /^>a\/b +net-39999 +external/m);
  await sleep(2000);
  assert.match(terminal.text(), /1-1 of 1 rows/);
});

test('names with escape sequences and wide letters stay in their place', async (t) => {
  const nasty = [
    '\u{1B}[2J\u{1B}]0;owned\u{7}',
    '数据库-数据库-数据库-数据库',
    '\u{202E}gnp.exe',
    'é'.repeat(300),
  ];
  const peers = nasty.map((peer, index) => external(peer, 1000 * (index + 1)));
  const path = await listen(t, (socket) => {
    socket.write(encode(helloOf('node-1', 1)));
    const timer = setInterval(() => {
      const at = Date.now();
      const slot = { namespace: 'a', pod: 'b', workload: 'c', interface: 'eth0', flows: peers };
      const slots = [{ ...slot, from: at - 1000, to: at }];
      socket.write(encode({ number: 1, at, notCaptured: 0, slots }));
    }, 1000);
    socket.on('close', () => clearInterval(timer));
  });
  const terminal = terminalFor(t, { 'node-1': path });
  await terminal.shows(/1-4 of 4 rows/);
  const rows = terminal.lines().filter((line) => /^[> ]a\/b /.test(line));
  assert.equal(rows.length, 4);
  for (const row of rows) assert.match(row, / external +\d+(?:\.\d+)? k +\d+(?:\.\d+)? k$/);
  assert.match(terminal.text(), / 数据库-数据库-数据库-数据… external /);
});
