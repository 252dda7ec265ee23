import { isIPv4 } from 'node:net';
import { Waker } from '../waker.ts';
import { ENTERED, type Entered } from '../linux/netns-exec.ts';
import { FrameSplitter } from './frames.ts';

/** A frame lists so many pairs; further ones are in its totals only. */
export const PAIRS = 1000;
/** Milliseconds, as all times here. iftop's own reports are more than a second apart; what comes sooner is an answer. */
const REPEAT = 1000;
/** Where the CPU is short the pods have priority. */
const NICE = 10;
const START_TIMEOUT = 10_000;
const END_TIMEOUT = 1000;
const STDERR_KEPT = 2000;
/**
 * iftop writes a frame line by line, and each write would wake the agent. So long after the first line the others are there
 * too, and all are read at once.
 */
const GATHER = 10;
/** iftop reports every two seconds; so many frames more may have waited in the pipe. More is no iftop. */
const FRAMES_AHEAD = 128;

/**
 * The command line: rates in bytes, link-local IPv6 too, sorted by the last slot. By itself iftop tells what is sent from
 * what is received by the interface's hardware address, then by its IP addresses; where the packets have neither, it adds up
 * all IPv6 in one pair (iftop.c, `handle_ip_packet`). `local` are addresses of the pod (one of IPv4, one of IPv6) that the
 * interface does not have: then iftop goes by these alone, and does not see packets that have none of them.
 */
export function iftopCommand(iface: string, local: readonly string[] = []): string[] {
  const networks = local.flatMap((ip) => (isIPv4(ip) ? ['-F', `${ip}/32`] : ['-G', `${ip}/128`]));
  const options = ['-t', '-n', '-N', '-B', '-l', '-L', `${PAIRS}`, '-o', '2s', '-c', '/dev/null'];
  return ['nice', '-n', `${NICE}`, 'stdbuf', '-oL', 'iftop', ...options, ...networks, '-i', iface];
}

/** The errors of libpcap and iftop for an interface that is down, not there, or of an unknown type. */
const REFUSAL = /is not up|No such device|Unsupported datalink type/;

/** iftop did not start, ended by itself, stopped reporting or took too much CPU; `code` says which. */
export class SessionError extends Error {
  readonly code:
    | 'ERR_SESSION_START'
    | 'ERR_SESSION_INTERFACE'
    | 'ERR_SESSION_LOST'
    | 'ERR_SESSION_ENDED'
    | 'ERR_SESSION_IDLE'
    | 'ERR_SESSION_OVERLOADED';

