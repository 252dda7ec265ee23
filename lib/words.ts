/** `1 pod`, `2 pods`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `1 capture runs for 2 pods`. */
export function capturesOf(captures: number, pods: number): string {
  return `${counted(captures, 'capture runs', 'captures run')} for ${counted(pods, 'pod')}`;
}
