/** What Node's --cpu-prof writes (Chrome DevTools Protocol, `Profiler.Profile`), as far as it is read. */
export interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** Microseconds to each sample from the one before it, or from the beginning. */
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  /** Empty for what is no script. */
  readonly url: string;
  /** From 0 on. */
  readonly lineNumber: number;
}

/** The time spent in each function itself, between two moments in milliseconds since the profile began. */
export function selfTimes(
  { nodes, samples, timeDeltas }: Profile,
  from: number,
  to: number,
): { readonly frame: CallFrame; readonly seconds: number }[] {
  const times = new Map<number, number>();
  let now = 0;
  for (const [index, id] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0;
    now += delta;
    if (now >= from * 1000 && now < to * 1000) times.set(id, (times.get(id) ?? 0) + delta);
  }
  return nodes.map(({ id, callFrame }) => ({
    frame: callFrame,
    seconds: (times.get(id) ?? 0) / 1e6,
  }));
}

/** Which module of a bundle a line (from 0 on) comes from: rolldown marks where each begins. */
export function moduleIn(source: string): (line: number) => string {
  const starts = source
    .split('\n')
    .flatMap((text, line) =>
      text.startsWith('//#region ') ? [{ line, name: text.slice('//#region '.length) }] : [],
    );
  return (line) => starts.findLast((start) => start.line <= line)?.name ?? 'bundle';
}
