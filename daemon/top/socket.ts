import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Where an agent listens, if its variable of this name says nothing else. */
export const TOP_SOCKET = '/run/nstats/top.sock';

/** No agent can be asked; the message says what to do. */
export class NoAgentError extends Error {
  readonly code = 'ERR_NO_AGENT';
}

/**
 * Connects to the agent of this container, which sends its lines at once.
 * @throws NoAgentError
 */
export async function connectToAgent(environment: NodeJS.ProcessEnv): Promise<Socket> {
  const path = environment['TOP_SOCKET']?.trim() || TOP_SOCKET;
  if (path === 'none')
    throw new NoAgentError(
      'TOP_SOCKET is none, so the agent cannot be asked; fix: leave it out, or set it to a path such as ' +
        TOP_SOCKET,
    );
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return socket;
  } catch (cause) {
    throw new NoAgentError(
      `no agent answers at TOP_SOCKET, which is ${path} (${(cause as Error).message}); ` +
        "fix: run this in the agent's container, with the agent's TOP_SOCKET; the agent's log says if it cannot listen there",
      { cause },
    );
  }
}
