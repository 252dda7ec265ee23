/**
 * What `nstats top --raw` does in an agent's container, of a simulated agent: gzipped lines until stdin ends.
 *   node agent-process.ts NODE NODES PODS PEERS
 */
import { constants, createGzip } from 'node:zlib';
import { helloOf, simulatedAgent, simulatedCluster } from '../top/simulated-agent.ts';

const [node = '', ...counts] = process.argv.slice(2);
const [nodes = 1, pods = 1, peers = 1] = counts.map(Number);
const { flows } = simulatedCluster({ nodes, pods, peers });
process.stdin.on('end', () => process.exit(0)).resume();
process.stdout.on('error', () => process.exit(0));
simulatedAgent(helloOf(node, nodes), () => flows, new AbortController().signal)
  .pipe(createGzip({ flush: constants.Z_SYNC_FLUSH }))
  .pipe(process.stdout);
