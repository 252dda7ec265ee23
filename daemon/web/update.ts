import { type AgentState, flowKey, type View } from '../../lib/top/view.ts';

/** What a page is told each second. */
export interface Update {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly isComplete: boolean;
  readonly agents: readonly AgentState[];
  readonly views: readonly View[];
}

/** One line of JSON. Rates and bytes are whole numbers, and the names of the fields are not repeated in each view. */
export function encodeUpdate({ views, ...rest }: Update): string {
  return `${JSON.stringify({ ...rest, views: views.map(listOf) })}\n`;
}

export function decodeUpdate(line: string): Update {
  const { views, ...rest } = JSON.parse(line) as Omit<Update, 'views'> & { views: ViewList[] };
  return { ...rest, views: views.map(viewOf) };
}

type ViewList = ReturnType<typeof listOf>;

function listOf(view: View) {
  return [
    view.namespace,
    view.pod,
    view.workload,
    view.node,
    view.peer_kind,
    view.peer_namespace,
    view.peer,
    view.peer_workload,
    view.port,
    Math.round(view.now.send),
    Math.round(view.now.receive),
    Math.round(view.mean10.send),
    Math.round(view.mean10.receive),
    Math.round(view.mean40.send),
    Math.round(view.mean40.receive),
    Math.round(view.sentBytes),
    Math.round(view.receivedBytes),
  ] as const;
}

function viewOf(list: ViewList): View {
  const [namespace, pod, workload, node, ...others] = list;
  const [peer_kind, peer_namespace, peer, peer_workload, port, ...figures] = others;
  const [send, receive, send10, receive10, send40, receive40, sentBytes, receivedBytes] = figures;
  const ends = { namespace, pod, peer_kind, peer_namespace, peer, port };
  return {
    key: flowKey(ends),
    ...ends,
    workload,
    node,
    peer_workload,
    now: { send, receive },
    mean10: { send: send10, receive: receive10 },
    mean40: { send: send40, receive: receive40 },
    sentBytes,
    receivedBytes,
  };
}
