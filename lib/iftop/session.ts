import type { Amount, Bytes, Counters, Frame, Slot } from '../model.ts';
import { between, isAfter } from '../linux/interface-counters.ts';
import type { Entered } from '../linux/netns-exec.ts';
import { parseFrame } from './parse.ts';
import { IftopProcess, PAIRS, SessionError } from './process.ts';
import { sum } from '../sum.ts';
import { CpuLoad } from './cpu-load.ts';

/** Without packets iftop does not tick by itself (iftop.c, `tick`): after this it is asked to. */
const NUDGE_AFTER = 3000;
/** Asked sooner after a tick than this, it prints the last frame again. */
const TICK = 2050;
/** libpcap hands packets over at most this late (its read timeout is 1 s). */
const LAG = 1100;
const ANSWER_TIMEOUT = 5000;
/** When it is to end, the last frame is waited for so long: to the next tick, and what was late in it. */
const LAST_FRAME_TIMEOUT = 3500;
/** Who answers later than this waits for the CPU, and has not seen yet what waits for it. */
const PROMPT = 200;
/** Asked later than this before the end, its answer would come too late. */
const ANSWER = 50;
/** While an answer is waited for, this often it is seen what iftop is up to. */
const LOOK_EVERY = 1000;
/** So many bytes that the kernel counted and iftop did not see mean that it lost its interface. */
const DEAF_BYTES = 256 * 1024;
const NONE: Amount = { bytes: 0, slack: 0 };

export interface SessionOptions {
  /** Reads the counters of its interface. */
  readonly counters: () => Counters | undefined;
  /** CPU time that iftop has used, in seconds. */
  readonly cpu: () => number;
  /** It is at its limits; called again and again while it is. */
  readonly strained: () => void;
  readonly unparsed: (lines: number) => void;
  /** What it printed, as it printed it. */
  readonly frame: (lines: readonly string[]) => void;
}

/** One long-lived iftop in one network namespace: a gapless source of slots. */
export class Session {
  readonly #iftop: IftopProcess;
  readonly #options: SessionOptions;
  #heard = performance.now();

  private constructor(iftop: IftopProcess, options: SessionOptions) {
    this.#iftop = iftop;
    this.#options = options;
  }

  /**
   * Resolves when iftop captures.
   * @throws SessionError
   */
  static async start(process: Entered, options: SessionOptions): Promise<Session> {
    return new Session(await IftopProcess.start(process), options);
  }

  /** Undefined when it has ended. */
  get pid(): number | undefined {
    return this.#iftop.pid;
  }

  /** When it last reported, or was seen to be at rest, by `performance.now()`. */
  get heard(): number {
    return this.#heard;
  }

  /** Lets it see that it is to end sooner. */
  wake(): void {
    this.#iftop.wake();
  }

  /**
   * The slots as they come, until `stop` is aborted: then one last one that has all that had passed by
   * that moment, or as much as can be had until `last` (of `performance.now()`).
   * @throws SessionError when it ends by itself, falls silent or is overloaded
   */
  async *slots(stop: AbortSignal, last = () => Infinity): AsyncGenerator<Slot> {
    const wake = () => this.#iftop.wake();
    stop.addEventListener('abort', wake);
    let gently = false;
    try {
      yield* this.#slots(stop, last);
      gently = true;
    } finally {
      stop.removeEventListener('abort', wake);
      await this.#iftop.end(gently, last());
    }
  }

