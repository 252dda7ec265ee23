import type { Peer } from '../model.ts';

/** Makes something of a peer, once for each: the flows of a window are many, and most are with few peers. */
export function oncePerPeer<T>(make: (peer: Peer) => T): (peer: Peer) => T {
  const made = new WeakMap<Peer, T>();
  return (peer) => {
    const known = made.get(peer);
    if (known !== undefined) return known;
    const value = make(peer);
    made.set(peer, value);
    return value;
  };
}
