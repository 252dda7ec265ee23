import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import PQueue from 'p-queue';
import type { Access } from '../../lib/kubernetes/client/access.ts';
import { exec } from '../../lib/kubernetes/client/exec.ts';
import { reasonOf } from './reason.ts';

/** What runs in the agent's container, whose working directory has the program. */
const COMMAND = ['node', 'nstats.js', 'top', '--raw'];
const CONTAINER = 'nstats';
/** Connections that are made at once. */
const OPENING_MOST = 20;

/** Opens the lines of an agent, by its pod. */
export class RawStreams {
  readonly #opening = new PQueue({ concurrency: OPENING_MOST });
  readonly #access: Access;
  readonly #namespace: string;

  constructor(access: Access, namespace: string) {
    this.#access = access;
    this.#namespace = namespace;
  }

  /**
   * Its lines, unpacked no faster than they are read.
   * @throws Error with the reason in a sentence, also as the error of the stream
   */
  async open(pod: string, signal: AbortSignal): Promise<Readable> {
    const namespace = this.#namespace;
    const explained = (error: unknown) => new Error(reasonOf(error, namespace), { cause: error });
    const target = { namespace, pod, container: CONTAINER, command: COMMAND };
    try {
      const packed = await this.#opening.add(async () => exec(this.#access, target, signal), {
        signal,
      });
      const lines = pipeline(packed, createGunzip(), () => {});
      return Readable.from(rethrown(lines, explained), { objectMode: false });
    } catch (error) {
      throw explained(error);
    }
  }
}

async function* rethrown(stream: Readable, explained: (error: unknown) => Error) {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw explained(error);
  }
}
