import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AT_TOP } from '../../../daemon/top/screen/cursor.ts';
import { type Key, press } from '../../../daemon/top/screen/keys.ts';
import type { Shown, State } from '../../../daemon/top/screen/state.ts';
import { rowOf } from '../views.ts';
import { STATE } from './state.ts';

const ROWS = Array.from({ length: 50 }, (_, index) => rowOf(`pod-${index}`, 'x'));
const SHOWN: Shown = { rows: ROWS, room: 10, columns: ['rate', 'pod', 'sendRate'] };

/** The state after some keys, by their characters or names. */
function after(keys: readonly (string | Key)[], state: Partial<State> = {}): State {
  return keys.reduce<State>(
    (before, key) => press(before, typeof key === 'string' ? keyOf(key) : key, SHOWN),
    { ...STATE, ...state },
  );
}

function keyOf(name: string): Key {
  return name.length === 1 ? { sequence: name } : { sequence: `\u{1B}[${name}`, name };
}

test('numbers and g choose the group', () => {
  assert.equal(after(['3']).group, 'workload');
  assert.equal(after(['g', 'g']).group, 'workload');
  assert.equal(after(['5', 'g']).group, 'flow');
});

test('< > and arrows go through the columns on the screen, figures from the largest, names from the first', () => {
  assert.deepEqual(pick(after(['>'])), ['pod', false]);
  assert.deepEqual(pick(after(['right', 'right'])), ['sendRate', true]);
  assert.deepEqual(pick(after(['left'])), ['sendRate', true]);
  assert.deepEqual(pick(after(['<', '>'])), ['rate', true]);
  assert.deepEqual(pick(after(['r'])), ['rate', false]);
  assert.deepEqual(pick(after(['>'], { sort: 'node' })), ['rate', true]);
});

function pick({ sort, isDescending }: State) {
  return [sort, isDescending];
}

test('a filter is typed, kept, and dropped', () => {
  assert.equal(after(['/', 'q', 'é', ' ', '1']).filter, 'qé 1');
  assert.equal(after(['/', 'a', { name: 'return', sequence: '\r' }, '1']).filter, 'a');
  assert.equal(after(['/', 'b', 'escape'], { filter: 'a' }).filter, 'a');
  assert.equal(
    after(['/', { name: 'backspace', sequence: '\u{7F}' }], { filter: 'a😀' }).filter,
    'a',
  );
  assert.equal(
    after(['/', { name: 'u', ctrl: true, sequence: '\u{15}' }], { filter: 'a' }).filter,
    '',
  );
  assert.equal(after(['escape'], { filter: 'a' }).filter, '');
  assert.equal(after(['/', ...Array.from({ length: 500 }, () => 'x')]).filter.length, 200);
});

test('the cursor moves by rows and pages, and stays on the list', () => {
  assert.equal(after(['down', 'j', 'k']).cursor.index, 1);
  assert.deepEqual(after(['pagedown', 'pagedown']).cursor, {
    key: ROWS[20]?.key,
    index: 20,
    first: 11,
  });
  assert.equal(after(['end', 'down']).cursor.index, 49);
  assert.deepEqual(after(['end', 'home']).cursor, AT_TOP);
  assert.deepEqual(after(['down', 'up', 'up']).cursor, AT_TOP);
});

test('f follows the pod of the chosen row, and f again no pod', () => {
  assert.equal(after(['down', 'f']).followed?.pod.pod, 'pod-1');
  assert.equal(after(['f', 'f']).followed, undefined);
  const shown = { ...SHOWN, rows: [rowOf('-', 'x')] };
  assert.equal(press(STATE, keyOf('f'), shown).followed, undefined);
});

test('space freezes, ? helps until any key', () => {
  assert.equal(after([' ']).isFrozen, true);
  assert.equal(after([' ', ' ']).isFrozen, false);
  assert.equal(after(['?']).isHelp, true);
  assert.deepEqual(after(['?', '3']), STATE);
});

test('no key leads anywhere else', () => {
  const key = fc.record({
    sequence: fc.string({ unit: 'binary', maxLength: 6 }),
    name: fc.oneof(fc.constantFrom('constructor', '__proto__', 'up', 'end'), fc.string()),
    ctrl: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(key), (keys) => {
      const { cursor, filter } = after(keys);
      assert.ok(cursor.index >= 0 && cursor.index < ROWS.length);
      assert.ok(cursor.first <= cursor.index && cursor.index < cursor.first + SHOWN.room);
      assert.doesNotMatch(filter, /\p{Cc}/u);
    }),
  );
});
