import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoff, jittered } from '../backoff.ts';
import { errorOf } from '../error-of.ts';
import { type LiveSlot, parseFrame, parseHello, PROTOCOL } from '../live/frame.ts';
import { AgentTable } from './agent-table.ts';
import type { Span } from './flow-history.ts';
import { linesOf } from './lines.ts';
import type { AgentState, Live, View } from './view.ts';

/** Opens the stream of an agent's lines, however long that takes: it may be one of very many. The signal ends it. */
export type OpenStream = (signal: AbortSignal) => Promise<Readable>;

/** Milliseconds in which an agent that has been reached must say its first word, and then each further one: there are two each second. */
const PATIENCE = { first: 15_000, next: 5000 };
/** Milliseconds before an agent that was lost is asked again. */
const AGAIN = { first: 500, most: 15_000 };

interface Agent {
  readonly table: AgentTable;
  state: AgentState['state'];
  reason: string | undefined;
  notCaptured: number;
  framesLost: number;
  /** The number of the last frame of the stream. */
  last: number | undefined;
  nodes: number;
  failures: number;
}

export interface LiveReaderOptions {
  /** The time of which bytes are summed up, by `performance.now()`; by default all. */
  readonly counted?: Span | undefined;
  /** Of which pods anything is kept; by default of all. */
  readonly isWanted?: IsWanted | undefined;
}

/** Whether a user asks for a pod. */
export type IsWanted = (pod: Pick<LiveSlot, 'namespace' | 'pod' | 'workload'>) => boolean;

/** Reads any number of agents, each by itself: what one does stops no other. */
export class LiveReader implements Live {
  readonly #agents = new Map<string, Agent>();
  readonly #options: LiveReaderOptions;

  constructor(options: LiveReaderOptions = {}) {
    this.#options = options;
  }

  /** Reads an agent until the signal is aborted, and asks it again whenever it is lost. Then the agent is forgotten. */
  async follow(name: string, open: OpenStream, signal: AbortSignal): Promise<void> {
    const agent: Agent = {
      table: new AgentTable(this.#options.counted),
      state: 'connecting',
      reason: undefined,
      notCaptured: 0,
      framesLost: 0,
      last: undefined,
      nodes: 0,
      failures: 0,
    };
    this.#agents.set(name, agent);
    while (!signal.aborted) {
      agent.reason = await this.#read(agent, open, signal);
      agent.state = 'lost';
      const pause = jittered(backoff(AGAIN, agent.failures));
      agent.failures += 1;
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
    if (this.#agents.get(name) === agent) this.#agents.delete(name);
  }

  views(): View[] {
    const now = performance.now();
    return [...this.#agents.values()].flatMap(({ table }) => table.views(now));
  }

  agents(): AgentState[] {
    return [...this.#agents].map(([agent, { state, reason, notCaptured, framesLost }]) => {
      return { agent, state, reason, notCaptured, framesLost };
    });
  }

  /** If only some pods are wanted, there may be other ends that are not. */
  get isComplete(): boolean {
    if (this.#options.isWanted) return false;
    const agents = [...this.#agents.values()];
    const nodes = new Set(agents.map(({ table }) => table.node));
    const isLive = agents.length > 0 && agents.every(({ state }) => state === 'live');
    return isLive && agents.every((agent) => agent.nodes > 0 && agent.nodes <= nodes.size);
  }

  /** Reads an agent as long as it speaks. Resolves to why it is lost. */
  async #read(agent: Agent, open: OpenStream, signal: AbortSignal): Promise<string> {
    const giveUp = new AbortController();
    const isSilent = () => giveUp.abort(new Error('it does not answer'));
    let timer: NodeJS.Timeout | undefined;
    const either = AbortSignal.any([signal, giveUp.signal]);
    try {
      const stream = await abortable(open(either), either);
      timer = setTimeout(isSilent, PATIENCE.first);
      // What it says after its end is nobody's.
      stream.on('error', () => {});
      either.addEventListener('abort', () => stream.destroy());
      let isFirst = true;
      for await (const line of linesOf(stream)) {
        clearTimeout(timer);
        timer = setTimeout(isSilent, PATIENCE.next);
        if (isFirst) greet(agent, line);
        else this.#take(agent, line);
        isFirst = false;
      }
      return isFirst ? 'it said nothing' : 'its stream has ended';
    } catch (error) {
      return errorOf(giveUp.signal.aborted ? giveUp.signal.reason : error).message;
    } finally {
      clearTimeout(timer);
      giveUp.abort();
    }
  }

  #take(agent: Agent, line: string): void {
    const frame = parseFrame(line);
    const { isWanted } = this.#options;
    const slots = isWanted ? frame.slots.filter(isWanted) : frame.slots;
    agent.table.add({ at: frame.at, slots }, performance.now());
    agent.framesLost += Math.max(0, frame.number - (agent.last ?? frame.number) - 1);
    [agent.last, agent.notCaptured] = [frame.number, frame.notCaptured];
    [agent.state, agent.reason, agent.failures] = ['live', undefined, 0];
  }
}

function greet(agent: Agent, line: string): void {
  const hello = parseHello(line);
  const { protocol, version, node, nodes } = hello;
  if (protocol !== PROTOCOL)
    throw new Error(`it is nstats ${version}, which this version does not understand`);
  agent.table.node = node;
  [agent.nodes, agent.last] = [nodes, undefined];
}

/** The signal ends a stream that is still being opened, too; who opens it may not heed that in time. */
async function abortable(opening: Promise<Readable>, signal: AbortSignal): Promise<Readable> {
  const aborted = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => aborted.reject(errorOf(signal.reason)));
  opening.then(
    (stream) => signal.aborted && stream.destroy(),
    () => {},
  );
  return Promise.race([opening, aborted.promise]);
}
