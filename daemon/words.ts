/** `1 pod`, `2 pods`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `1 capture runs for 2 pods`. */
export function capturesOf({
  sessions,
  podsSeen,
}: {
  readonly sessions: number;
  readonly podsSeen: number;
}): string {
  return `${counted(sessions, 'capture runs', 'captures run')} for ${counted(podsSeen, 'pod')}`;
}
