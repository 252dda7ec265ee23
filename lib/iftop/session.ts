import type { Amount, Bytes, Counters, Frame } from '../model.ts';
import { DIRECTIONS, each } from '../bytes.ts';
import { between, isAfter } from '../linux/interface-counters.ts';
import type { Entered } from '../linux/netns-exec.ts';
import { parseFrame } from './parse.ts';
import type { PrintedSlot } from './rounding.ts';
import { IftopProcess, PAIRS, SessionError } from './process.ts';
import { sum } from '../sum.ts';
import { timeOf } from '../time-of.ts';
import { CpuLoad } from './cpu-load.ts';

/** Milliseconds, as all times here. Without packets iftop does not report by itself (iftop.c, `tick`): then it is asked. */
const ASK_AFTER = 3000;
/** If iftop is asked sooner than this after a report, it prints that report again. */
const TICK = 2050;
/** libpcap hands packets over at most this late: its read timeout is 1 s. */
const LAG = 1100;
const ANSWER_TIMEOUT = 5000;
/** How long the last frame is waited for: until the next report, which has the packets that were late. */
const LAST_FRAME_TIMEOUT = 3500;
/** An iftop that answers later than this has waited for the CPU, and has packets left to read. */
const PROMPT = 200;
/** The answer to a question that is asked later than this before the end would come too late. */
const ANSWER = 50;
/** How often the load of iftop is read while an answer is waited for. */
const MEASURE_EVERY = 1000;
/**
 * If the kernel counts so many bytes of which iftop sees none for so long, iftop has lost its interface. An iftop that has to
 * wait for the CPU may see nothing for some seconds, and then all of it.
 */
const DEAF = { bytes: 256 * 1024, time: 12_000 };
const NONE: Amount = { bytes: 0, slack: 0 };

export interface SessionOptions {
  /** Reads the counters of the interface. */
  readonly counters: () => Counters | undefined;
  /** CPU time that iftop has used, in seconds. */
  readonly cpu: () => number;
  /** Whether iftop is at its limits; called again and again, with false only when it has not been for a while. */
  readonly overloaded: (is: boolean) => void;
  readonly unparsed: (lines: number) => void;
  /** The lines of a frame, as iftop printed them. */
  readonly frame: (lines: readonly string[]) => void;
}

