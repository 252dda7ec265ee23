import { matcher } from '../../../lib/top/filter.ts';
import { type Group, GROUPS, type Row, rowsOf } from '../../../lib/top/rows.ts';
import { type Column, sorted } from '../../../lib/top/sort.ts';
import type { View } from '../../../lib/top/view.ts';
import type { Update } from '../update.ts';
import { ALL, type Choice, choiceOfNode, choiceOfRow, seen } from './choice.ts';
import { follow } from './connection.ts';
import { Detail } from './detail.ts';
import { byId, setText } from './dom.ts';
import { type Grouping, GROUPINGS, ownEnd, peerEnd } from './ends.ts';
import { GraphView, type Marked, NOTHING } from './graph/graph.ts';
import { FOLDED, graphOf } from './graph/model.ts';
import { Header } from './header.ts';
import { History } from './history.ts';
import { drawLegend } from './graph/legend.ts';
import { listen } from './keys.ts';
import { MOST, Table } from './table.ts';
import { themeSwitch } from './theme.ts';

/** Pixels of the graph's area for each node that is not folded, and bounds of their number. Pods have long names. */
const AREA = { workload: 11_500, namespace: 11_500, pod: 17_000 };
const NODES = { least: 12, most: 50 };

const history = new History();
let update: Update = { at: 0, isComplete: false, agents: [], views: [] };
let by: Grouping = 'workload';
let group: Group = 'flow';
let column: Column = 'rate';
let descending = true;
let choice: Choice = ALL;
let isFrozen = false;
let isAsked = false;

const filter = byId('filter', HTMLInputElement);
const freeze = byId('freeze', HTMLButtonElement);
const graphRoot = byId('graph', SVGSVGElement);
const header = new Header();
const detail = new Detail(() => choose(ALL));
const graph = new GraphView(graphRoot, {
  onChoose: (node) => {
    if (node.id !== FOLDED && node.kind !== 'folded')
      choose(choiceOfNode({ ...node, kind: node.kind }, by));
  },
});
const table = new Table(byId('table', HTMLTableElement), {
  onSort: (next, isNumber) => {
    descending = next === column ? !descending : isNumber;
    column = next;
    ask();
  },
  onChoose: (row) => choose(choiceOfRow(row, group)),
});

function show(): void {
  isAsked = false;
  const matches = matcher(filter.value);
  const views = update.views.filter(matches);
  header.show(update);
  showGraph(views);
  detail.show(choice, views, history, update.at);
  showTable(views);
}

function showGraph(views: readonly View[]): void {
  const { width, height } = graphRoot.getBoundingClientRect();
  const most = Math.round((width * height) / AREA[by]);
  const marked = markedIn(views);
  const shown = graphOf(rowsOf(views, 'flow'), {
    by,
    most: Math.min(Math.max(most, NODES.least), NODES.most),
    wanted: marked.ids,
    drawn: graph.drawn,
  });
  graph.show(shown, marked);
  setText(byId('graph-empty', HTMLElement), shown.nodes.length > 0 ? '' : nothing());
}

/** The nodes that what is chosen is, or is part of. */
function markedIn(views: readonly View[]): Marked {
  if (choice.key === ALL.key) return NOTHING;
  const between = choice.key.startsWith('row:flow:');
  const { isOwn, views: chosen } = seen(views, choice);
  const own = new Set(isOwn ? chosen.map((view) => ownEnd(view, by).id) : []);
  const peers = isOwn && !between ? [] : chosen.map((view) => peerEnd(view, by).id);
  return { ids: new Set([...own, ...peers]), own, between };
}

function showTable(views: readonly View[]): void {
  // What is chosen in the graph has its own rows; a row that is chosen is one among others.
  const isWanted = choice.key.startsWith('node:')
    ? (view: View) => choice.isOwn(view) || choice.isPeer(view)
    : () => true;
  const rows: Row[] = sorted(rowsOf(views.filter(isWanted), group), column, descending);
  table.show({ group, rows, column, descending, chosen: choice.key });
  const all = `${rows.length} rows`;
  setText(
    byId('count', HTMLElement),
    rows.length > MOST ? `${MOST} of ${all}; a filter finds others` : all,
  );
  setText(byId('table-empty', HTMLElement), rows.length > 0 ? '' : nothing());
}

function nothing(): string {
  if (update.at === 0) return 'Waiting for the first update…';
  return filter.value ? 'Nothing matches the filter.' : 'No traffic has been seen yet.';
}

/** Shows what has changed, once for all changes of a moment. */
function ask(): void {
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(show);
}

/** What is chosen already is not any more. */
function choose(next: Choice): void {
  choice = next.key === choice.key ? ALL : next;
  ask();
}

let latest = update;
function setFrozen(frozen: boolean): void {
  isFrozen = frozen;
  freeze.setAttribute('aria-pressed', String(frozen));
  const at = new Date(latest.at).toLocaleTimeString();
  setText(freeze, frozen && latest.at > 0 ? `Frozen at ${at}` : 'Freeze');
  update = latest;
  ask();
}

function radios<T extends string>(
  name: string,
  values: readonly T[],
  set: (value: T) => void,
): void {
  for (const input of document.querySelectorAll<HTMLInputElement>(`input[name=${name}]`)) {
    const value = values.find((known) => known === input.value);
    input.addEventListener('change', () => {
      if (value !== undefined) set(value);
      ask();
    });
  }
}

radios('by', GROUPINGS, (value) => {
  by = value;
  if (choice.key.startsWith('node:')) choice = ALL;
  graph.arrange();
});
radios('group', GROUPS, (value) => {
  group = value;
  if (choice.key.startsWith('row:')) choice = ALL;
});
filter.addEventListener('input', ask);
freeze.addEventListener('click', () => setFrozen(!isFrozen));
byId('arrange', HTMLButtonElement).addEventListener('click', () => graph.arrange());
const nextTheme = themeSwitch(byId('theme', HTMLButtonElement));
listen({
  filter,
  help: byId('shortcuts', HTMLDialogElement),
  keys: {
    f: () => setFrozen(!isFrozen),
    l: () => graph.arrange(),
    t: nextTheme,
  },
  onEscape: () => {
    filter.value = '';
    choice = ALL;
    ask();
  },
});
drawLegend(byId('legend', HTMLUListElement));
new ResizeObserver(ask).observe(document.body);
void follow(
  (next) => {
    latest = next;
    history.add(next);
    if (isFrozen) return;
    update = next;
    ask();
  },
  (state) => header.connection(state),
);
ask();
