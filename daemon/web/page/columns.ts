import { amount, rate } from '../../../lib/top/format.ts';
import type { Group, Row } from '../../../lib/top/rows.ts';
import type { Column } from '../../../lib/top/sort.ts';

/** A column of the table. */
export interface Field {
  readonly column: Column;
  readonly title: string;
  /** Numbers are aligned at the right, and sorted from the largest at first. */
  readonly isNumber: boolean;
  /** Left out where there is little room. */
  readonly isExtra?: boolean;
  /** What precedes a name and tells less, and the name or number. */
  readonly text: (row: Row) => readonly [string, string];
}

const plain = (text: string): readonly [string, string] => ['', text === '-' ? '' : text];
const within = (namespace: string, name: string): readonly [string, string] => [
  namespace === '-' ? '' : `${namespace}/`,
  name,
];

const NAMESPACE: Field = {
  column: 'namespace',
  title: 'Namespace',
  isNumber: false,
  text: ({ namespace }) => plain(namespace),
};
const POD: Field = {
  column: 'pod',
  title: 'Pod',
  isNumber: false,
  text: ({ namespace, pod }) => within(namespace, pod),
};
const WORKLOAD: Field = {
  column: 'workload',
  title: 'Workload',
  isNumber: false,
  text: ({ workload }) => plain(workload),
};
const NODE: Field = {
  column: 'node',
  title: 'Node',
  isNumber: false,
  isExtra: true,
  text: ({ node }) => plain(node),
};
const PEER: Field = {
  column: 'peer',
  title: 'Peer',
  isNumber: false,
  text: ({ peer_kind, peer_namespace, peer }) =>
    peer_kind === 'pod' ? within(peer_namespace, peer) : peerOf(peer_kind, peer_namespace, peer),
};
const PORT: Field = {
  column: 'port',
  title: 'Port',
  isNumber: false,
  isExtra: true,
  text: ({ port }) => plain(port),
};

const NUMBERS: readonly Field[] = [
  number('sendRate', 'Sent', ({ now }) => rate(now.send)),
  number('receiveRate', 'Received', ({ now }) => rate(now.receive)),
  {
    ...number('rate10s', '10 s', ({ mean10 }) => rate(mean10.send + mean10.receive)),
    isExtra: true,
  },
  {
    ...number('rate40s', '40 s', ({ mean40 }) => rate(mean40.send + mean40.receive)),
    isExtra: true,
  },
  {
    ...number('bytes', 'Since start', (row) => amount(row.sentBytes + row.receivedBytes)),
    isExtra: true,
  },
];

const NAMES: Readonly<{ [group in Group]: readonly Field[] }> = {
  flow: [POD, PEER, PORT],
  pod: [POD, WORKLOAD, NODE],
  workload: [NAMESPACE, WORKLOAD],
  namespace: [NAMESPACE],
  peer: [PEER, PORT],
};

/** The port is left out where no agent can tell it. */
export function fieldsOf(group: Group, rows: readonly Row[]): Field[] {
  const hasPorts = rows.some(({ port }) => port !== '-');
  return [...NAMES[group].filter((field) => field !== PORT || hasPorts), ...NUMBERS];
}

function number(column: Column, title: string, text: (row: Row) => string): Field {
  return { column, title, isNumber: true, text: (row) => ['', text(row)] };
}

function peerOf(kind: string, namespace: string, name: string): readonly [string, string] {
  const inNamespace = namespace === '-' ? '' : `${namespace}/`;
  return [`${kind} ${inNamespace}`, name === '-' ? '' : name];
}