  constructor(code: SessionError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * A running iftop: its output comes as frames, and questions go to its stdin. All times are those of `performance.now()`,
 * which setting the clock does not change.
 */
export class IftopProcess {
  readonly #process: Entered;
  readonly #splitter = new FrameSplitter();
  readonly #frames: { readonly at: number; readonly lines: readonly string[] }[] = [];
  #stderr = '';
  /** Output before iftop listens that is no whole line yet. */
  #greeted = '';
  #gathering: NodeJS.Timeout | undefined;
  /** The last frame. */
  #last: readonly string[] = [];
  #listening = false;
  #ended: string | undefined;
  readonly #waker = new Waker();
  #reportedAt = 0;
  #asked = 0;
  #unanswered = false;
  /** One of so many more frames may be the answer to the last question. */
  #owed = 0;
  readonly #started = performance.now();
  #printed = 0;

  private constructor(process: Entered) {
    this.#process = process;
    // Numbers and addresses: the locale is C's, and names are not looked up.
    process.stdout.setEncoding('latin1').on('readable', () => {
      if (!this.#listening || this.#splitter.isOpen) this.#read();
      else this.#gathering ??= setTimeout(() => this.#read(), GATHER);
    });
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    // A failed write to a process that has just died needs no handling: its end is handled.
    process.stdin.on('error', () => {});
    void process.then((result) => {
      this.#read();
      const why = result.signal ?? result.exitCode ?? result.code ?? 'unknown';
      this.#ended = `${why}: ${this.#stderr.trim() || (result.originalMessage ?? '')}`;
      this.wake();
    });
  }

  /**
   * Resolves when iftop captures.
   * @throws SessionError
   */
  static async start(process: Entered): Promise<IftopProcess> {
    const iftop = new IftopProcess(process);
    const deadline = performance.now() + START_TIMEOUT;
    while (!iftop.#listening && iftop.#ended === undefined && performance.now() < deadline) {
      await iftop.wait(deadline);
    }
    if (iftop.#listening) return iftop;
    process.kill('SIGKILL');
    const why = iftop.#ended ?? 'it did not listen within 10 s';
    const code = REFUSAL.test(why) ? 'ERR_SESSION_INTERFACE' : 'ERR_SESSION_START';
    throw new SessionError(code, `iftop did not start: ${why}`);
  }

  /** Undefined when iftop has ended. */
  get pid(): number | undefined {
    return this.#ended === undefined ? this.#process.pid : undefined;
  }

  /** The number of lines discarded so far because they were no frame. */
  get dropped(): number {
    return this.#splitter.dropped;
  }

  /** The time of the last question, if iftop has not answered it yet. */
  get asked(): number | undefined {
    return this.#unanswered ? this.#asked : undefined;
  }

  /**
   * The next frame, if there is one.
   * @throws SessionError if there is none and iftop has ended
   */
  take(): { readonly at: number; readonly lines: readonly string[] } | undefined {
    const frame = this.#frames.shift();
    if (frame) this.#unanswered = false;
    else if (this.#ended !== undefined) {
      throw new SessionError('ERR_SESSION_ENDED', `iftop ended: ${this.#ended}`);
    }
    return frame;
  }

  /** Asks for a frame now. Less than two seconds after a report iftop repeats that report. */
  ask(): void {
    this.#asked = performance.now();
    this.#unanswered = true;
    // A frame that iftop was about to print may come first.
    this.#owed = 2;
    this.#process.stdin.write('u');
  }

  /** Waits for a frame, for the end of iftop, for `wake`, or until a time. */
  async wait(until: number): Promise<void> {
    // A timer may come a millisecond early: it would have to be set again.
    await this.#waker.wait(Math.max(0, Math.ceil(until - performance.now()) + 1));
  }

  wake(): void {
    this.#waker.wake();
  }

  /** Ends iftop: `gently` by a key, which is waited for until `last` at most, else by a signal. */
  async end(gently: boolean, last = Infinity): Promise<void> {
    const deadline = Math.min(last, performance.now() + (gently ? END_TIMEOUT : 0));
    if (gently) this.#process.stdin.write('q');
    while (this.#ended === undefined && performance.now() < deadline) await this.wait(deadline);
    this.#process.kill('SIGKILL');
  }

  #read(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const { stdout } = this.#process;
    for (;;) {
      const text = stdout.read() as string | null;
      if (text === null) return;
      this.#output(text);
    }
  }

  #output(text: string): void {
    // iftop writes line by line, and nobody waits for less than a frame.
    let isNews = !this.#listening;
    const output = this.#listening ? text : this.#greeting(text);
    const at = performance.now();
    for (const lines of this.#splitter.push(output)) {
      isNews = true;
      this.#printed += 1;
      if (this.#printed > FRAMES_AHEAD + (at - this.#started) / 1000) {
        this.#process.kill('SIGKILL');
        break;
      }
      // If iftop is asked just after a report of its own, it prints the same frame twice. A third one is new: a pod that
      // sends evenly has equal reports, and two may be read at once where the CPU is short.
      const soon = at - Math.min(this.#reportedAt, this.#asked) < REPEAT;
      const repeated = this.#owed > 0 && soon && isRepeated(lines, this.#last);
      this.#owed = repeated ? 0 : Math.max(0, this.#owed - 1);
      [this.#last, this.#reportedAt] = [lines, at];
      if (repeated) this.#unanswered = false;
      else this.#frames.push({ at, lines });
    }
    if (isNews) this.wake();
  }

  /** Reads the lines of the start; returns the output behind them. */
  #greeting(text: string): string {
    const lines = (this.#greeted + text).split('\n');
    while (!this.#listening && lines.length > 1) {
      const line = lines.shift() ?? '';
      if (line === ENTERED) this.#process.stdin.write('\n');
      this.#listening = line.startsWith('Listening on ');
    }
    const left = lines.join('\n');
    this.#greeted = this.#listening ? '' : left.slice(-STDERR_KEPT);
    return this.#listening ? left : '';
  }
}

/** The cumulative totals are no part of a report, and may have grown (tui.c, `tui_print`). */
function isRepeated(lines: readonly string[], last: readonly string[]): boolean {
  const same = (line: string, index: number) =>
    line === last[index] || line.startsWith('Cumulative ');
  return lines.length === last.length && lines.every(same);
}
