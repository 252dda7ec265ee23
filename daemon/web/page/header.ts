import { rate } from '../../../lib/top/format.ts';
import { totals } from '../../../lib/top/totals.ts';
import type { AgentState } from '../../../lib/top/view.ts';
import type { Update } from '../update.ts';
import type { ConnectionState } from './connection.ts';
import { byId, Children, html, set, setText } from './dom.ts';

/** Totals, the nodes and how they are, and the state of the connection. */
export class Header {
  readonly #once = byId('once', HTMLElement);
  readonly #sent = byId('sent', HTMLElement);
  readonly #received = byId('received', HTMLElement);
  readonly #pods = byId('pods', HTMLElement);
  readonly #nodes = byId('nodes', HTMLElement);
  readonly #notice = byId('notice', HTMLElement);
  readonly #agents = new Children<AgentState, HTMLLIElement>(
    byId('agents', HTMLUListElement),
    () => html('li', {}, html('b'), html('span')),
    drawAgent,
  );

  show({ views, agents, isComplete }: Update): void {
    const { send, receive, once } = totals(views, isComplete);
    setText(this.#once, rate(once));
    setText(this.#sent, rate(send));
    setText(this.#received, rate(receive));
    setText(
      this.#pods,
      String(new Set(views.map(({ namespace, pod }) => `${namespace}/${pod}`)).size),
    );
    const live = agents.filter(({ state }) => state === 'live').length;
    const lost = agents.some(({ state }) => state === 'lost');
    setText(this.#nodes, `${live} of ${agents.length} nodes`);
    const state = lost ? 'lost' : live > 0 && live === agents.length ? 'live' : 'connecting';
    set(this.#nodes, { class: state });
    this.#agents.show(inOrder(agents), ({ agent }) => agent);
  }

  /** Says what is wrong with the connection, since when. */
  connection(state: ConnectionState): void {
    set(document.body, { 'data-connection': state });
    const since = new Date().toLocaleTimeString();
    const text = {
      open: '',
      connecting: '',
      lost: `No connection to kubectl nstats web since ${since}. What is shown is old; the page connects again by itself.`,
      refused:
        'This address is not valid any more: kubectl nstats web has been started again. Open the address that it has printed.',
    }[state];
    const isSame = this.#notice.dataset['state'] === state;
    if (!isSame) setText(this.#notice, text);
    this.#notice.dataset['state'] = state;
    this.#notice.hidden = text === '';
  }
}

/** Those that are lost first. */
function inOrder(agents: readonly AgentState[]): AgentState[] {
  const order = ['lost', 'connecting', 'live'];
  return agents.toSorted(
    (a, b) =>
      order.indexOf(a.state) - order.indexOf(b.state) ||
      b.notCaptured - a.notCaptured ||
      (a.agent < b.agent ? -1 : 1),
  );
}

function drawAgent(
  element: HTMLLIElement,
  { agent, state, reason, notCaptured, framesLost }: AgentState,
): void {
  const [name, words] = element.children;
  if (!name || !words) return;
  set(element, { class: state });
  setText(name, agent);
  const missing = [
    notCaptured > 0 && `, ${notCaptured} captures do not run`,
    framesLost > 0 && `, ${framesLost} frames were lost on the way, which is too slow`,
  ]
    .filter(Boolean)
    .join('');
  setText(words, `${reason === undefined ? state : `${state}: ${reason}`}${missing}`);
}
