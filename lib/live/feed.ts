import packageJson from '../../package.json' with { type: 'json' };
import type { Owner } from '../capture/interface-capture-types.ts';
import type { NodeCapture } from '../capture/node-capture.ts';
import type { Sync } from '../kubernetes/sync.ts';
import type { Edge, Slot } from '../model.ts';
import { attribute } from '../naming/attribute.ts';
import type { Directory } from '../naming/directory.ts';
import { top } from '../report/top.ts';
import {
  encode,
  FLOWS_MOST,
  type Frame,
  type Hello,
  type LiveFlow,
  type LiveSlot,
  PROTOCOL,
} from './frame.ts';

export interface FeedOptions {
  readonly config: {
    readonly cluster: string;
    readonly node: string;
    readonly peersPerPod: number;
  };
  readonly capture: Pick<NodeCapture, 'watch' | 'figures' | 'source'>;
  readonly directory: Pick<Directory, 'peerByNow' | 'sizes'>;
  readonly sync: Pick<Sync, 'since'>;
}

/** What takes frames, each a line of JSON. */
export type Watcher = (line: Buffer) => void;

interface WatchedSlot {
  readonly owner: Owner;
  readonly iface: string;
  readonly slot: Slot;
}

/** Milliseconds. */
const FRAME_EVERY = 500;
/** Milliseconds. A slot that began so long before somebody watched says nothing of the present. */
const PAST = 3000;

/**
 * The slots of all interfaces, named as far as that is certain by now, twice a second, for those who watch. While nobody does,
 * nothing is kept and nothing is done.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #watchers = new Set<Watcher>();
  #slots: WatchedSlot[] = [];
  /** When the first of those who watch came, in milliseconds since 1970. */
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #frames = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** The line that comes before all frames. */
  get hello(): Buffer {
    const { config, capture, directory } = this.#options;
    const hello: Hello = {
      protocol: PROTOCOL,
      version: packageJson.version,
      cluster: config.cluster,
      node: config.node,
      nodes: directory.sizes.node,
      source: capture.source,
    };
    return Buffer.from(encode(hello));
  }

  /** Hands each frame to a watcher from now on, the same bytes to all; returns what ends that. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#begin();
    return () => {
      if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#end();
    };
  }

  #begin(): void {
    this.#since = Date.now();
    this.#timer = setInterval(() => this.#send(), FRAME_EVERY).unref();
    this.#options.capture.watch((owner, iface, slot) => {
      if (slot.from > this.#since - PAST) this.#slots.push({ owner, iface, slot });
    });
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#options.capture.watch(undefined);
    this.#slots = [];
  }

  #send(): void {
    const line = Buffer.from(encode(this.#frame()));
    for (const watcher of this.#watchers) watcher(line);
  }

  #frame(): Frame {
    // Pods of which the API server has said nothing yet may be turned off.
    const slots = this.#slots.filter(({ owner }) => owner.selection === 'selected');
    this.#slots = [];
    const { capture, config } = this.#options;
    const limit = Math.min(config.peersPerPod, Math.floor(FLOWS_MOST / slots.length) - 1);
    const { waiting, overloaded, paused, unavailable } = capture.figures.states;
    this.#frames += 1;
    return {
      number: this.#frames,
      at: Date.now(),
      notCaptured: waiting + overloaded + paused + unavailable,
      slots: slots.map((each) => this.#named(each, limit)),
    };
  }

  #named({ owner, iface, slot }: WatchedSlot, limit: number): LiveSlot {
    const { directory, sync } = this.#options;
    const { pod } = owner;
    const certain = performance.now() >= sync.since;
    const edges = attribute(pod, slot, (...what) => directory.peerByNow(...what, certain));
    return {
      namespace: pod.namespace,
      pod: pod.name,
      workload: pod.workload,
      interface: iface,
      from: slot.from,
      to: slot.to,
      flows: top(edges, slot.rest, limit).map(flowOf),
    };
  }
}

function flowOf({ peer, port = '-', sent, received }: Edge): LiveFlow {
  return {
    peer_kind: peer.kind,
    peer_namespace: peer.namespace,
    peer: peer.name,
    peer_workload: peer.workload,
    port,
    sentBytes: sent,
    receivedBytes: received,
  };
}
