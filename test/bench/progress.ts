/** Says on stderr how far a section is, and how many seconds it has taken. */
export function progress(section: string): (line: string) => void {
  const began = performance.now();
  return (line) =>
    console.error(`${section}: ${((performance.now() - began) / 1000).toFixed(0)} s: ${line}`);
}
