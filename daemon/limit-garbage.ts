import { setFlagsFromString } from 'node:v8';

/**
 * Lets so many per cent of what lives gather as garbage, at the price of CPU time; by itself V8 takes 200 and more
 * (docs/decisions/memory.md). A Node without this flag says so on stderr, and goes on.
 */
export function limitGarbage(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
