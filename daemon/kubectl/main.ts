#!/usr/bin/env node
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { errorOf } from '../../lib/error-of.ts';
import { type Access, ofUser } from '../../lib/kubernetes/client/access.ts';
import type { Live } from '../../lib/top/view.ts';
import { limitGarbage } from '../limit-garbage.ts';
import {
  isUsage,
  type Options,
  OPTIONS,
  OPTIONS_HELP,
  optionsOf,
  UsageError,
} from '../top/options.ts';
import { showTop } from '../top/show.ts';
import { runWeb } from '../web/web.ts';
import { askAgents } from './ask-agents.ts';
import { ClusterError } from './follow-pods.ts';
import {
  choiceOf,
  CLUSTER_HELP,
  CLUSTER_OPTIONS,
  type ClusterValues,
  clusterOptionsOf,
  portOf,
  proxiesOf,
} from './options.ts';

const USAGE = `kubectl nstats: what pods send and receive now, and with whom

Usage: kubectl nstats top [options]    in this terminal
       kubectl nstats web [options]    in a browser, as a page on this machine
       kubectl nstats --help | --version

The agents of nstats are asked through \`pods/exec\`. Without options all of them are.

${CLUSTER_HELP}
Of web:
  --port PORT        the port of the page (any that is free)

Of top:
${OPTIONS_HELP}`;

/** Per cent of what lives that may gather as garbage. */
const GARBAGE_MOST = 25;

/** Runs what the command line says. Returns the exit code. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...OPTIONS,
      ...CLUSTER_OPTIONS,
      port: { type: 'string' },
      version: { type: 'boolean' },
    },
  });
  const [command, ...more] = positionals;
  if (values.help || values.version || command === undefined) {
    process.stdout.write(values.version ? `${packageJson.version}\n` : USAGE);
    return values.help || values.version ? 0 : 2;
  }
  if (more.length > 0 || (command !== 'top' && command !== 'web'))
    throw new UsageError(`there is no ${positionals.join(' ')}; there are top and web`);
  const options = optionsOf(values);
  const port = portOf(values.port);
  const stop = new AbortController();
  const { signal } = stop;
  const live = await ask(values, options, signal);
  try {
    if (command === 'top') return await showTop({ live, options, signal });
    await runWeb({ live, signal, ...port, ready: sayWhere }).catch((cause: unknown) => {
      throw new UsageError(errorOf(cause).message, { cause });
    });
    return 0;
  } finally {
    stop.abort();
  }
}

function sayWhere(address: string): void {
  console.log(`The page is at ${address} until this ends (Ctrl-C).`);
}

async function ask(
  values: ClusterValues,
  { counted }: Pick<Options, 'counted'>,
  signal: AbortSignal,
): Promise<Live> {
  const choice = choiceOf(values);
  const { home, ...cluster } = clusterOptionsOf(values);
  const access = accessOf(cluster);
  return askAgents({ access, home, choice, counted, signal });
}

function accessOf(cluster: Parameters<typeof ofUser>[0]): Access {
  try {
    return ofUser(cluster, proxiesOf(process.env));
  } catch (cause) {
    const fix = 'fix: set KUBECONFIG, or --kubeconfig and --context, as for kubectl';
    throw new ClusterError(`no cluster is known: ${errorOf(cause).message}; ${fix}`, { cause });
  }
}

limitGarbage(GARBAGE_MOST);
try {
  process.exit(await main());
} catch (error) {
  // An error without a code is a mistake of nstats, and shown as it is.
  const { code, message } = error as NodeJS.ErrnoException;
  const isWrong = isUsage(error);
  if (code === undefined && !isWrong) throw error;
  console.error(`nstats: ${message || code}${isWrong ? '\nSee kubectl nstats --help.' : ''}`);
  process.exit(isWrong ? 2 : 1);
}