/** One long-lived iftop in one network namespace, which reports slots without gaps. */
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

  /** Undefined when iftop has ended. */
  get pid(): number | undefined {
    return this.#iftop.pid;
  }

  /** When iftop last reported, or its interface was seen to be at rest, by `performance.now()`. */
  get heard(): number {
    return this.#heard;
  }

  /** `last` of `slots` may be sooner than before. */
  wake(): void {
    this.#iftop.wake();
  }

  /**
   * The slots as they come, until `stop` is aborted: then one last slot, with all that had passed by that moment, or as
   * much as can be had until `last` (of `performance.now()`).
   * @throws SessionError when iftop ends by itself, stops reporting or is overloaded
   */
  async *slots(stop: AbortSignal, last = () => Infinity): AsyncGenerator<PrintedSlot> {
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

  async *#slots(stop: AbortSignal, until: () => number): AsyncGenerator<PrintedSlot> {
    const iftop = this.#iftop;
    let from = performance.now();
    let tick = from;
    /** `from` on the wall clock, by which slots have their times. */
    let began = timeOf(from);
    let before = this.#options.counters();
    /** The last frame was empty, and no counted packet can still be on its way to iftop. */
    let quiet = true;
    /** iftop has seen packets that were not counted, so the counters cannot tell that nothing passes. */
    let uncounted = false;
    const unseen = { now: 0, sure: 0, since: from };
    let earlier: Bytes | undefined;
    let dropped = 0;
    let stopped = Infinity;
    /** iftop answered the last question promptly. */
    let prompt = true;
    const load = new CpuLoad(from, this.#options.cpu());

    for (;;) {
      if (!quiet || !load.isCalm) load.measure(performance.now(), this.#options.cpu);
      if (load.isHigh || load.isCalm) this.#options.overloaded(load.isHigh);
      if (load.isExcessive) throw overload();
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
        const empty = isEmpty(slot);
        quiet = empty && same(before, after);
        const counted = before && after && between(before, after);
        uncounted ||= isBeyond(slot, counted, earlier);
        earlier = counted;
        // iftop may see in this slot what was counted in the slot before, but not later.
        if (unseen.sure + unseen.now === 0) unseen.since = from;
        unseen.sure = empty ? unseen.sure + unseen.now : 0;
        unseen.now = empty && counted ? counted.sent + counted.received : 0;
        if (unseen.sure > DEAF.bytes && frame.at - unseen.since > DEAF.time)
          throw idleTimeout('it sees nothing of what is counted');
        yield slot;
        // iftop stays with the interface that it was started on, whichever has its name now.
        if (before && !(after && isAfter(after, before)))
          throw new SessionError('ERR_SESSION_LOST', 'its interface has gone, or was replaced');
        [from, tick, began, before] = [frame.at, frame.at, to, after];
        continue;
      }
      const now = performance.now();
      if (stop.aborted) stopped = Math.min(stopped, now);
      const last = Math.min(stopped + LAST_FRAME_TIMEOUT, until());
      if (now > Math.min(last, (asked ?? now) + ANSWER_TIMEOUT)) {
        throw load.isHigh ? overload() : idleTimeout('it does not answer');
      }
      const atRest = () => quiet && !uncounted && same(before, this.#options.counters());
      // The later iftop is asked, the more it has seen.
      const latest = Math.min(stopped + LAG, last - PROMPT);
      let due = stop.aborted ? Math.max(tick + TICK, latest) : from + ASK_AFTER;
      if (stop.aborted) {
        const isLast = from >= stopped + LAG && (prompt || tick + TICK > last);
        const isTooLate = asked === undefined && due > last - ANSWER;
        if (isLast || isTooLate || atRest()) return;
      }
      if (now >= due && asked === undefined) {
        // Nothing has passed, so iftop is not asked: an idle pod costs a reading of its counters.
        if (atRest()) {
          [from, this.#heard] = [together(now), now];
          due = from + ASK_AFTER;
          began = timeOf(now);
        } else iftop.ask();
      }
      await iftop.wait(Math.min(last + 1, iftop.asked === undefined ? due : now + MEASURE_EVERY));
    }
  }

  #slot(lines: readonly string[], bounds: Omit<PrintedSlot, 'flows' | 'rest'>): PrintedSlot {
    const frame = parseFrame(lines);
    if (frame.unparsed > 0) this.#options.unparsed(frame.unparsed);
    this.#options.frame(lines);
    const partial = frame.unparsed > 0 || frame.flows.length >= PAIRS;
    return {
      ...bounds,
      flows: frame.flows.filter((flow) => flow.sent.bytes + flow.received.bytes > 0),
      rest: each((direction) => (partial ? remainder(frame, direction) : NONE)),
    };
  }
}

/**
 * The last moment from which all sessions of idle pods count: so they wake the agent together, with a second of the wall
 * clock, in which it wakes anyway.
 */
function together(now: number): number {
  return now - (timeOf(now) % ASK_AFTER);
}

function overload(): SessionError {
  return new SessionError('ERR_SESSION_OVERLOADED', 'iftop cannot follow that many flows');
}

function idleTimeout(what: string): SessionError {
  return new SessionError('ERR_SESSION_IDLE', `iftop stopped reporting: ${what}`);
}

/** What is in the totals and in none of the listed pairs. */
function remainder({ flows, total }: Frame, direction: keyof Bytes): Amount {
  const listed = sum(flows, (flow) => flow[direction].bytes);
  const bytes = Math.max(0, total[direction].bytes - listed);
  return { bytes, slack: Math.min(bytes, total[direction].slack) };
}

function isEmpty({ flows, rest }: PrintedSlot): boolean {
  return flows.length === 0 && rest.sent.bytes + rest.received.bytes === 0;
}

function same(a: Counters | undefined, b: Counters | undefined): boolean {
  return a?.sentPackets === b?.sentPackets && a?.receivedPackets === b?.receivedPackets;
}

/**
 * Tells whether a slot has more than was counted during it and during the slot before it, whose packets may have come
 * late. The first slot says nothing of it.
 */
function isBeyond({ flows, rest }: PrintedSlot, counted?: Bytes, earlier?: Bytes): boolean {
  if (!counted || !earlier) return false;
  return DIRECTIONS.some((direction) => {
    const least = sum([rest, ...flows], ({ [direction]: { bytes, slack } }) => bytes - slack);
    return least > counted[direction] + earlier[direction];
  });
}
