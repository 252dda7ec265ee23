import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { basename, join } from 'node:path';

/** What Node's --cpu-prof writes (Chrome DevTools Protocol, `Profiler.Profile`), as far as it is read. */
export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds to each sample from the one before it, or from the beginning. */
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  /** Empty for what is no script. */
  readonly url: string;
  /** Both from 0 on. */
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** The time that was spent in a function itself; its callers come behind it. */
export interface SelfTime {
  readonly stack: readonly [CallFrame, ...CallFrame[]];
  readonly seconds: number;
}

/** Between two moments in milliseconds since the profile began. */
export function selfTimes(
  { nodes, samples, timeDeltas }: Profile,
  from: number,
  to: number,
): SelfTime[] {
  const times = new Map<number, number>();
  let now = 0;
  for (const [index, id] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0;
    now += delta;
    if (now >= from * 1000 && now < to * 1000) times.set(id, (times.get(id) ?? 0) + delta);
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const callers = (id: number): CallFrame[] => {
    const parent = byId.get(parents.get(id) ?? NaN);
    return parent ? [parent.callFrame, ...callers(parent.id)] : [];
  };
  return nodes.map(({ id, callFrame }) => ({
    stack: [callFrame, ...callers(id)],
    seconds: (times.get(id) ?? 0) / 1e6,
  }));
}

/** Which source file a function in a directory's scripts comes from, by their source maps. */
export function sourcesIn(directory: string): (frame: CallFrame) => string {
  const maps = new Map(
    readdirSync(directory)
      .filter((name) => name.endsWith('.js.map'))
      .map((name) => {
        const payload = JSON.parse(readFileSync(join(directory, name), 'utf8')) as SourceMapPayload;
        return [name.slice(0, -'.map'.length), new SourceMap(payload)];
      }),
  );
  return ({ url, lineNumber, columnNumber }) => {
    const entry = maps.get(basename(url))?.findEntry(lineNumber, columnNumber);
    const source = entry && 'originalSource' in entry ? entry.originalSource : url;
    return source.replace(/^(?:.*\/)?(?=node_modules\/|lib\/|daemon\/)/, '');
  };
}
