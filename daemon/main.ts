#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { ConfigError } from '../lib/config-error.ts';

/** Each role loads what it needs: whoever asks an agent takes memory of the agent's container. */
async function main(): Promise<number> {
  const [first, ...others] = process.argv.slice(2);
  if (first === 'top') return (await import('./top/top.ts')).runTop(others);
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [role, ...more] = positionals;
  if (more.length > 0 || (role !== undefined && role !== 'relay'))
    throw new ConfigError([`there is no ${positionals.join(' ')}; there are relay and top`]);
  if (values.help) {
    const { USAGE } = await import('./roles/usage.ts');
    process.stdout.write(USAGE[role ?? 'agent']);
    return 0;
  }
  if (role === 'relay') return (await import('./roles/relay.ts')).relay();
  const { agent } = await import('./roles/agent.ts');
  return agent({ dryRun: values['dry-run'], checkOnly: values.check });
}

try {
  process.exitCode = await main();
} catch (error) {
  const wrong =
    error instanceof ConfigError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!wrong) throw error;
  console.error(`nstats: ${(error as Error).message}\nSee --help.`);
  // Captures that have been started would keep the process.
  process.exit(2);
}
