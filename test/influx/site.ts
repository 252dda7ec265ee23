import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problems } from '../../daemon/log.ts';
import { UnsentRows } from '../../lib/influx/spool/unsent-rows.ts';
import { Queue } from '../../lib/influx/queue.ts';
import { writer } from '../../lib/influx/writer.ts';
import type { Log, ProblemLog } from '../../lib/model.ts';
import { StandIn } from './stand-in.ts';

export const MIB = 1024 * 1024;

/** A stand-in for InfluxDB, and a directory in which rows wait for it. */
export class Site implements AsyncDisposable {
  readonly influx: StandIn;
  readonly root = mkdtempSync(join(tmpdir(), 'nstats-queue-'));
  readonly directory = join(this.root, 'spool');
  readonly said: { fields: object; message: string }[] = [];
  /** Subjects whose problems were reported to be over. */
  readonly over = new Set<string>();
  readonly #backlogs: UnsentRows[] = [];

  private constructor(influx: StandIn) {
    this.influx = influx;
  }

  static async create(): Promise<Site> {
    return new Site(await StandIn.start());
  }

  get messages(): string[] {
    return this.said.map(({ message }) => message);
  }

  get files(): string[] {
    return readdirSync(this.directory).filter((name) => name.endsWith('.rows'));
  }

  /** What a process that starts here has. */
  agent({
    token = this.influx.token,
    max = 16 * MIB,
    memory = MIB,
    at = this.directory,
    explain = (error: unknown) => ({ what: String(error), fix: 'none' }),
  } = {}) {
    const say = (fields: object, message: string) => this.said.push({ fields, message });
    const log: Log = { debug() {}, info: say, warn: say, error: say };
    const all = new Problems(log);
    const problems: ProblemLog = {
      report: (...problem) => all.report(...problem),
      resolve: (subject) => {
        this.over.add(subject);
        all.resolve(subject);
      },
    };
    const write = writer({ url: this.influx.url, api: 2, org: '', bucket: 'b', token });
    const unsent = new UnsentRows({ directory: at, max, memory, log, problems });
    this.#backlogs.push(unsent);
    return { unsent, queue: new Queue({ write, unsent, offset: 0, problems, explain }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#backlogs.map((unsent) => unsent.close()));
    await this.influx[Symbol.asyncDispose]();
    rmSync(this.root, { recursive: true });
  }
}

export async function drain(queue: Queue): Promise<void> {
  queue.close();
  await queue.run(AbortSignal.timeout(30_000));
}

export const rows = (count: number, name = 'm') =>
  Array.from({ length: count }, (_, at) => `${name} v=${at}i 1`);
