import { GROUPS, type Group } from '../../../lib/top/rows.ts';
import { AT_TOP, moved } from './cursor.ts';
import { Followed } from './followed.ts';
import { type Shown, startsDescending, type State } from './state.ts';

/** A key as `node:readline` tells it. */
export interface Key {
  readonly sequence?: string | undefined;
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
}

/** Characters of a filter. */
const FILTER_MOST = 200;

type Change = (state: State, shown: Shown) => State;

const freeze: Change = (state) => ({ ...state, isFrozen: !state.isFrozen });
const help: Change = (state) => ({ ...state, isHelp: true });

/** By the character that is typed, or the name of the key. */
const KEYS: { readonly [key: string]: Change } = {
  '?': help,
  h: help,
  ' ': freeze,
  '/': (state) => ({ ...state, filterBefore: state.filter }),
  f: follow,
  g: (state) => grouped(state, after(GROUPS, state.group, 1)),
  ...Object.fromEntries(
    GROUPS.map((group, index): [string, Change] => [
      `${index + 1}`,
      (state) => grouped(state, group),
    ]),
  ),
  '<': sortBy(-1),
  left: sortBy(-1),
  '>': sortBy(1),
  right: sortBy(1),
  r: (state) => ({ ...state, isDescending: !state.isDescending }),
  escape: (state) => ({ ...state, filter: '', followed: undefined, cursor: AT_TOP }),
  up: move(() => -1),
  k: move(() => -1),
  down: move(() => 1),
  j: move(() => 1),
  pageup: move(({ room }) => -room),
  pagedown: move(({ room }) => room),
  home: move(() => -Infinity),
  end: move(() => Infinity),
};

/** What a key makes of the state. */
export function press(state: State, key: Key, shown: Shown): State {
  if (state.filterBefore !== undefined) return type(state, state.filterBefore, key);
  if (state.isHelp) return { ...state, isHelp: false };
  const name = characters(key) ?? key.name ?? '';
  const change = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
  return change ? change(state, shown) : state;
}

/** A key while a filter is typed. */
function type(state: State, before: string, key: Key): State {
  const edited = (filter: string): State => ({ ...state, filter, cursor: AT_TOP });
  const done = (filter: string): State => ({ ...edited(filter), filterBefore: undefined });
  if (key.name === 'return' || key.name === 'enter') return done(state.filter);
  if (key.name === 'escape') return done(before);
  if (key.name === 'backspace') return edited(state.filter.replace(/.$/su, ''));
  if (key.ctrl && key.name === 'u') return edited('');
  const text = characters(key);
  return text === undefined ? state : edited((state.filter + text).slice(0, FILTER_MOST));
}

/** What a key types; undefined for one that types nothing. */
function characters({ sequence, ctrl }: Key): string | undefined {
  return sequence && !ctrl && !/\p{C}/u.test(sequence) ? sequence : undefined;
}

function move(by: (shown: Shown) => number): Change {
  return (state, shown) => ({
    ...state,
    cursor: moved(state.cursor, by(shown), shown.rows, shown.room),
  });
}

function sortBy(step: number): Change {
  return (state, { columns }) => {
    const sort = after(columns, state.sort, step);
    return { ...state, sort, isDescending: startsDescending(sort) };
  };
}

function grouped(state: State, group: Group): State {
  return { ...state, group, cursor: AT_TOP };
}

/** Follows the pod of the chosen row, or no pod any more. */
function follow(state: State, { rows }: Shown): State {
  if (state.followed) return { ...state, followed: undefined };
  const row = rows[state.cursor.index];
  if (row === undefined || row.pod === '-') return state;
  return { ...state, followed: new Followed(row), group: 'flow', filter: '', cursor: AT_TOP };
}

function after<T>(all: readonly T[], one: T, step: number): T {
  return all.at((all.indexOf(one) + step) % all.length) ?? one;
}
