import { Ledger } from '../../lib/accounting/ledger.ts';
import { PodCapture } from '../../lib/capture/pod-capture.ts';
import type { Source, SourceEnd, SourceListener, SourceTarget } from '../../lib/capture/source.ts';
import { Problems } from '../../daemon/log.ts';
import type { LocalPod } from '../../lib/model.ts';

/** A source that does what a test says. */
export class FakeSource implements Source {
  readonly heard = undefined;
  readonly cpu = undefined;
  readonly done: Promise<SourceEnd>;
  readonly target: SourceTarget;
  readonly listener: SourceListener;
  pid: number | undefined;
  isStopping = false;
  readonly #resolve: (end: SourceEnd) => void;

  constructor(target: SourceTarget, listener: SourceListener) {
    [this.target, this.listener] = [target, listener];
    const { promise, resolve } = Promise.withResolvers<SourceEnd>();
    [this.done, this.#resolve] = [promise, resolve];
  }

  capture(pid: number): void {
    this.pid = pid;
    this.listener.capturing(pid);
  }

  stop(): void {
    this.isStopping = true;
  }

  async end(reason: SourceEnd['reason'] = 'stopped'): Promise<void> {
    this.pid = undefined;
    this.#resolve({ reason, error: reason === 'stopped' ? undefined : `it was ${reason}` });
    await this.done;
  }
}

export const POD: LocalPod = {
  uid: 'u',
  cgroupUid: 'u',
  namespace: 'shop',
  name: 'web-0',
  workload: 'StatefulSet/web',
  ips: [],
};

interface Line {
  readonly level: string;
  readonly what: string;
  readonly pod?: string;
}

/** What captures are made with: sources that do nothing by themselves, and a log. */
export function fakeCaptures(proc = '/nowhere') {
  const [sources, said]: [FakeSource[], Line[]] = [[], []];
  const say = (level: string) => (fields: object, what: string) =>
    void said.push({ ...fields, level, what });
  const log = { debug: () => {}, info: say('info'), warn: say('warn'), error: say('error') };
  const options = {
    proc,
    interfaces: ['eth0'],
    log,
    problems: new Problems(log),
    startSource: (target: SourceTarget, listener: SourceListener) => {
      const source = new FakeSource(target, listener);
      sources.push(source);
      return source;
    },
    createLedger: (start: number) => new Ledger(start),
    restarted: () => {},
    tap: { watcher: undefined },
  };
  const pod = (known: LocalPod = POD) =>
    new PodCapture(known, { selection: 'selected', wasOff: false }, options);
  return { options, sources, said, pod };
}
