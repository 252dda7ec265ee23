import { join } from 'node:path';
import { hrtime } from 'node:process';
import { startHelper } from '../linux/netns-exec.ts';
import type { Netns } from '../model.ts';
import { type End, type Frame, FrameReader } from './frames.ts';
import { explain } from './explain.ts';
import { addRecords, type PodCount, type PodCounts, RECORD_SIZE } from './records.ts';

/** Beside this file, and beside the bundle. */
const HELPER = join(import.meta.dirname, 'nstats-bpf');
/** MAX_PODS of lib/bpf/flows.h. */
const MAX_PODS = 1024;
/** Records that are no flows, and the flows that CPUs create at the same moment. */
const RESERVED = 8 * MAX_PODS;
/** It takes milliseconds. A busy node may take its time. */
const START_TIMEOUT = 10_000;
const ANSWER_TIMEOUT = 5000;
const STDERR_KEPT = 2000;

type BpfErrorCode = 'ERR_BPF_START' | 'ERR_BPF_ATTACH' | 'ERR_BPF_ENDED';

/** The helper did not start, could not count an interface, or ended; `code` says which, the message why. */
export class BpfError extends Error {
  readonly code: BpfErrorCode;

  constructor(code: BpfErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface FlowCounterOptions {
  /** Room for so many flows of all pods between two drains; a flow takes 300 bytes of the kernel's memory. */
  readonly flows: number;
  /** A pod with more has no room for them, so that it takes none from the others. */
  readonly flowsPerPod: number;
  /** Whether flows are counted by protocol and port too. */
  readonly ports: boolean;
  readonly helper?: string;
}

/** An interface of a pod that is counted. */
export interface CountedInterface {
  /** Resolves to the reason when it is counted no more. The next drain has what was counted until then. */
  readonly ended: Promise<string>;
  /** The text of its /proc/net/dev just before it was counted: what that has is not counted. */
  readonly netDev: string;
}

/** What was counted until `at`, of `performance.now()`. Who sent and received nothing is not in it. */
export interface Drain {
  readonly at: number;
  readonly counts: ReadonlyMap<CountedInterface, PodCount>;
}

class Counted implements CountedInterface {
  readonly number: number;
  readonly attaching = Promise.withResolvers<this>();
  readonly ending = Promise.withResolvers<string>();
  readonly ended = this.ending.promise;
  netDev = '';
  isOver = false;

  constructor(number: number) {
    this.number = number;
  }
}

/** The helper process, which counts the traffic of all pods of a node in the kernel. */
export class FlowCounter {
  readonly #process: ReturnType<typeof startHelper>;
  readonly #reader = new FrameReader();
  readonly #ready = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<string>();
  readonly #interfaces = new Map<number, Counted>();
  readonly #drains: PromiseWithResolvers<Drain>[] = [];
  #records: PodCounts = new Map();
  /** Bytes of records that may come before the drain ends. */
  readonly #most: number;
  #left: number;
  #stderr = '';
  /** Why it ended, or is about to. */
  #why: string | undefined;

  private constructor({ flows, flowsPerPod, ports, helper = HELPER }: FlowCounterOptions) {
    this.#most = this.#left = (flows + RESERVED) * RECORD_SIZE;
    const args = [`${flows}`, `${flowsPerPod}`, ports ? 'ports' : 'no-ports'];
    this.#process = startHelper(helper, args);
    this.#process.stdout.on('data', (piece: Buffer) => {
      for (const frame of this.#reader.push(piece)) this.#take(frame);
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    // A write to a process that has just ended fails; its end says why.
    this.#process.stdin.on('error', () => {});
    void this.#process.then((result) => {
      const { signal, exitCode, code } = result;
      const how = signal ?? exitCode ?? code ?? 'unknown';
      const said = this.#stderr.trim() || (result.originalMessage ?? '');
      const hint = code === 'ENOENT' ? '. In a checkout `npm run bpf` compiles it' : '';
      this.#over(this.#why ?? `${how}: ${said}${hint}`);
    });
  }

  /**
   * Resolves when interfaces can be attached. Until then the signal gives the helper up.
   * @throws BpfError with the reason and what to do about it
   */
  static async start(options: FlowCounterOptions, signal?: AbortSignal): Promise<FlowCounter> {
    const counter = new FlowCounter(options);
    const timer = setTimeout(() => counter.#fail('it did not start in 10 s'), START_TIMEOUT);
    const giveUp = () => counter.kill();
    signal?.addEventListener('abort', giveUp);
    const why = await Promise.race([counter.#ready.promise, counter.#end.promise]);
    signal?.removeEventListener('abort', giveUp);
    clearTimeout(timer);
    if (why === undefined) return counter;
    throw new BpfError('ERR_BPF_START', why);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves to the reason when the helper has ended: what it had not been drained of is lost. */
  get ended(): Promise<string> {
    return this.#end.promise;
  }

  /**
   * Counts an interface from now on. Whoever calls has confirmed that the namespace is the pod's.
   * @throws BpfError if that cannot be, or the helper does not answer and is killed
   */
  async attach({ pid, inode }: Netns, iface: string): Promise<CountedInterface> {
    if (this.#why !== undefined) throw ended(this.#why);
    let number = 0;
    while (this.#interfaces.has(number)) number += 1;
    if (number === MAX_PODS)
      throw new BpfError('ERR_BPF_ATTACH', `more than ${MAX_PODS} interfaces`);
    // It is a word of a command.
    if (!/^[!-.0-~]{1,15}$/.test(iface))
      throw new BpfError('ERR_BPF_ATTACH', `${JSON.stringify(iface)} is no interface`);
    const counted = new Counted(number);
    this.#interfaces.set(number, counted);
    this.#command(`attach ${number} ${pid} ${pid === 'self' ? 0 : inode} ${iface}`);
    return this.#answer(counted.attaching.promise, 'it did not attach an interface in 5 s');
  }

  /** Ends the count of an interface. The next drain has what was counted until then. */
  detach(counted: CountedInterface): void {
    for (const [number, candidate] of this.#interfaces)
      if (candidate === counted && !candidate.isOver) this.#command(`detach ${number}`);
  }

  /** Declares that something listens on a port, or does not any more, so that the port is not taken for a client's. */
  declare(protocol: 'tcp' | 'udp' | 'sctp', port: number, isDeclared: boolean): void {
    this.#command(`port ${protocol} ${port} ${isDeclared ? 'on' : 'off'}`);
  }

  /**
   * Takes what was counted since the last drain. Every packet is in one drain.
   * @throws BpfError if the helper ends before, or does not answer and is killed
   */
  async drain(): Promise<Drain> {
    if (this.#why !== undefined) throw ended(this.#why);
    const drain = Promise.withResolvers<Drain>();
    this.#drains.push(drain);
    this.#command('drain');
    return this.#answer(drain.promise, 'it was not drained in 5 s');
  }

  /** Ends the helper, and resolves when it has ended. */
  async end(): Promise<void> {
    this.#process.stdin.end();
    await this.#end.promise;
  }

  /**
   * Gives the helper up at once: what it has not been drained of is lost. The kernel takes a while to close a socket for each
   * pod, and nobody waits for that.
   */
  kill(): void {
    const { stdout, stderr } = this.#process;
    this.#fail('it was given up');
    this.#over('it was given up');
    this.#process.nodeChildProcess.unref();
    stdout.destroy();
    stderr.destroy();
  }

  async #answer<T>(answer: Promise<T>, failure: string): Promise<T> {
    const timer = setTimeout(() => this.#fail(failure), ANSWER_TIMEOUT);
    return answer.finally(() => clearTimeout(timer));
  }

  #command(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  #take(frame: Frame): void {
    if (this.#why !== undefined) return;
    if (frame.type === 'ready') this.#ready.resolve();
    else if (frame.type === 'attached') this.#attached(frame);
    else if (frame.type === 'ended') this.#ended(frame.pod, frame.end);
    else if (frame.type === 'drained') this.#drained(frame.at);
    else if (frame.type === 'fatal') this.#fail(explain(frame.end));
    else if (frame.type === 'malformed' || !this.#add(frame.records))
      this.#fail('it printed what is no frame');
  }

  #add(records: Buffer): boolean {
    this.#left -= records.length;
    return this.#left >= 0 && addRecords(this.#records, records);
  }

  #attached({ pod, netDev }: Frame & { type: 'attached' }): void {
    const counted = this.#interfaces.get(pod);
    if (!counted) {
      this.#fail('it attached an interface that was not asked for');
      return;
    }
    counted.netDev = netDev;
    counted.attaching.resolve(counted);
  }

  #ended(number: number, end: End): void {
    const counted = this.#interfaces.get(number);
    if (!counted) {
      this.#fail('it ended an interface that was not attached');
      return;
    }
    counted.isOver = true;
    const why = explain(end);
    counted.attaching.reject(new BpfError('ERR_BPF_ATTACH', why));
    counted.ending.resolve(why);
  }

  #drained(nanoseconds: bigint): void {
    const [drain] = this.#drains;
    const counts = new Map<CountedInterface, PodCount>();
    for (const [number, count] of this.#records) {
      const counted = this.#interfaces.get(number);
      if (counted) counts.set(counted, count);
    }
    if (!drain || counts.size < this.#records.size) {
      this.#fail('it drained without being asked');
      return;
    }
    this.#drains.shift();
    [this.#records, this.#left] = [new Map(), this.#most];
    for (const [number, { isOver }] of this.#interfaces)
      if (isOver) this.#interfaces.delete(number);
    const age = Number(hrtime.bigint() - nanoseconds) / 1e6;
    drain.resolve({ at: performance.now() - age, counts });
  }

  /** It is at its end, or what it prints makes no sense: nothing more is believed of it. */
  #fail(why: string): void {
    this.#why = why;
    this.#process.kill('SIGKILL');
  }

  #over(why: string): void {
    this.#why = why;
    for (const drain of this.#drains) drain.reject(ended(why));
    for (const { attaching, ending } of this.#interfaces.values()) {
      attaching.reject(ended(why));
      ending.resolve(why);
    }
    this.#interfaces.clear();
    this.#end.resolve(why);
  }
}

function ended(why: string): BpfError {
  return new BpfError('ERR_BPF_ENDED', `the helper that counts in the kernel ended: ${why}`);
}
