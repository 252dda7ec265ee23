import { connectBy } from '../../lib/kubernetes/client/client.ts';
import type { Access } from '../../lib/kubernetes/client/access.ts';
import { LiveReader, type LiveReaderOptions } from '../../lib/top/live-reader.ts';
import type { Live } from '../../lib/top/view.ts';
import { agentPod, AgentPods } from './agent-pods.ts';
import { followChosen, isWanted } from './chosen-pods.ts';
import { AGENTS, findHome } from './find-home.ts';
import { ClusterError, followPods } from './follow-pods.ts';
import type { Choice } from './options.ts';
import { RawStreams } from './raw-stream.ts';

interface Asking extends Pick<LiveReaderOptions, 'counted'> {
  readonly access: Access;
  /** The namespace of nstats; undefined if it is to be found. */
  readonly home: string | undefined;
  readonly choice: Choice;
  readonly signal: AbortSignal;
}

/**
 * Asks the agents of the nodes that the chosen pods are on, until the signal is aborted: as these come and go, too.
 * @throws ClusterError if there is nobody to ask
 */
export async function askAgents({ access, home, choice, counted, signal }: Asking): Promise<Live> {
  const reader = new LiveReader({ counted, isWanted: isWanted(choice) });
  const client = connectBy(access);
  const namespace = home ?? (await findHome(client, signal));
  const streams = new RawStreams(access, namespace);
  const pods: AgentPods = new AgentPods(async (node, stop) => {
    const open = async (given: AbortSignal) => {
      const { name } = await pods.running(node, given);
      return streams.open(name, given);
    };
    await reader.follow(node, open, stop);
  }, signal);

  const isNarrowed = Object.values(choice).some((value) => value !== undefined);
  const choose = pods.choose.bind(pods);
  if (isNarrowed) await followChosen({ client, choice, choose, signal });
  const apply = pods.apply.bind(pods);
  const project = agentPod;
  await followPods({ client, namespace, labelSelector: AGENTS, project, apply, signal });
  if (pods.nodes.length === 0 && !signal.aborted) {
    const where = isNarrowed ? ' on the nodes of what is asked for' : '';
    throw new ClusterError(`there is no pod of nstats in namespace ${namespace}${where}`);
  }
  return reader;
}
