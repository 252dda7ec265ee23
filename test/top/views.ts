import type { Row } from '../../lib/top/rows.ts';
import { flowKey, type View } from '../../lib/top/view.ts';

/** A view of a pod of namespace `shop`, in which so many bit/s pass. */
export function viewOf(pod: string, peer: string, send = 0, change: Partial<View> = {}): View {
  const rates = { send, receive: 0 };
  const view = {
    namespace: 'shop',
    pod,
    workload: '-',
    node: 'node-1',
    peer_kind: 'external',
    peer_namespace: '-',
    peer,
    peer_workload: '-',
    port: '-',
    now: rates,
    mean10: rates,
    mean40: rates,
    sentBytes: send / 8,
    receivedBytes: 0,
    ...change,
  };
  return { key: flowKey(view), ...view };
}

export function rowOf(...of: Parameters<typeof viewOf>): Row {
  return { ...viewOf(...of), key: `${of[0]} ${of[1]}` };
}
