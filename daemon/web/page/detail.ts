import { rate } from '../../../lib/top/format.ts';
import type { View } from '../../../lib/top/view.ts';
import { Chart } from './chart.ts';
import { ALL, type Choice, seen } from './choice.ts';
import { byId, Children, html, set, setText } from './dom.ts';
import type { History } from './history.ts';
import { largestPeers, type PeerSum } from './peers.ts';

const PEERS = 6;

/** What is chosen: its rates, a line over the last minutes, and its largest peers. */
export class Detail {
  readonly #title = byId('chosen', HTMLElement);
  readonly #kind = byId('chosen-kind', HTMLElement);
  readonly #clear = byId('clear', HTMLButtonElement);
  readonly #sent = byId('chosen-sent', HTMLElement);
  readonly #received = byId('chosen-received', HTMLElement);
  readonly #names = [byId('sent-name', HTMLElement), byId('received-name', HTMLElement)] as const;
  readonly #heading = byId('peers-heading', HTMLElement);
  readonly #chart = new Chart(byId('chart', SVGSVGElement));
  readonly #peers: Children<PeerSum, HTMLLIElement>;
  #most = 1;

  constructor(onClear: () => void) {
    this.#clear.addEventListener('click', onClear);
    this.#peers = new Children(
      byId('peers', HTMLOListElement),
      () => html('li', {}, html('small'), html('span'), html('b'), html('i'), html('b'), html('i')),
      (element, peer) => this.#drawPeer(element, peer),
    );
  }

  /** What was after `until`, in milliseconds since 1970, is not shown. */
  show(choice: Choice, views: readonly View[], history: History, until: number): void {
    const isAll = choice.key === ALL.key;
    setText(this.#title, choice.title);
    set(this.#title, { title: choice.title });
    setText(this.#kind, choice.kind);
    this.#clear.hidden = isAll;
    // What it was seen by matters, not by whom it is seen at this moment.
    const isOwn = history.has(choice.isOwn);
    const all = history.points(isOwn ? choice.isOwn : choice.isPeer);
    const points = all.filter(({ at }) => at <= until);
    const now = points.at(-1) ?? { send: 0, receive: 0 };
    setText(this.#sent, rate(now.send));
    setText(this.#received, rate(now.receive));
    setText(this.#names[0], isOwn ? 'sent' : 'sent to it');
    setText(this.#names[1], isOwn ? 'received' : 'received from it');
    this.#chart.show(points);
    const peers = largestPeers(views, choice, PEERS);
    this.#most = Math.max(1, ...peers.map(({ send, receive }) => Math.max(send, receive)));
    const heading = isAll ? 'Largest workloads' : 'Largest peers';
    setText(this.#heading, seen(views, choice).views.length > 0 ? heading : 'No traffic now');
    this.#peers.show(peers, ({ end }) => end.id);
  }

  #drawPeer(element: HTMLLIElement, { end, send, receive }: PeerSum): void {
    const [namespace, name, sent, sentBar, received, receivedBar] = element.children;
    if (!namespace || !name || !sent || !received) return;
    setText(namespace, end.namespace === '-' ? `${end.kind} ` : `${end.namespace}/`);
    setText(name, end.name);
    setText(sent, rate(send));
    setText(received, rate(receive));
    for (const [bar, value] of [
      [sentBar, send],
      [receivedBar, receive],
    ] as const) {
      const share = `${((100 * value) / this.#most).toFixed(1)}%`;
      if (bar instanceof HTMLElement) bar.style.setProperty('--share', share);
    }
  }
}
