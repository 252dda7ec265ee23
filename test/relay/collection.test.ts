import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Collection, type Kept } from '../../lib/relay/collection.ts';

type Event = {
  type: string;
  object: { metadata: { uid: string; resourceVersion: string }; spec?: { nodeName?: string } };
};

function keep(uid: string, version: number, nodeName: string, more: object = {}): Kept {
  const metadata = { uid, name: uid, resourceVersion: `${version}` };
  return Collection.keep('pods', { metadata, spec: { nodeName }, ...more });
}

/** The events that the log has for one who knows everything up to a version. */
function eventsAfter(collection: Collection, version: number): Event[] | undefined {
  const position = collection.log.after(version);
  if (position === undefined) return undefined;
  let text = '';
  for (let at = position; at < collection.log.end; ) {
    const read = collection.log.read(at, version);
    if (!read) return undefined;
    text += read.piece.plain.toString();
    at = read.next;
  }
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event);
}

const told = (events: readonly Event[] | undefined) =>
  events?.map(({ type, object: { metadata, spec } }) =>
    [type, metadata.uid, metadata.resourceVersion, spec?.nodeName].join(' '),
  );

function filled(): Collection {
  const collection = new Collection('pods', 1e6);
  const objects = [keep('a', 3, 'n1'), keep('b', 5, 'n1')];
  collection.apply({ type: 'replace', objects, version: '9' });
  return collection;
}

test('a change is told with its resourceVersion, and one that alters nothing for agents is not', () => {
  const collection = filled();
  collection.apply({ type: 'put', object: keep('a', 10, 'n1') });
  collection.apply({ type: 'put', object: keep('b', 11, 'n1', { status: { phase: 'Running' } }) });
  collection.apply({ type: 'put', object: keep('b', 12, 'n2') });
  collection.apply({ type: 'put', object: keep('c', 13, 'n1') });
  collection.apply({ type: 'remove', object: keep('a', 14, 'n1') });
  const events = ['MODIFIED b 12 n2', 'ADDED c 13 n1', 'DELETED a 14 n1'];
  assert.deepEqual(told(eventsAfter(collection, 9)), events);
  assert.deepEqual([collection.told, collection.suppressed, collection.version], [3, 2, 14]);
  assert.equal(eventsAfter(collection, 8), undefined);
});

test('a list has each object under its last resourceVersion', () => {
  const collection = filled();
  collection.apply({ type: 'put', object: keep('a', 10, 'n1') });
  const listed = [...collection.objects()].map((text) => JSON.parse(text) as Event['object']);
  assert.deepEqual(
    listed.map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`),
    ['a 10', 'b 5'],
  );
});

test('a bookmark moves the version on, never back', () => {
  const collection = filled();
  collection.advance('20');
  collection.advance('15');
  const { object } = JSON.parse(collection.bookmark().plain.toString()) as Event;
  assert.equal(object.metadata.resourceVersion, '20');
  assert.throws(() => collection.advance('x'), /x is no resourceVersion/);
});

test('a list after a gap is told as the changes that made it, to whoever resumes before or within the gap', () => {
  const collection = filled();
  const objects = [keep('b', 14, 'n2'), keep('d', 12, 'n1')];
  collection.apply({ type: 'replace', objects, version: '20' });
  const events = ['DELETED a 9 n1', 'ADDED d 12 n1', 'MODIFIED b 14 n2'];
  for (const known of [9, 12, 19]) assert.deepEqual(told(eventsAfter(collection, known)), events);
  assert.deepEqual(told(eventsAfter(collection, 20)), []);
});

test('a list that is older than what is known ends all history', () => {
  const collection = filled();
  collection.apply({ type: 'replace', objects: [keep('a', 2, 'n1')], version: '4' });
  assert.equal(collection.version, 4);
  assert.equal(collection.size, 1);
  assert.equal(eventsAfter(collection, 3), undefined);
});

/** An agent: it resumes at the version of the last event that it has taken, as a reflector does. */
class Agent {
  readonly objects = new Map<string, string>();
  version = -1;

  /** Takes the first of the events that are there; lists if it has to. */
  follow(collection: Collection, most: number): void {
    const events = eventsAfter(collection, this.version);
    if (!events) {
      this.objects.clear();
      for (const text of collection.objects()) this.#put(JSON.parse(text) as Event['object']);
      this.version = collection.version;
      return;
    }
    for (const { type, object } of events.slice(0, most)) {
      if (type === 'DELETED') this.objects.delete(object.metadata.uid);
      else this.#put(object);
      this.version = Number(object.metadata.resourceVersion);
    }
    if (events.length <= most) this.version = collection.version;
  }

  #put({ metadata, spec }: Event['object']): void {
    this.objects.set(metadata.uid, spec?.nodeName ?? '');
  }
}

const steps = fc.array(
  fc.oneof(
    fc.record({ step: fc.constant('put' as const), uid: fc.nat(5), node: fc.nat(2) }),
    fc.record({ step: fc.constant('remove' as const), uid: fc.nat(5), node: fc.nat(2) }),
    fc.record({ step: fc.constant('gap' as const), uid: fc.nat(5), node: fc.nat(2) }),
    fc.record({ step: fc.constant('read' as const), uid: fc.nat(3), node: fc.nat(2) }),
  ),
  { maxLength: 80 },
);

test('whatever happens, and wherever it resumes, an agent ends with what the API server has', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(400, 1e6), (all, history) => {
      const collection = new Collection('pods', history);
      const truth = new Map<string, { node: string; version: number }>();
      const list = () => [...truth].map(([uid, { node, version }]) => keep(uid, version, node));
      let version = 1;
      collection.apply({ type: 'replace', objects: [], version: '1' });
      const agent = new Agent();
      let isCut = false;
      for (const { step, uid, node } of all) {
        const [name, at] = [`p${uid}`, `n${node}`];
        if (step === 'read') agent.follow(collection, uid);
        else if (step === 'gap' && isCut) {
          collection.apply({ type: 'replace', objects: list(), version: `${version}` });
          isCut = false;
        } else if (step === 'gap') isCut = true;
        else {
          version += 1;
          const known = truth.get(name);
          if (step === 'put') truth.set(name, { node: at, version });
          else truth.delete(name);
          const object = keep(name, version, step === 'put' ? at : (known?.node ?? at));
          if (!isCut && (step === 'put' || known)) collection.apply({ type: step, object });
        }
      }
      collection.apply({ type: 'replace', objects: list(), version: `${version}` });
      agent.follow(collection, Infinity);
      assert.deepEqual(
        new Map(agent.objects),
        new Map([...truth].map(([uid, { node }]) => [uid, node] as const)),
      );
    }),
    { numRuns: 1000 },
  );
});
