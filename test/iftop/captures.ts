import { readdirSync, readFileSync } from 'node:fs';
import { FRAME_END } from '../../lib/iftop/parse.ts';
import type { Bytes, Frame, Pair } from '../../lib/model.ts';

const directory = new URL('../fixtures/iftop/', import.meta.url);

/** A recording of iftop: its output, what is read from it, and what the kernel counted meanwhile. */
export interface Capture {
  readonly name: string;
  readonly text: string;
  readonly frames: readonly string[][];
  readonly expected: readonly Frame[];
  /** Over all frames together; undefined for what was changed by hand. */
  readonly kernel: Bytes | undefined;
  readonly pairs: readonly Omit<Pair, 'from' | 'to'>[];
}

export const captures: readonly Capture[] = readdirSync(directory).map((name) => {
  const file = (path: string) => readFileSync(new URL(`${name}/${path}`, directory), 'utf8');
  const [text, note] = [file('input.txt'), file('note.txt')];
  const expected: Frame[] = JSON.parse(file('expected.json'));
  const [kernel] = note.matchAll(/^kernel sent (\d+) received (\d+)/gm);
  return {
    name,
    text,
    frames: framesOf(text),
    expected,
    kernel: kernel && bytes(kernel[1], kernel[2]),
    pairs: [...note.matchAll(/^pair (\S+) (\S+) sent (\d+) received (\d+)$/gm)].map(
      ([, local = '', remote = '', sent, received]) => ({
        local,
        remote,
        ...bytes(sent, received),
      }),
    ),
  };
});

/** Those that nobody has changed. */
export const real = captures.filter(({ kernel }) => kernel);

/** The lines of each frame; a last one that does not end is one too. */
function framesOf(text: string): string[][] {
  const frames: string[][] = [[]];
  for (const line of text.split('\n')) {
    frames.at(-1)?.push(line);
    if (FRAME_END.test(line)) frames.push([]);
  }
  return frames.filter((lines) => lines.some((line) => line !== ''));
}

function bytes(sent = '', received = ''): Bytes {
  return { sent: Number(sent), received: Number(received) };
}
