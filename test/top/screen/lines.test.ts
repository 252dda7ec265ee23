import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { placed } from '../../../daemon/top/screen/cursor.ts';
import { linesOf, roomFor } from '../../../daemon/top/screen/lines.ts';
import type { Picture } from '../../../daemon/top/screen/picture.ts';
import type { State } from '../../../daemon/top/screen/state.ts';
import { styleOf } from '../../../daemon/top/screen/style.ts';
import { widthOf } from '../../../daemon/top/text.ts';
import { GROUPS } from '../../../lib/top/rows.ts';
import type { AgentState } from '../../../lib/top/view.ts';
import { rowOf } from '../views.ts';
import { STATE } from './state.ts';

const STYLE = styleOf({});

function agentIs(agent: string, state: AgentState['state'], more: Partial<AgentState> = {}) {
  return { agent, state, reason: undefined, notCaptured: 0, framesLost: 0, ...more };
}

function picture(change: Partial<Picture> = {}): Picture {
  const totals = { send: 1e6, receive: 2e6, once: 3e6 };
  const agents = [agentIs('node-1', 'live')];
  return { rows: [], totals, agents, time: '12:00:00', followed: undefined, ...change };
}

function plainLines(of: Picture, state: Partial<State> = {}, columns = 80, rows = 24): string[] {
  const lines = linesOf(of, { ...STATE, ...state }, { columns, rows }, STYLE);
  return lines.map((line) => stripVTControlCharacters(line).trimEnd());
}

test('a screen has as many lines as the terminal, each as wide as it, whatever the names are', () => {
  const name = fc.string({ unit: 'binary', maxLength: 400 });
  const figure = fc.double({ min: 0, max: 1e18, noNaN: true });
  const row = fc
    .tuple(name, name, name, figure)
    .map(([pod, peer, port, send]) => rowOf(pod, peer, send, { port, namespace: peer, node: pod }));
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 30 }),
      fc.constantFrom(...GROUPS),
      fc.integer({ min: 1, max: 220 }),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      name,
      (rows, group, columns, height, isHelp, text) => {
        const agents = [agentIs(text, 'lost', { reason: text }), agentIs('a', 'live')];
        const size = { columns, rows: height };
        const state = { ...STATE, group, isHelp, filter: text, filterBefore: '' };
        const lines = linesOf(picture({ rows, agents }), state, size, STYLE);
        assert.equal(lines.length, height);
        for (const line of lines) {
          const plain = stripVTControlCharacters(line);
          assert.doesNotMatch(plain, /\p{Cc}/u);
          assert.equal(widthOf(plain), columns, JSON.stringify(plain));
        }
      },
    ),
  );
});

test('the lines name nodes that are lost and why, at most three of them, captures that do not run, and what was lost on the way', () => {
  const lost = ['a', 'b', 'c', 'd', 'e'].map((agent) => agentIs(agent, 'lost', { reason: 'why' }));
  const incomplete = { notCaptured: 2, framesLost: 9 };
  const agents = [agentIs('f', 'live', incomplete), agentIs('g', 'connecting'), ...lost];
  assert.deepEqual(plainLines(picture({ agents })).slice(0, 7), [
    'nstats 12:00:00  1 of 7 nodes, 1 connecting  send 1.00 M  recv 2.00 M  once 3.0…',
    '! a is lost: why',
    '! b is lost: why',
    '! c is lost: why',
    '! 2 more are lost',
    '! captures that do not run: 2, on f (2)',
    '! frames lost on the way, which is too slow: f (9)',
  ]);
});

test('without rows the screen says why', () => {
  assert.match(plainLines(picture())[3] ?? '', /Nothing passes/);
  assert.match(plainLines(picture(), { filter: 'x' })[3] ?? '', /No row has all words/);
  const agents = [agentIs('node-1', 'connecting')];
  assert.match(plainLines(picture({ agents }))[3] ?? '', /No agent has answered yet/);
});

test('the bar is as long as the rate is large', () => {
  const rows = [rowOf('a', 'x', 1e6), rowOf('b', 'x', 5e5), rowOf('c', 'x', 1)];
  const bars = plainLines(picture({ rows }), {}, 160)
    .slice(3, 6)
    .map((line) => line.split('█').length - 1);
  assert.ok(bars[0] && bars[0] >= 8);
  assert.equal(bars[1], Math.round(bars[0] / 2));
  assert.equal(bars[2], 0);
});

test('the chosen row is on the screen, and marked without any style', () => {
  const rows = Array.from({ length: 100 }, (_, index) => rowOf(`pod-${index}`, 'x'));
  const size = { columns: 80, rows: 24 };
  const of = picture({ rows });
  const chosen = { key: rows[70]?.key, index: 0, first: 0 };
  const cursor = placed(chosen, rows, roomFor(of, size));
  const marked = plainLines(of, { cursor }).filter((line) => line.startsWith('>'));
  assert.equal(marked.length, 1);
  assert.match(marked[0] ?? '', /^>shop\/pod-70 /);
});
