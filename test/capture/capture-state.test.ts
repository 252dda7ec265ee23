import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CaptureEvent,
  type CaptureState,
  nextState,
  reportedState,
} from '../../lib/capture/capture-state.ts';

/** The next state for each state and event; a dot for the same state. */
const TABLE = `
            start    capturing overload   calm    ended failed refused     pause  resume retire
idle        starting .         .          .       .     .      .           paused .      retired
failed      starting .         .          .       .     .      .           paused .      retired
starting    .        running   .          .       idle  failed unavailable paused .      retired
running     .        .         overloaded .       idle  failed .           paused .      retired
overloaded  .        .         .          running .     .      unavailable paused .      retired
paused      .        .         .          .       .     .      .           .      idle   retired
unavailable .        running   .          .       .     .      .           paused .      retired
retired     starting .         .          .       .     .      .           .      .      .`;

test('each event leads from each state to the one of the table', () => {
  const [events = [], ...rows] = TABLE.trim()
    .split('\n')
    .map((line) => line.trim().split(/ +/));
  assert.equal(rows.length, 8);
  for (const [state, ...next] of rows)
    for (const [index, event] of events.entries()) {
      const expected = next[index] === '.' ? state : next[index];
      const actual = nextState(state as CaptureState, event as CaptureEvent);
      assert.equal(actual, expected, `${state} ${event}`);
    }
});

test('what is reported of a state depends on what the API server reports of the pod', () => {
  const [ready, pending] = [{ ips: ['10.0.0.1'] }, { ips: [] }];
  const terminating = { ...ready, terminating: true };
  assert.equal(reportedState('idle', ready, false), 'waiting');
  assert.equal(reportedState('idle', pending, false), 'pending');
  assert.equal(reportedState('failed', pending, false), 'waiting');
  for (const state of ['failed', 'overloaded', 'unavailable'] as const)
    assert.equal(reportedState(state, terminating, false), 'pending');
  assert.equal(reportedState('overloaded', terminating, true), 'overloaded');
  assert.equal(reportedState('paused', terminating, false), 'paused');
});