  async *#slots(stop: AbortSignal, until: () => number): AsyncGenerator<Slot> {
    const iftop = this.#iftop;
    let from = performance.now();
    let tick = from;
    /** `from` on the wall clock, by which slots tell their times. */
    let began = timeOf(from);
    let before = this.#options.counters();
    /** The last frame was empty, and nothing had been counted that could still be under way. */
    let quiet = true;
    /** iftop has seen what the counters do not have, so they cannot tell that nothing passes. */
    let uncounted = false;
    const unseen = { now: 0, sure: 0 };
    let earlier: Bytes | undefined;
    let dropped = 0;
    let stopped = Infinity;
    /** The last answer was a prompt one. */
    let prompt = true;
    const strain = new CpuLoad(from, this.#options.cpu());

    for (;;) {
      strain.measure(performance.now(), this.#options.cpu);
      if (strain.isHigh) this.#options.strained();
      if (strain.isExcessive) throw overload();
      if (iftop.dropped > dropped) this.#options.unparsed(iftop.dropped - dropped);
      dropped = iftop.dropped;
      const asked = iftop.asked;
      const frame = iftop.take();
      if (frame) {
        prompt = asked === undefined || frame.at - asked < PROMPT;
        this.#heard = frame.at;
        const after = this.#options.counters();
        const to = timeOf(frame.at);
        // The clock may have been set back.
        began = Math.min(began, to);
        const bounds = { from: began, to, since: began - LAG, before, after };
        const slot = this.#slot(frame.lines, bounds);
        const silent = isEmpty(slot);
        quiet = silent && same(before, after);
        const counted = before && after && between(before, after);
        uncounted ||= isBeyond(slot, counted, earlier);
        earlier = counted;
        // What was counted in the last slot may still come in this one, but not later.
        unseen.sure = silent ? unseen.sure + unseen.now : 0;
        unseen.now = silent && counted ? counted.sent + counted.received : 0;
        if (unseen.sure > DEAF_BYTES) throw idleTimeout('the counters move and it sees nothing');
        yield slot;
        // iftop stays with the interface that it was started on, whatever bears its name now.
        if (before && !(after && isAfter(after, before))) throw lost();
        [from, tick, began, before] = [frame.at, frame.at, to, after];
        continue;
      }
      const now = performance.now();
      if (stop.aborted) stopped = Math.min(stopped, now);
      const last = Math.min(stopped + LAST_FRAME_TIMEOUT, until());
      if (now > Math.min(last, (asked ?? now) + ANSWER_TIMEOUT)) {
        throw strain.isHigh ? overload() : idleTimeout('it does not answer');
      }
      const atRest = () => quiet && !uncounted && same(before, this.#options.counters());
      // The later it is asked the more it has seen.
      const latest = Math.min(stopped + LAG, last - PROMPT);
      let due = stop.aborted ? Math.max(tick + TICK, latest) : from + NUDGE_AFTER;
      if (stop.aborted) {
        const isLast = from >= stopped + LAG && (prompt || tick + TICK > last);
        const isTooLate = asked === undefined && due > last - ANSWER;
        if (isLast || isTooLate || atRest()) return;
      }
      if (now >= due && asked === undefined) {
        // Nothing has passed, so nothing is asked: an idle pod costs a look at its counters.
        if (atRest()) {
          [from, due, this.#heard] = [now, now + NUDGE_AFTER, now];
          began = timeOf(now);
        } else iftop.ask();
      }
      await iftop.wait(Math.min(last + 1, iftop.asked === undefined ? due : now + LOOK_EVERY));
    }
  }

  #slot(lines: readonly string[], bounds: Omit<Slot, 'flows' | 'rest'>): Slot {
    const frame = parseFrame(lines);
    if (frame.unparsed > 0) this.#options.unparsed(frame.unparsed);
    this.#options.frame(lines);
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
}

/** What the wall clock said at a moment of `performance.now()`, in milliseconds since 1970. */
function timeOf(moment: number): number {
  return Math.round(Date.now() - (performance.now() - moment));
}

function overload(): SessionError {
  return new SessionError('ERR_SESSION_OVERLOADED', 'iftop cannot follow that many flows');
}

function lost(): SessionError {
  return new SessionError('ERR_SESSION_LOST', 'its interface has gone, or was replaced');
}

function idleTimeout(what: string): SessionError {
  return new SessionError('ERR_SESSION_SILENT', `iftop fell silent: ${what}`);
}

/** What the totals have and the listed pairs have not. */
function remainder({ flows, total }: Frame, direction: 'sent' | 'received'): Amount {
  const listed = sum(flows, (flow) => flow[direction].bytes);
  const bytes = Math.max(0, total[direction].bytes - listed);
  return { bytes, slack: Math.min(bytes, total[direction].slack) };
}

function isEmpty({ flows, rest }: Slot): boolean {
  return flows.length === 0 && rest.sent.bytes + rest.received.bytes === 0;
}

function same(a: Counters | undefined, b: Counters | undefined): boolean {
  return a?.sentPackets === b?.sentPackets && a?.receivedPackets === b?.receivedPackets;
}

/**
 * It has more than was counted in its time and in that of the slot before it, when packets may have
 * been counted that came late. Of the first slot that cannot be told.
 */
function isBeyond({ flows, rest }: Slot, counted?: Bytes, earlier?: Bytes): boolean {
  if (!counted || !earlier) return false;
  return (['sent', 'received'] as const).some((direction) => {
    const least = sum([rest, ...flows], ({ [direction]: { bytes, slack } }) => bytes - slack);
    return least > counted[direction] + earlier[direction];
  });
}
