/** Is aborted when the process is asked to end; `asked` is called then, each time. */
export function untilAsked(asked: () => void = () => {}): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      asked();
      stop.abort();
    });
  return stop.signal;
}
