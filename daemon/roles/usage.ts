import { VARIABLES } from '../config.ts';
import { RELAY_VARIABLES } from '../relay/config.ts';

/** What --help says, by role. */
export const USAGE = {
  agent: `nstats: where is this pod's bandwidth going?

Usage: nstats [--dry-run | --check | --help]
       nstats relay [--help]
       nstats top [--help]

  (nothing)   observe the pods of this node and write to InfluxDB
  --dry-run   the same, but print line protocol on stdout and write nothing (log on stderr)
  --check     try everything that is needed once, say what is missing, and end (exit code 1)
  --help      this text

  relay       follow the API server for the agents of a large cluster; with --help its variables
  top         show who talks to whom on this node now; asks the agent of the container that it runs in

Environment variables:
${variables(VARIABLES)}
`,
  relay: `nstats relay: one watch at the API server for all agents

Environment variables:
${variables(RELAY_VARIABLES)}
`,
} as const;

function variables(all: typeof VARIABLES): string {
  return all
    .map(([name, fallback, meaning]) => `  ${name.padEnd(24)} ${meaning} (${fallback})`)
    .join('\n');
}
