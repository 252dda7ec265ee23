import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { sh } from '../lab/shell.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Unit tests go without it. */
export const HELPER = join(ROOT, 'lib/bpf/nstats-bpf');

export interface Bundle extends Disposable {
  readonly directory: string;
  /** What is run instead of daemon/main.ts. */
  readonly main: string;
}

/** Bundles the daemon as the image has it, with the helper of lib/bpf if that is compiled, into a directory of its own in `parent`. */
export function makeBundle(parent = tmpdir()): Bundle {
  const directory = mkdtempSync(join(parent, 'nstats-bundle-'));
  const rolldown = join(ROOT, 'node_modules/rolldown/bin/cli.mjs');
  const config = join(ROOT, 'manifests/image/rolldown.config.ts');
  sh(process.execPath, [rolldown, '--config', config, '--dir', directory]);
  if (existsSync(HELPER)) copyFileSync(HELPER, join(directory, basename(HELPER)));
  return {
    directory,
    main: join(directory, 'nstats.js'),
    [Symbol.dispose]() {
      rmSync(directory, { recursive: true });
    },
  };
}

/** The variables that the Dockerfile's last stage sets, but for the path of programs. */
export function imageEnvironment(): { [name: string]: string } {
  const [, last = ''] = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').split('FROM scratch');
  const [, text = ''] = /^ENV ((?:.*\\\n)*.*)$/m.exec(last) ?? [];
  const variables = [...text.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)].map(
    ([, name = '', quoted, plain]) => [name, quoted ?? plain ?? ''] as const,
  );
  return Object.fromEntries(variables.filter(([name]) => name !== 'PATH'));
}
