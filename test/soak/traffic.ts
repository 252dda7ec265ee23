import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Pod } from '../lab/lab.ts';
import type { Processes } from '../lab/shell.ts';
import type { Random } from '../lab/random.ts';

export const PORT = 9;
const SOCKET = join(import.meta.dirname, 'socket.ts');
/** The headers of IP and UDP. */
const HEADERS = 28;
const EVERY = 250;
const PAYLOAD = { least: 50, most: 1200 };
/** Every fourth window of a pod begins with silence. */
const SILENCE = { window: 10_000, one: 4, lasts: 6000 };

interface Sender {
  readonly pod: Pod;
  readonly socket: Socket;
  readonly peers: Set<Pod>;
  /** Packets to each peer at a time. */
  readonly burst: number;
  readonly phase: number;
}

/**
 * UDP among pods from this one process: a socket stays in the namespace it was made in, whichever process has it.
 * So a pod needs no process, and what each has sent to whom is known to the byte.
 */
export class Traffic {
  /** IP bytes by `<sender> <receiver>`, both as `namespace/name`. */
  readonly sent = new Map<string, number>();
  readonly #random: Random;
  readonly #processes: Processes;
  readonly #senders = new Map<Pod, Sender>();
  readonly #timer: NodeJS.Timeout;

  /** `every`: milliseconds from one time that they send to the next. */
  constructor(random: Random, processes: Processes, every = EVERY) {
    this.#random = random;
    this.#processes = processes;
    this.#timer = setInterval(() => this.#tick(), every);
  }

  /** Opens the pod's sockets for sending and receiving. */
  async add(pod: Pod): Promise<void> {
    const socket = await open(pod, this.#processes);
    socket.on('error', () => {});
    const [burst, phase] = [Math.floor(this.#random.between(1, 5)), this.#senders.size];
    this.#senders.set(pod, { pod, socket, peers: new Set(), burst, phase });
  }

  /** From now on one sends to the other. Both must have been added, or ICMP answers. */
  connect(from: Pod, to: Pod): void {
    this.#senders.get(from)?.peers.add(to);
  }

  /** Ends what the pod sends, and what is sent to it. */
  remove(pod: Pod): void {
    this.#senders.get(pod)?.socket.close();
    this.#senders.delete(pod);
    for (const { peers } of this.#senders.values()) peers.delete(pod);
  }

  end(): void {
    clearInterval(this.#timer);
    for (const pod of this.#senders.keys()) this.remove(pod);
  }

  #tick(): void {
    for (const sender of this.#senders.values()) {
      const now = Date.now();
      const turn = Math.floor(now / SILENCE.window) + sender.phase;
      if (turn % SILENCE.one === 0 && now % SILENCE.window < SILENCE.lasts) continue;
      for (const peer of sender.peers)
        for (let packet = 0; packet < sender.burst; packet += 1) this.#send(sender, peer);
    }
  }

  #send({ pod, socket }: Sender, peer: Pod): void {
    const size = Math.floor(this.#random.between(PAYLOAD.least, PAYLOAD.most));
    const key = `${nameOf(pod)} ${nameOf(peer)}`;
    socket.send(Buffer.alloc(size), PORT, peer.ips[0], (error) => {
      if (!error) this.sent.set(key, (this.sent.get(key) ?? 0) + HEADERS + size);
    });
  }
}

export function nameOf({ namespace, name }: Pick<Pod, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

async function open({ sandbox }: Pod, processes: Processes): Promise<Socket> {
  const enter = [`--net=/proc/${sandbox.pid}/ns/net`, process.execPath, SOCKET];
  const child = processes.start('nsenter', enter, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // Its exit may be noticed before its message is read; the channel ends after that.
  const ended = once(child, 'disconnect');
  const failed = ended.then(() => Promise.reject(new Error('no socket in the pod')));
  const [, socket] = (await Promise.race([once(child, 'message'), failed])) as [unknown, Socket];
  return socket;
}
