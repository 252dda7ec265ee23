import type { Group, Row } from '../../../lib/top/rows.ts';
import type { Column } from '../../../lib/top/sort.ts';

export interface NameHeading {
  readonly sort?: Column;
  readonly title: string;
  readonly name: (row: Row) => string;
}

interface FigureHeading {
  readonly sort: Column;
  readonly title: string;
  /** Bit/s. */
  readonly bits: (row: Row) => number;
}

/** A column of the table; a bar is for both rates of now together. */
type Heading = NameHeading | FigureHeading | typeof BAR;

/** A column with a place on the screen. */
export interface Placed {
  readonly heading: Heading;
  readonly width: number;
}

/** The width of a rate such as `1.23 M`, with room for a title and the mark of what is sorted by. */
const RATE = 9;
const BAR_WIDTH = { least: 8, most: 20 };
/** What a name has at least before a further column is shown, and at most. */
const NAME = { least: 23, most: 50 };

const BAR = { sort: 'rate', title: 'RATE', bar: true } as const;
const POD: NameHeading = {
  sort: 'pod',
  title: 'POD',
  name: (row) => `${row.namespace}/${row.pod}`,
};
const NODE: NameHeading = { sort: 'node', title: 'NODE', name: (row) => row.node };
const PEER: NameHeading = { sort: 'peer', title: 'PEER', name: peerOf };
const KIND: NameHeading = { title: 'KIND', name: (row) => row.peer_kind };
const WORKLOAD: NameHeading = {
  sort: 'workload',
  title: 'WORKLOAD',
  name: (row) => `${row.namespace}/${row.workload}`,
};
const NAMESPACE: NameHeading = {
  sort: 'namespace',
  title: 'NAMESPACE',
  name: (row) => row.namespace,
};

const NAMES: { readonly [group in Group]: readonly NameHeading[] } = {
  flow: [POD, PEER, KIND],
  pod: [POD, NODE],
  workload: [WORKLOAD],
  namespace: [NAMESPACE],
  peer: [PEER, KIND],
};
/** Kinds are known, so their column is as wide as the longest of them. */
const KIND_WIDTH = 'external'.length;

const NOW: readonly FigureHeading[] = [
  { sort: 'sendRate', title: 'SEND', bits: (row) => row.now.send },
  { sort: 'receiveRate', title: 'RECV', bits: (row) => row.now.receive },
];
const MEAN10: readonly FigureHeading[] = [
  { sort: 'sendRate10s', title: 'SEND 10s', bits: (row) => row.mean10.send },
  { sort: 'receiveRate10s', title: 'RECV 10s', bits: (row) => row.mean10.receive },
];
const MEAN40: readonly FigureHeading[] = [
  { sort: 'sendRate40s', title: 'SEND 40s', bits: (row) => row.mean40.send },
  { sort: 'receiveRate40s', title: 'RECV 40s', bits: (row) => row.mean40.receive },
];

export const FIGURES = [...NOW, ...MEAN10, ...MEAN40];

/** The columns that say what a row of a group stands for. */
export function namesOf(group: Group): readonly NameHeading[] {
  return NAMES[group];
}

/** The columns that have room in a terminal, the most useful first. Each has one space in front of it. */
export function placedIn(width: number, group: Group): Placed[] {
  const names = namesOf(group);
  const kinds = names.includes(KIND) ? KIND_WIDTH + 1 : 0;
  const wide = names.filter((heading) => heading !== KIND).length;
  let room = width - kinds - wide * (NAME.least + 1);
  const take = (headings: readonly Heading[], each: number): Placed[] => {
    const all = headings.length * (each + 1);
    if (all > room) return [];
    room -= all;
    return headings.map((heading) => ({ heading, width: each }));
  };
  const figures = [...take(NOW, RATE), ...take(MEAN10, RATE)];
  const bar = take([BAR], BAR_WIDTH.least);
  figures.push(...take(MEAN40, RATE));
  const more = Math.floor(room / wide);
  const name = Math.max(1, Math.min(NAME.least + more, NAME.most));
  const left = room - (name - NAME.least) * wide;
  const most = Math.min(BAR_WIDTH.least + Math.max(0, left), BAR_WIDTH.most);
  return [
    ...names.map((heading) => ({ heading, width: heading === KIND ? KIND_WIDTH : name })),
    ...figures,
    ...bar.map(({ heading }) => ({ heading, width: most })),
  ];
}

/** A peer with its port, if that is known. */
function peerOf({ peer_namespace, peer, port }: Row): string {
  const name = peer_namespace === '-' ? peer : `${peer_namespace}/${peer}`;
  return port === '-' ? name : `${name} ${port}`;
}
