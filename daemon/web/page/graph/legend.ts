import { html, svg } from '../dom.ts';
import { outline } from './shapes.ts';

const KINDS = [
  ['workload', 'workload, namespace or pod'],
  ['service', 'service'],
  ['node', 'node'],
  ['external', 'outside the cluster'],
  ['folded', 'several, or unknown'],
] as const;

/** What the shapes and lines mean. */
export function drawLegend(list: HTMLUListElement): void {
  const items = KINDS.map(([kind, words]) => {
    const shape = svg(
      'g',
      { class: `node kind-${kind}` },
      svg('path', { class: 'shape', d: outline(kind, 5) }),
    );
    return html(
      'li',
      {},
      svg('svg', { viewBox: '-7.5 -7.5 15 15', 'aria-hidden': 'true' }, shape),
      words,
    );
  });
  list.append(...items, html('li', {}, 'width: mean rate of 10 s'));
}
