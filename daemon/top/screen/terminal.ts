import { emitKeypressEvents } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Key } from './keys.ts';
import type { Size } from './picture.ts';

const CSI = '\u{1B}[';
/** The alternate screen, empty; lines that are too long are cut; no cursor. */
const ENTER = `${CSI}?1049h${CSI}?7l${CSI}?25l${CSI}2J`;
const LEAVE = `${CSI}0m${CSI}?25h${CSI}?7h${CSI}?1049l`;
/** Milliseconds that a terminal has at the end to take what is written. */
const PATIENCE = 1000;
/** Milliseconds in which a process that is told to has stopped. */
const STOPPING = 100;

interface Events {
  readonly onKey: (key: Key) => void;
  /** The size has changed, or what was on the screen is not there any more. */
  readonly onLost: () => void;
  /** The terminal has taken what was written. */
  readonly onReady: () => void;
  /** The terminal has gone. */
  readonly onGone: () => void;
}

/** The user's terminal: it is left as it was found, however the process ends (but by SIGKILL). */
export class Terminal {
  readonly #in: ReadStream;
  readonly #out: WriteStream;
  readonly #events: Events;
  #isEntered = false;
  #isGone = false;
  #isClosed = false;

  constructor(stdin: ReadStream, stdout: WriteStream, events: Events) {
    this.#in = stdin;
    this.#out = stdout;
    this.#events = events;
    // Node waits for a terminal that takes nothing, and would not even see SIGTERM meanwhile.
    const { _handle } = stdout as { _handle?: { setBlocking?: (isBlocking: boolean) => void } };
    _handle?.setBlocking?.(false);
  }

  /** Takes over the terminal, until `leave`. */
  open(): void {
    const { onKey, onLost, onGone } = this.#events;
    emitKeypressEvents(this.#in);
    this.#in.on('keypress', (_text, key: Key) => onKey(key));
    for (const event of ['end', 'close', 'error']) this.#in.on(event, onGone);
    for (const event of ['close', 'error'])
      this.#out.on(event, () => {
        this.#isGone = true;
        onGone();
      });
    this.#out.on('resize', onLost);
    process.on('SIGTSTP', this.#suspend).on('SIGCONT', this.#resume);
    process.on('uncaughtExceptionMonitor', this.#leaveNow).on('exit', this.#leaveNow);
    this.#enter();
  }

  get size(): Size {
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
  }

  /** Whether it takes text; what is not taken is not queued, but drawn anew when it is ready. */
  get isReady(): boolean {
    return this.#isEntered && this.#out.writableLength === 0;
  }

  write(text: string): void {
    if (!this.#isGone) this.#out.write(text, (error) => !error && this.#events.onReady());
  }

  /** Stops the process as Ctrl-Z does, with all that belongs to the same command. */
  suspend(): void {
    this.#stop(0);
  }

  /** Gives the terminal back. Resolves to whether it has taken all that was written. */
  async close(): Promise<boolean> {
    this.#isClosed = true;
    process.off('SIGTSTP', this.#suspend).off('SIGCONT', this.#resume);
    this.#leaveNow();
    const end = AbortSignal.timeout(PATIENCE);
    while (!this.#isGone && this.#out.writableLength > 0 && !end.aborted) await sleep(10);
    process.off('uncaughtExceptionMonitor', this.#leaveNow).off('exit', this.#leaveNow);
    return this.#out.writableLength === 0;
  }

  #enter(): void {
    this.#in.setRawMode(true);
    this.#in.resume();
    this.write(ENTER);
    this.#isEntered = true;
  }

  readonly #leaveNow = () => {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.write(LEAVE);
    this.#in.setRawMode(false);
    this.#in.pause();
  };

  readonly #suspend = () => this.#stop(process.pid);

  /**
   * Stops a process, or all of the own group, when the terminal has been given back. Where nothing could let it go on, as in
   * a container, the kernel does not stop it: so after a moment, in which it has stopped if it could, it goes on.
   */
  #stop(pid: number): void {
    this.#leaveNow();
    process.off('SIGTSTP', this.#suspend);
    process.kill(pid, 'SIGTSTP');
    setTimeout(this.#resume, STOPPING);
  }

  /** Also after SIGSTOP, which nobody tells: the shell has used the terminal since. */
  readonly #resume = () => {
    if (this.#isGone || this.#isClosed) return;
    if (!process.listeners('SIGTSTP').includes(this.#suspend)) process.on('SIGTSTP', this.#suspend);
    if (this.#isEntered) this.#in.setRawMode(false);
    this.#enter();
    this.#events.onLost();
  };
}
