import { parseArgs } from 'node:util';
import { ConfigError } from '../../lib/config-error.ts';
import { runRaw } from './raw.ts';
import { connectToAgent, NoAgentError } from './socket.ts';

/**
 * Shows what the agent of this container sees. Returns the exit code.
 * @throws ConfigError
 */
export async function runTop(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { raw: { type: 'boolean', default: false } },
  });
  if (!values.raw) throw new ConfigError(['nstats top needs --raw']);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => stop.abort());
  try {
    const socket = await connectToAgent(process.env);
    const { stdin, stdout } = process;
    await runRaw({ socket, stdin, stdout, signal: stop.signal });
  } catch (error) {
    if (!(error instanceof NoAgentError)) throw error;
    console.error(`nstats: ${error.message}`);
    process.exit(1);
  }
  // An open stdin, or a stdout that nobody reads, would keep the process.
  process.exit(0);
}
