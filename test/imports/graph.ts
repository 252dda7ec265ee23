import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * The stages, in the order in which one may import another: what stands further down may import what
 * stands above it. Files directly in lib/ are imported by all and import no stage.
 */
export const STAGES = [
  'lib',
  'lib/linux',
  'lib/kubernetes',
  'lib/relay',
  'lib/iftop',
  'lib/bpf',
  'lib/accounting',
  'lib/capture',
  'lib/naming',
  'lib/influx',
  'lib/report',
  'lib/live',
  'lib/top',
  'daemon',
] as const;
type Stage = (typeof STAGES)[number];

export interface Import {
  readonly from: string;
  readonly to: string;
}

const IMPORT = /^(?:import|export)\b[^;]*?from '(\.[^']+)'/gms;

/** All imports of the program's own files, as paths from the repository's root. */
export function imports(root: string): Import[] {
  return globSync('{lib,daemon}/**/*.ts', { cwd: root }).flatMap((from) => {
    const text = readFileSync(join(root, from), 'utf8');
    return [...text.matchAll(IMPORT)].map(([, to = '']) => ({
      from,
      to: normalize(join(dirname(from), to)),
    }));
  });
}

/** The stage that a file belongs to; undefined for what is no part of the program. */
export function stageOf(file: string): Stage | undefined {
  return STAGES.toReversed().find((stage) => file.startsWith(`${stage}/`));
}

/** Those that point from a stage to a later one. */
export function wrong(all: readonly Import[]): Import[] {
  return all.filter(({ from, to }) => {
    const [a, b] = [stageOf(from), stageOf(to)];
    return a !== undefined && b !== undefined && STAGES.indexOf(b) > STAGES.indexOf(a);
  });
}
