import type { Amount, Counters, Flow, Frame, Log, Slot } from '../model.ts';
import { between } from '../netns/counters.ts';
import { ENTERED, type Entered } from '../netns/enter.ts';
import { FrameSplitter } from './frames.ts';
import { parseFrame } from './parse.ts';

/** Pairs listed in a frame; more are in its totals only. */
const PAIRS = 1000;
/** Without packets iftop does not tick by itself (iftop.c, `tick`): after this it is asked to. */
const NUDGE_AFTER = 3000;
/** Asked sooner after a tick than this, it prints the last frame again. */
const TICK = 2050;
/** libpcap hands packets over at most this late (its read timeout is 1 s). */
const LAG = 1100;
/** Ticks are more than a second apart; what comes sooner is an answer. */
const REPEAT = 1000;
const START_TIMEOUT = 10_000;
const ANSWER_TIMEOUT = 5000;
const END_TIMEOUT = 1000;
/** So many bytes that the kernel counted and iftop did not see mean that it lost its interface. */
const DEAF_BYTES = 256 * 1024;
const STDERR_KEPT = 2000;
const NONE: Amount = { bytes: 0, slack: 0 };

/** The command line of a session: rates in bytes, link-local IPv6 too, sorted by the last slot. */
export function iftopCommand(iface: string): string[] {
  const options = ['-t', '-n', '-N', '-B', '-l', '-L', `${PAIRS}`, '-o', '2s', '-c', '/dev/null'];
  return ['stdbuf', '-oL', 'iftop', ...options, '-i', iface];
}

/** A capture that did not start, ended by itself or fell silent; `code` says which. */
class SessionError extends Error {
  readonly code: 'ERR_SESSION_START' | 'ERR_SESSION_ENDED' | 'ERR_SESSION_SILENT';

