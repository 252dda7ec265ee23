import type { KubernetesObject } from './object-schema.ts';
import { hasEnded, type Owner } from './records.ts';
import type { Change } from './reflector.ts';

const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** Takes a port that is declared from now on, or not any more. */
export type Declare = (protocol: Protocol, port: number, isDeclared: boolean) => void;

/** Sorted, each as one number: the place of its protocol in `PROTOCOLS` times 65536, plus the port. */
type Ports = readonly number[];
const PORTS_OF_PROTOCOL = 65_536;

/** An object with more declares a range, such as one for media, whose ports would be a series each. */
const MOST = 100;

/** An object, and the ports that it declares. */
export interface Declaring {
  readonly owner: Pick<Owner, 'uid'>;
  readonly ports: Ports;
}

/**
 * The ports of a pod's containers, or of a service; none if they are more than 100. A service's `targetPort` may be the
 * name of a container's port, which needs no look-up: the pod declares that port itself.
 */
export function portsOf(object: KubernetesObject): Ports {
  const { ports = [], containers = [], initContainers = [] } = object.spec ?? {};
  const ofPod = hasEnded(object) ? [] : [...containers, ...initContainers];
  const found = new Set<number>();
  const add = (protocol = 'TCP', ...numbers: readonly (number | undefined)[]) => {
    const place = PROTOCOLS.findIndex((each) => each === protocol.toLowerCase());
    for (const port of numbers)
      if (place >= 0 && port !== undefined) found.add(place * PORTS_OF_PROTOCOL + port);
  };
  for (const { protocol, port, targetPort, nodePort } of ports)
    add(protocol, port, targetPort, nodePort);
  for (const { protocol, containerPort, hostPort } of ofPod.flatMap(({ ports = [] }) => ports))
    add(protocol, containerPort, hostPort);
  return found.size > MOST ? [] : [...found].sort((a, b) => a - b);
}

/** What objects that declare the same ports share, so that each of 20 000 pods takes one entry of a map. */
interface Shared {
  readonly ports: Ports;
  objects: number;
}

/** The ports that something in the cluster is declared to listen on: of all its services and pods. */
export class DeclaredPorts {
  readonly #objects = { pod: new Map(), service: new Map(), node: new Map() } as {
    readonly [kind in Owner['kind']]: Map<Owner['uid'], Shared>;
  };
  readonly #shared = new Map<string, Shared>();
  /** How many different lists of ports have a port. */
  readonly #counts = new Map<number, number>();
  #declare: Declare | undefined;

  /** Reports all ports to the listener at once, and changes from then on; no more to the listener before. */
  listen(declare: Declare): void {
    this.#declare = declare;
    for (const port of this.#counts.keys()) this.#report(port, true);
  }

  /** Takes a change to the objects of one kind. */
  apply(kind: Owner['kind'], change: Change<Declaring>): void {
    const objects = this.#objects[kind];
    if (change.type === 'replace') {
      const gone = new Set(objects.keys());
      for (const object of change.objects) {
        this.#set(objects, object);
        gone.delete(object.owner.uid);
      }
      for (const uid of gone) this.#set(objects, { owner: { uid }, ports: [] });
    } else if (change.type === 'put') this.#set(objects, change.object);
    else this.#set(objects, { ...change.object, ports: [] });
  }

  #set(objects: Map<Owner['uid'], Shared>, { owner: { uid }, ports }: Declaring): void {
    const old = objects.get(uid);
    // New ports are counted before old ones are released, so that a port that stays is not declared anew.
    if (ports.length > 0) objects.set(uid, this.#take(ports));
    else objects.delete(uid);
    if (old) this.#release(old);
  }

  #take(ports: Ports): Shared {
    const key = ports.join();
    const known = this.#shared.get(key);
    const shared = known ?? { ports, objects: 0 };
    shared.objects += 1;
    if (known) return known;
    this.#shared.set(key, shared);
    for (const port of ports) {
      const count = this.#counts.get(port) ?? 0;
      this.#counts.set(port, count + 1);
      if (count === 0) this.#report(port, true);
    }
    return shared;
  }

  #release(shared: Shared): void {
    shared.objects -= 1;
    if (shared.objects > 0) return;
    this.#shared.delete(shared.ports.join());
    for (const port of shared.ports) {
      const count = this.#counts.get(port) ?? 0;
      if (count > 1) this.#counts.set(port, count - 1);
      else {
        this.#counts.delete(port);
        this.#report(port, false);
      }
    }
  }

  #report(port: number, isDeclared: boolean): void {
    const protocol = PROTOCOLS[Math.floor(port / PORTS_OF_PROTOCOL)];
    if (protocol) this.#declare?.(protocol, port % PORTS_OF_PROTOCOL, isDeclared);
  }
}
