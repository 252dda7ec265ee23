import type { KubernetesObject } from '../kubernetes/object-schema.ts';
import type { Change } from '../kubernetes/reflector.ts';
import { type SharedResource, stripped } from '../kubernetes/stripped.ts';
import { ChangeLog } from './change-log.ts';
import { Piece } from './piece.ts';

/** An object as it is kept: JSON of what agents read of it, without the resourceVersion. */
export interface Kept {
  readonly uid: string;
  readonly text: string;
  readonly version: number;
}

/** The kinds of objects by the resource. */
const KINDS: { readonly [resource in SharedResource]: string } = {
  pods: 'Pod',
  services: 'Service',
  nodes: 'Node',
  namespaces: 'Namespace',
};
/** How the text of each object begins: the resourceVersion goes behind it. */
const HEAD = '{"metadata":{';

/** The objects of one resource as the API server has reported them, stripped, and the last changes to them. */
export class Collection {
  readonly resource: SharedResource;
  readonly log: ChangeLog;
  readonly #objects = new Map<string, { text: string; version: number }>();
  #version = -1;
  /** Numbers of changes since the start: those that agents are told of, and those that alter nothing for them. */
  told = 0;
  suppressed = 0;

  /** `history`: bytes of changes that are kept. */
  constructor(resource: SharedResource, history: number) {
    this.resource = resource;
    this.log = new ChangeLog(history);
  }

  /** What is kept of an object of the API. */
  static keep(resource: SharedResource, object: KubernetesObject): Kept {
    const { uid = '', resourceVersion } = object.metadata ?? {};
    const version = versionOf(resourceVersion);
    return { uid, version, text: JSON.stringify(stripped(resource, object)) };
  }

  get kind(): string {
    return KINDS[this.resource];
  }

  get size(): number {
    return this.#objects.size;
  }

  /** The objects are those of this resourceVersion; -1 before the first list. */
  get version(): number {
    return this.#version;
  }

  /** Takes a change; `version` is that of a list. */
  apply(change: Change<Kept>): void {
    if (change.type === 'replace') this.#replace(change.objects, versionOf(change.version));
    else if (change.type === 'put') this.#put(change.object);
    else this.#remove(change.object);
  }

  /** Nothing that matters has happened up to a version. */
  advance(version: string): void {
    this.#version = Math.max(this.#version, versionOf(version));
  }

  /** The objects in JSON. */
  *objects(): Generator<string> {
    for (const { text, version } of this.#objects.values()) yield jsonOf(text, version);
  }

  /** An event that says up to which version all changes have been told. */
  bookmark(): Piece {
    const metadata = { resourceVersion: String(this.#version), creationTimestamp: null };
    const object = { kind: this.kind, apiVersion: 'v1', metadata };
    return new Piece(Buffer.from(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`));
  }

  #put({ uid, text, version }: Kept): void {
    const known = this.#objects.get(uid);
    this.#objects.set(uid, { text, version });
    this.#version = Math.max(this.#version, version);
    if (known?.text === text) this.suppressed += 1;
    else this.#tell(known ? 'MODIFIED' : 'ADDED', text, version);
  }

  #remove({ uid, version }: Kept): void {
    const known = this.#objects.get(uid);
    this.#objects.delete(uid);
    this.#version = Math.max(this.#version, version);
    if (known) this.#tell('DELETED', known.text, version);
  }

  /**
   * A list after a gap. Agents are told what has changed meanwhile, as if the API server had: whoever resumes from within
   * the gap is told all of it again, since the order is not known. A list that is older than what is known ends all history.
   */
  #replace(objects: readonly Kept[], version: number): void {
    const before = this.#version;
    const isFirst = before < 0 || version < before;
    if (isFirst) {
      this.#objects.clear();
      this.log.reset(version);
      for (const { uid, ...kept } of objects) this.#objects.set(uid, kept);
      this.#version = version;
      return;
    }
    const gone = new Set(this.#objects.keys());
    const changed = objects.filter(({ uid, text }) => {
      gone.delete(uid);
      return this.#objects.get(uid)?.text !== text;
    });
    for (const uid of gone) {
      const { text = '' } = this.#objects.get(uid) ?? {};
      this.#objects.delete(uid);
      this.#tell('DELETED', text, before, version);
    }
    for (const { uid, text, version: own } of changed.sort((a, b) => a.version - b.version)) {
      const type = this.#objects.has(uid) ? 'MODIFIED' : 'ADDED';
      this.#tell(type, text, Math.max(before, Math.min(own, version)), version);
    }
    for (const { uid, ...kept } of objects) this.#objects.set(uid, kept);
    this.#version = version;
  }

  /** `needed`: whoever knows everything up to an earlier version needs this event. */
  #tell(type: string, text: string, version: number, needed = version): void {
    this.told += 1;
    const event = `{"type":"${type}","object":${jsonOf(text, version)}}\n`;
    this.log.append(needed, Buffer.from(event));
  }
}

function jsonOf(text: string, version: number): string {
  return `${HEAD}"resourceVersion":"${version}",${text.slice(HEAD.length)}`;
}

/**
 * A resourceVersion as a number, as the API server's own cache reads it.
 * @throws Error if it is none
 */
function versionOf(text: string | undefined): number {
  const version = /^\d+$/.test(text ?? '') ? Number(text) : NaN;
  if (!Number.isSafeInteger(version)) throw new Error(`${text} is no resourceVersion`);
  return version;
}
