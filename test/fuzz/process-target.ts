/** What an iftop says from its start to its end, and what is made of it. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { FrameSplitter } from '../../lib/iftop/frames.ts';
import { IftopProcess, SessionError } from '../../lib/iftop/process.ts';
import type { Entered } from '../../lib/linux/netns-exec.ts';
import { filesOf, pieces, type Target } from './target.ts';

/** So many frames are never too many, and more than this always, however slow it is here. */
const FEW = 128;
const TOO_MANY = 300;
/** What it has said before it listens, and is no whole line, is kept so far. */
const LINE = 2000;
/** In milliseconds: what has taken longer may have been too long for a repetition. */
const SOON = 900;

/** Stands for a process, and prints what it is given. */
class Puppet {
  readonly stdout = new Output();
  readonly stderr = new Output();
  written = '';
  killed = false;
  readonly #ended = Promise.withResolvers<object>();

  /** What is seen of it by whoever started it. */
  get entered(): Entered {
    const { stdout, stderr } = this;
    const stdin = { on() {}, write: (text: string) => (this.written += text) };
    const kill = () => (this.killed = true);
    const all = { pid: 7, stdin, stdout, stderr, kill };
    return Object.assign(this.#ended.promise, all) as unknown as Entered;
  }

  end(): void {
    this.#ended.resolve({ exitCode: 1 });
  }

  /** Until it is killed. */
  say(parts: readonly Buffer[]): void {
    for (const part of parts) if (!this.killed) this.stdout.feed(part.toString('latin1'));
  }
}

class Output extends EventEmitter {
  #text = '';

  setEncoding(): this {
    return this;
  }

  feed(text: string): void {
    this.#text += text;
    this.emit('readable');
  }

  read(): string | null {
    const text = this.#text;
    this.#text = '';
    return text || null;
  }
}

function news(frames: readonly (readonly string[])[]) {
  return frames.filter((frame, index) => index === 0 || !repeats(frame, frames[index - 1]));
}

/** The same but for the cumulative totals, which grow between two ticks. */
function repeats(frame: readonly string[], last: readonly string[] = []): boolean {
  const same = (line: string, at: number) => line === last[at] || line.startsWith('Cumulative ');
  return frame.length === last.length && frame.every(same);
}

function taken(iftop: IftopProcess): (readonly string[])[] {
  const frames = [];
  try {
    for (let frame = iftop.take(); frame; frame = iftop.take()) frames.push(frame.lines);
  } catch (error) {
    assert.ok(error instanceof SessionError && error.code === 'ERR_SESSION_ENDED');
    assert.ok(error.message.length <= LINE + 100);
  }
  return frames;
}

const FRAME = `   1 10.0.0.1  =>  1B  1B  1B  1B\n     10.0.0.2  <=  1B  1B  1B  1B\n${'='.repeat(92)}\n`;
const HELLO = 'entered\ninterface: eth0\nListening on eth0\n';

export const processTarget: Target = {
  name: 'iftop-process',
  seeds: [
    HELLO + FRAME + FRAME,
    `${HELLO}Cumulative 1\n${FRAME}Cumulative 2\n${FRAME}`,
    HELLO + `${'='.repeat(20)}\n`.repeat(140),
    `${HELLO}${'-'.repeat(20)}\n${FRAME}`.repeat(2),
    'entered\nsh: 1: exec: iftop: not found\n',
    ...filesOf('test/fixtures/iftop')
      .filter(({ length }) => length < 8 * 1024)
      .map((file) => `entered\n${file.toString('latin1')}`),
  ].map((text) => Buffer.from(text, 'latin1')),
  async check(input, random) {
    const [text, parts] = [input.toString('latin1'), pieces(input, random)];
    const before = text.split('\n').slice(0, -1);
    const at = before.findIndex((line) => line.startsWith('Listening on '));
    const greeting = at < 0 ? before : before.slice(0, at);
    const puppet = new Puppet();
    const start = IftopProcess.start(puppet.entered);
    const from = Date.now();
    puppet.say(parts);
    puppet.stderr.emit('data', text);
    await setImmediate();
    // Of a longer line it depends on the pieces what is known of it.
    const isCertain = text.split('\n', greeting.length + 1).every(({ length }) => length <= LINE);

    if (at < 0 && isCertain) {
      puppet.end();
      await assert.rejects(start, ({ code, message }: SessionError) => {
        return code === 'ERR_SESSION_START' && message.length <= LINE + 100;
      });
      assert.ok(puppet.killed);
      return;
    }
    if (!isCertain) {
      puppet.end();
      await start.catch(() => {});
      return;
    }
    const iftop = await start;
    const answers = greeting.filter((line) => line === 'entered').map(() => '\n');
    assert.equal(puppet.written, answers.join(''));

    const output = text
      .split('\n')
      .slice(at + 1)
      .join('\n');
    const both = new FrameSplitter().push(output + text);
    iftop.ask();
    puppet.say(parts);
    // What it has said last is not lost with it.
    puppet.end();
    await setImmediate();
    assert.equal(iftop.pid, undefined);
    const frames = taken(iftop);
    if (both.length > TOO_MANY) assert.ok(puppet.killed);
    if (both.length > FEW) return;
    assert.ok(!puppet.killed);
    // Asked, it may say again what it has said last, and that is nothing new.
    if (Date.now() - from >= SOON) return;
    assert.deepEqual(news(frames), news(both));
    assert.ok(frames.length === both.length || frames.length === both.length - 1);
  },
};