  constructor(code: SessionError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface SessionOptions {
  /** Reads the interface's counters, by way of this process if the pod's has gone. */
  readonly counters: (pid: number) => Counters | undefined;
  readonly unparsed: (lines: number) => void;
  readonly log: Log;
}

/** One long-lived iftop in one network namespace: a gapless source of slots. */
export class Session {
  readonly #process: Entered;
  readonly #options: SessionOptions;
  readonly #splitter = new FrameSplitter();
  readonly #frames: { at: number; lines: string[] }[] = [];
  #stderr = '';
  #text = '';
  #listening = false;
  #ended: string | undefined;
  #wake: (() => void) | undefined;
  /** When it was asked for a frame last, and whether that is still open. */
  #asked = 0;
  #open = false;
  #ticked = 0;

  private constructor(process: Entered, options: SessionOptions) {
    this.#process = process;
    this.#options = options;
    process.stdout.setEncoding('utf8').on('data', (text: string) => this.#output(text));
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    // A write to a process that has just died is no news: its end is.
    process.stdin.on('error', () => {});
    void process.then((result) => {
      const why = result.signal ?? result.exitCode ?? result.code ?? 'unknown';
      this.#ended = `${why}: ${this.#stderr.trim() || (result.originalMessage ?? '')}`;
      this.#wake?.();
    });
  }

  /**
   * Resolves when iftop captures.
   * @throws SessionError
   */
  static async start(process: Entered, options: SessionOptions): Promise<Session> {
    const session = new Session(process, options);
    const deadline = Date.now() + START_TIMEOUT;
    while (!session.#listening && session.#ended === undefined && Date.now() < deadline) {
      await session.#wait(deadline);
    }
    if (session.#listening) return session;
    process.kill('SIGKILL');
    const why = session.#ended ?? 'it did not say in 10 s that it is listening';
    throw new SessionError('ERR_SESSION_START', `iftop did not start: ${why}`);
  }

  get pid(): number | undefined {
    return this.#ended === undefined ? this.#process.pid : undefined;
  }

  /**
   * The slots as they come, until `stop` is aborted: then one last one that has all that had
   * passed by that moment.
   * @throws SessionError when it ends by itself
   */
  async *slots(stop: AbortSignal): AsyncGenerator<Slot> {
    const wake = () => this.#wake?.();
    stop.addEventListener('abort', wake);
    try {
      yield* this.#slots(stop);
      this.#process.stdin.write('q');
    } finally {
      stop.removeEventListener('abort', wake);
      const deadline = Date.now() + (stop.aborted ? END_TIMEOUT : 0);
      while (this.#ended === undefined && Date.now() < deadline) await this.#wait(deadline);
      this.#process.kill('SIGKILL');
    }
  }

  async *#slots(stop: AbortSignal): AsyncGenerator<Slot> {
    let from = Date.now();
    let tick = from;
    let before = this.#counters();
    /** The last frame was empty, and nothing had been counted that could still be under way. */
    let quiet = true;
    const unseen = { now: 0, sure: 0 };
    let stopped = Infinity;

    for (;;) {
      const frame = this.#frames.shift();
      if (frame) {
        this.#open = false;
        const after = this.#counters();
        const slot = this.#slot(frame.lines, { from, to: frame.at, before, after });
        const silent = isEmpty(slot);
        quiet = silent && same(before, after);
        // What was counted in the last slot may still come in this one, but not later.
        unseen.sure = silent ? unseen.sure + unseen.now : 0;
        unseen.now = silent && before && after ? size(before, after) : 0;
        if (unseen.sure > DEAF_BYTES) throw silence('the counters move and it sees nothing');
        yield slot;
        [from, tick, before] = [frame.at, frame.at, after];
        continue;
      }
      if (this.#ended !== undefined) {
        throw new SessionError('ERR_SESSION_ENDED', `iftop ended: ${this.#ended}`);
      }
      const now = Date.now();
      if (this.#open && now - this.#asked > ANSWER_TIMEOUT) throw silence('it does not answer');
      const atRest = () => quiet && same(before, this.#counters());
      if (stop.aborted) {
        stopped = Math.min(stopped, now);
        if (from >= stopped + LAG || atRest()) return;
      }
      let due = stop.aborted ? Math.max(tick + TICK, stopped + LAG) : from + NUDGE_AFTER;
      if (now >= due && !this.#open) {
        if (atRest()) {
          from = now;
          due = now + NUDGE_AFTER;
        } else {
          this.#ask(now);
        }
      }
      await this.#wait(this.#open ? this.#asked + ANSWER_TIMEOUT + 1 : due);
    }
  }

  #slot(lines: readonly string[], bounds: Pick<Slot, 'from' | 'to' | 'before' | 'after'>): Slot {
    const frame = parseFrame(lines);
    if (frame.unparsed > 0) this.#options.unparsed(frame.unparsed);
    this.#options.log.debug({ lines }, 'frame');
    const partial = frame.unparsed > 0 || frame.flows.length >= PAIRS;
    return {
      ...bounds,
      flows: frame.flows.filter((flow) => flow.sent.bytes + flow.received.bytes > 0),
      rest: {
        sent: partial ? remainder(frame, 'sent') : NONE,
        received: partial ? remainder(frame, 'received') : NONE,
      },
    };
  }

  #output(text: string): void {
    const output = this.#listening ? text : this.#greeting(text);
    const at = Date.now();
    for (const lines of this.#splitter.push(output)) {
      // Asked for just after it had ticked by itself, iftop says the same thing twice, but for the
      // cumulative totals, which are not part of a tick (tui.c, `tui_print`).
      const frame = lines.filter((line) => !line.startsWith('Cumulative ')).join('\n');
      const repeated = frame === this.#text && at - Math.min(this.#ticked, this.#asked) < REPEAT;
      [this.#text, this.#ticked] = [frame, at];
      if (!repeated) this.#frames.push({ at, lines });
    }
    this.#wake?.();
  }

  /** Follows the start; returns the output behind it. */
  #greeting(text: string): string {
    const lines = (this.#text + text).split('\n');
    while (!this.#listening && lines.length > 1) {
      const line = lines.shift() ?? '';
      if (line === ENTERED) this.#process.stdin.write('\n');
      this.#listening = line.startsWith('Listening on ');
    }
    const left = lines.join('\n');
    this.#text = this.#listening ? '' : left.slice(-STDERR_KEPT);
    return this.#listening ? left : '';
  }

  #ask(now: number): void {
    this.#asked = now;
    this.#open = true;
    this.#process.stdin.write('u');
  }

  #counters(): Counters | undefined {
    return this.#process.pid === undefined ? undefined : this.#options.counters(this.#process.pid);
  }

  async #wait(until: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, until - Date.now()));
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}

function silence(what: string): SessionError {
  return new SessionError('ERR_SESSION_SILENT', `iftop fell silent: ${what}`);
}

/** What the totals have and the listed pairs have not. */
function remainder({ flows, total }: Frame, direction: 'sent' | 'received'): Amount {
  const listed = flows.reduce((sum, flow: Flow) => sum + flow[direction].bytes, 0);
  const bytes = Math.max(0, total[direction].bytes - listed);
  return { bytes, slack: Math.min(bytes, total[direction].slack) };
}

function isEmpty({ flows, rest }: Slot): boolean {
  return flows.length === 0 && rest.sent.bytes + rest.received.bytes === 0;
}

function same(a: Counters | undefined, b: Counters | undefined): boolean {
  return a?.sentPackets === b?.sentPackets && a?.receivedPackets === b?.receivedPackets;
}

function size(before: Counters, after: Counters): number {
  const { sent, received } = between(before, after);
  return sent + received;
}
