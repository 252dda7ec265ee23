import { parseArgs } from 'node:util';
import { isUsage, OPTIONS, OPTIONS_HELP, optionsOf } from './options.ts';
import { connectToAgent, NoAgentError } from './socket.ts';

const USAGE = `nstats top: what the pods of this node send and receive now, and with whom

Usage: node nstats.js top [options]    in the container of an agent

${OPTIONS_HELP}`;

/**
 * Shows what the agent of this container sees. Returns the exit code. Only what is needed is loaded: `--raw` takes memory of
 * the agent's container.
 */
export async function runTop(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { ...OPTIONS, raw: { type: 'boolean' } },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (values.raw) return await raw();
    const options = optionsOf(values);
    const socket = await connectToAgent(process.env);
    const { showAgent } = await import('./show-agent.ts');
    return await showAgent(socket, options);
  } catch (error) {
    const isUsageError = isUsage(error);
    if (!isUsageError && !(error instanceof NoAgentError)) throw error;
    console.error(`nstats: ${error.message}${isUsageError ? '\nSee nstats top --help.' : ''}`);
    return isUsageError ? 2 : 1;
  }
}

async function raw(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => stop.abort());
  let code = 0;
  try {
    const socket = await connectToAgent(process.env);
    const { runRaw } = await import('./raw.ts');
    const { stdin, stdout } = process;
    await runRaw({ socket, stdin, stdout, signal: stop.signal });
  } catch (error) {
    if (!(error instanceof NoAgentError)) throw error;
    console.error(`nstats: ${error.message}`);
    code = 1;
  }
  // An open stdin, or a stdout that nobody reads, would keep the process.
  return process.exit(code);
}
