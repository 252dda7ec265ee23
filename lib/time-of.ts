/** What the wall clock showed at a moment of `performance.now()`, in milliseconds since 1970. */
export function timeOf(moment: number): number {
  return Math.round(Date.now() - (performance.now() - moment));
}
