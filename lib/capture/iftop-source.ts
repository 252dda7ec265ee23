import { orient } from '../accounting/orient.ts';
import { iftopCommand, SessionError } from '../iftop/process.ts';
import { Rounding } from '../iftop/rounding.ts';
import { Session } from '../iftop/session.ts';
import type { LocalPod, Log } from '../model.ts';
import { absentFrom } from '../linux/bare-netns.ts';
import { enter, NetnsGoneError, openNetns, stay } from '../linux/netns-exec.ts';
import type { CpuTime } from '../linux/cpu-time.ts';
import { identity } from './identity.ts';
import type { Source, SourceEnd, SourceListener, SourceTarget } from './source.ts';
import type { StartLimiter } from './start-limiter.ts';

export interface IftopSourceOptions {
  /** Where the node's /proc is. */
  readonly proc: string;
  readonly cpu: CpuTime;
  /** The interface that should have the pod's addresses where there is no eth0. */
  readonly primary: string;
  /** The pod's namespace is the agent's own: there is nothing to enter. */
  readonly own: boolean;
  readonly log: Log;
  /** Bounds how many sources are being started at once. */
  readonly starts: StartLimiter;
  /** iftop has reported. */
  readonly reported: () => void;
  /** So many lines of iftop could not be read. */
  readonly unparsed: (pod: LocalPod, lines: number) => void;
}

const REASONS: Readonly<Partial<Record<SessionError['code'], SourceEnd['reason']>>> = {
  ERR_SESSION_LOST: 'lost',
  ERR_SESSION_INTERFACE: 'refused',
  ERR_SESSION_OVERLOADED: 'overload',
};

/** A source that is one iftop session. */
export class IftopSource implements Source {
  readonly done: Promise<SourceEnd>;
  readonly #options: IftopSourceOptions;
  readonly #target: SourceTarget;
  readonly #listener: SourceListener;
  readonly #stop = new AbortController();
  /** Until when a last slot is waited for, by `performance.now()`. */
  #until = Infinity;
  #session: Session | undefined;

  constructor(options: IftopSourceOptions, target: SourceTarget, listener: SourceListener) {
    [this.#options, this.#target, this.#listener] = [options, target, listener];
    this.done = this.#run().then(
      () => ({ reason: 'stopped', error: undefined }),
      (error: Error) => ({ reason: this.#reasonOf(error), error: error.message }),
    );
  }

  get pid(): number | undefined {
    return this.#session?.pid;
  }

  get heard(): number | undefined {
    return this.#session?.heard;
  }

  stop(patience = Infinity): void {
    this.#until = Math.min(this.#until, performance.now() + patience);
    this.#stop.abort();
    this.#session?.wake();
  }

  async #run(): Promise<void> {
    const { starts, reported } = this.#options;
    const { signal } = this.#stop;
    const session = await starts.add(async () => (signal.aborted ? undefined : this.#start()));
    if (!session) return;
    this.#session = session;
    const { pid } = session;
    this.#listener.capturing(pid);
    const rounding = new Rounding();
    for await (const slot of session.slots(signal, () => this.#until)) {
      reported();
      // Before the kernel's counters refine each direction.
      const { ips } = this.#target.pod();
      const flows = slot.flows.map((flow) => orient(flow, ips));
      this.#listener.slot(rounding.slot({ ...slot, flows }));
    }
  }

  async #start(): Promise<Session> {
    const { proc, cpu, primary, own, log, unparsed } = this.#options;
    const { iface, counters } = this.#target;
    const [pod, netns] = [this.#target.pod(), this.#target.netns()];
    const child = own
      ? stay(iftopCommand(iface))
      : enter(
          openNetns(proc, netns, pod.cgroupUid),
          iftopCommand(iface, absentFrom(proc, netns.pid, iface, { ...pod, primary })),
        );
    return Session.start(child, {
      counters,
      cpu: () => (this.pid === undefined ? 0 : (cpu.of(this.pid) ?? 0)),
      overloaded: (is) => this.#listener.overloaded(is),
      unparsed: (lines) => unparsed(this.#target.pod(), lines),
      frame: (lines) =>
        log.debug({ ...identity(this.#target.pod()), interface: iface, lines }, 'frame'),
    });
  }

  /** The end of a source that was asked to stop is no failure, whatever the error. */
  #reasonOf(error: Error): SourceEnd['reason'] {
    const reason = error instanceof SessionError ? REASONS[error.code] : undefined;
    if (reason === 'lost') return 'lost';
    if (this.#stop.signal.aborted) return 'stopped';
    return error instanceof NetnsGoneError ? 'left' : (reason ?? 'failed');
  }
}
