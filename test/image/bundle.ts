import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sh } from '../lab/shell.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface Bundle extends Disposable {
  readonly directory: string;
  /** What is run instead of daemon/main.ts. */
  readonly main: string;
}

/** Bundles the daemon as the image has it, into a directory of its own in `parent`. */
export function makeBundle(parent = tmpdir()): Bundle {
  const directory = mkdtempSync(join(parent, 'nstats-bundle-'));
  const rolldown = join(ROOT, 'node_modules/rolldown/bin/cli.mjs');
  const config = join(ROOT, 'manifests/image/rolldown.config.ts');
  sh(process.execPath, [rolldown, '--config', config, '--dir', directory]);
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
