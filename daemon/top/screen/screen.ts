import { constants } from 'node:os';
import type { Column } from '../../../lib/top/sort.ts';
import type { Live } from '../../../lib/top/view.ts';
import type { Options } from '../options.ts';
import { AT_TOP, placed } from './cursor.ts';
import { type Key, press } from './keys.ts';
import { linesOf, roomFor } from './lines.ts';
import { Painter } from './painter.ts';
import { Pictures } from './pictures.ts';
import { type Shown, startsDescending, type State } from './state.ts';
import { styleOf } from './style.ts';
import { placedIn } from './table.ts';
import { Terminal } from './terminal.ts';

/** Milliseconds between two looks. */
const EACH = 500;
/** A look may take one part in so many of the time: with very many rows agents would not be heard otherwise. */
const SHARE = 10;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Shows what is live until the user, a signal or the end of the terminal ends it. Returns the exit code. */
export async function runScreen(
  live: Live,
  options: Pick<Options, 'group' | 'sort' | 'filter'>,
  signal: AbortSignal,
): Promise<number> {
  const ended = Promise.withResolvers<number>();
  const style = styleOf(process.env);
  const pictures = new Pictures(live);
  const painter = new Painter();
  let state: State = {
    ...options,
    isDescending: startsDescending(options.sort),
    filterBefore: undefined,
    followed: undefined,
    isFrozen: false,
    isHelp: false,
    cursor: AT_TOP,
  };
  let timer: NodeJS.Timeout | undefined;
  /** What is on the screen is not what should be. */
  let isStale = true;

  const terminal = new Terminal(process.stdin, process.stdout, {
    onKey: (key) => take(key),
    onLost: () => {
      painter.forget();
      draw();
    },
    onReady: () => {
      if (isStale) draw();
    },
    onGone: () => ended.resolve(128 + constants.signals.SIGHUP),
  });

  function shown(): Shown {
    const picture = pictures.of(state);
    const room = roomFor(picture, terminal.size);
    const visible = placedIn(terminal.size.columns, state.group).map(({ heading }) => heading.sort);
    const columns = new Set<Column>(['rate', ...visible.filter((sort) => sort !== undefined)]);
    return { rows: picture.rows, room, columns: [...columns] };
  }

  function draw(): void {
    isStale = !terminal.isReady;
    if (isStale) return;
    const { rows, room } = shown();
    state = { ...state, cursor: placed(state.cursor, rows, room) };
    const changes = painter.changes(linesOf(pictures.of(state), state, terminal.size, style));
    if (changes !== '') terminal.write(changes);
  }

  function look(): void {
    const began = performance.now();
    if (!state.isFrozen) pictures.look();
    draw();
    timer = setTimeout(look, Math.max(EACH, SHARE * (performance.now() - began)));
  }

  function take(key: Key): void {
    if (key.ctrl && key.name === 'c') return ended.resolve(0);
    if (key.ctrl && key.name === 'z') return terminal.suspend();
    if (key.ctrl && key.name === 'l') painter.forget();
    else if (key.sequence === 'q' && state.filterBefore === undefined) return ended.resolve(0);
    else state = press(state, key, shown());
    // Several keys that come together are drawn once.
    isStale = true;
    setImmediate(() => isStale && draw());
  }

  const onSignal = (name: NodeJS.Signals) => ended.resolve(128 + constants.signals[name]);
  for (const name of SIGNALS) process.on(name, onSignal);
  signal.addEventListener('abort', () => ended.resolve(0));
  if (signal.aborted) ended.resolve(0);
  let code = 1;
  try {
    terminal.open();
    look();
    code = await ended.promise;
    return code;
  } finally {
    clearTimeout(timer);
    const isTaken = await terminal.close();
    for (const name of SIGNALS) process.off(name, onSignal);
    // What the terminal does not take would keep the process.
    if (!isTaken) process.exit(code);
  }
}
