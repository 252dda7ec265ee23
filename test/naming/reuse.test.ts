import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Directory } from '../../lib/naming/directory.ts';
import { podRecord } from '../../lib/kubernetes/records.ts';
import { pod } from '../lab/apiserver/objects.ts';
import { exactly, flow, IftopLedger, printedSlot } from '../accounting/making.ts';

/**
 * A cluster in which addresses change hands all the time, and the API tells of it as late and as
 * roughly as a real one does, with breaks of the watch. Times are milliseconds.
 */
const ADDRESSES = 100;
const REUSES = 100;
const [WINDOW, SLOT, GRACE] = [10_000, 2000, 4000];
/** No status is told later than this; what were told later could not be known in time. */
const STATUS = 3500;
/** Packets wait so long to be captured. */
const CAPTURED = 1100;

type Event = readonly [at: number, happens: (at: number) => void];

/** So that a failure can be repeated. */
function randomFrom(seed: number): (from: number, to: number) => number {
  let state = seed;
  return (from, to) => {
    // Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return from + (state / 2 ** 32) * (to - from);
  };
}

/** As the API tells times. */
function whole(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z/, 'Z');
}

/** The owners of one address one after the other: what the API tells and when they have traffic. */
function* lives(address: string, random: ReturnType<typeof randomFrom>, directory: Directory) {
  let now = random(0, 5000);
  for (let count = 0; count < REUSES; count += 1) {
    const name = `${address}-${count}`;
    const [start, end] = [now, now + 1000 * 600 ** random(0, 1)];
    const startTime = whole(start - random(0, 3000));
    // Half of them have a container that runs when their address is told.
    const runs = { startedAt: whole(start + random(0, 2000)) };
    const told = start + random(2000, STATUS);
    const run = random(0, 1) < 0.5 && Date.parse(runs.startedAt) <= told ? { running: runs } : {};
    const object = (ips: string[], phase = 'Running', state: object = run) => {
      const { status } = pod({ name, ips });
      const metadata = { name, namespace: 'n', uid: name };
      const containerStatuses = [{ state }];
      return podRecord({ metadata, status: { ...status, phase, startTime, containerStatuses } });
    };
    const gone = (at: number) => directory.remove(object([address], 'Running', {}), at);
    const byForce = (at: number) => {
      directory.remove(object([address], 'Running', { running: {} }), at);
    };
    // Of one object the API tells things in their order.
    const events: Event[] = [
      [start - random(0, 100), (at) => directory.put(object([]), at)],
      [told, (at) => directory.put(object([address]), at)],
    ];
    const how = random(0, 1);
    // It ends by itself and is deleted later, or is deleted by force, or as most are.
    if (how < 0.3) {
      const ended = (at: number) => directory.put(object([address], 'Succeeded'), at);
      const at = Math.max(told, end + random(0, STATUS));
      events.push([at, ended], [at + random(0, 60_000), gone]);
    } else if (how < 0.4) events.push([Math.max(told, end - random(0, 20_000)), byForce]);
    else events.push([Math.max(told, end + random(0, STATUS)), gone]);
    const packets = Array.from({ length: Math.ceil((end - start) / 1500) }, () => {
      const at = random(start, end);
      return { at: at + random(0, CAPTURED), address, name };
    });
    yield { events, packets };
    now = end + random(0, 20_000);
  }
}

test('of 10 000 addresses that change hands not one is taken for another', (t) => {
  const seed = 20_261_122;
  const random = randomFrom(seed);
  const directory = new Directory();
  for (const kind of ['pod', 'service', 'node'] as const) directory.replace(kind, [], 0);
  const addresses = Array.from({ length: ADDRESSES }, (_, host) => `10.0.1.${host}`);
  const all = addresses.flatMap((address) => [...lives(address, random, directory)]);
  const packets = all.flatMap((life) => life.packets).sort((a, b) => a.at - b.at);
  const end = Math.ceil((packets.at(-1)?.at ?? 0) / WINDOW + 1) * WINDOW;

  // While a watch is broken its events wait, and so does the naming of windows.
  const breaks: { from: number; to: number }[] = [];
  for (let from = random(0, 60_000); from < end; from += random(60_000, 300_000)) {
    breaks.push({ from, to: from + random(1000, 90_000) });
  }
  const heard = (at: number) => breaks.findLast(({ from, to }) => from <= at && at < to)?.to ?? at;
  const events = all
    .flatMap((life) => life.events)
    .map(([at, happens]) => [heard(at), happens, at] as const)
    .sort((a, b) => a[0] - b[0] || a[2] - b[2]);

  const ledger = new IftopLedger(0);
  const owners = new Map<string, Set<string>>();
  const held: { end: number; window: ReturnType<IftopLedger['windows']['close']> }[] = [];
  const bytes = { right: 0, wrong: 0, unknown: 0 };
  let [nextEvent, nextPacket] = [0, 0];
  // Slots end where they like, and every fifth one spans the end of a window.
  for (let now = 700 + SLOT; now <= end + 300_000; now += SLOT) {
    const boundary = Math.floor(now / WINDOW) * WINDOW;
    const spans = boundary > now - SLOT;
    if (spans) ledger.turn(boundary, undefined);
    const flows = new Map<string, number>();
    for (
      let packet = packets[nextPacket];
      packet && packet.at < now;
      packet = packets[++nextPacket]
    ) {
      flows.set(packet.address, (flows.get(packet.address) ?? 0) + 1000);
      for (const window of spans ? [boundary, boundary + WINDOW] : [boundary + WINDOW]) {
        const key = `${window} ${packet.address}`;
        owners.set(key, (owners.get(key) ?? new Set()).add(packet.name));
      }
    }
    const said = [...flows].map(([address, sent]) => flow(address, exactly(sent), exactly(0)));
    ledger.report(printedSlot(now - SLOT, now, {}, { flows: said }));
    if (spans) held.push({ end: boundary, window: ledger.windows.close() });
    for (let event = events[nextEvent]; event && event[0] <= now; event = events[++nextEvent]) {
      event[1](event[0]);
    }
    const broken = breaks.find(({ from, to }) => from <= now && now < to + GRACE);
    const due = broken ? 0 : held.filter(({ end }) => now >= end + GRACE).length;
    for (const { end, window } of held.splice(0, due)) {
      for (const { remote, from, to, sent } of window?.pairs ?? []) {
        const named = directory.peer(remote, from, to);
        const truth = [...(owners.get(`${end} ${remote}`) ?? [])];
        if (named.kind !== 'pod') bytes.unknown += sent;
        else if (truth.every((name) => name === named.name)) bytes.right += sent;
        else bytes.wrong += sent;
      }
      directory.forget(end - 60_000);
    }
  }
  assert.equal(held.length, 0);
  assert.equal(bytes.wrong, 0);
  assert.ok(bytes.right > 0);
  assert.equal(Math.round(bytes.right + bytes.unknown), packets.length * 1000);
  const share = (100 * bytes.unknown) / (bytes.right + bytes.unknown);
  t.diagnostic(
    `${ADDRESSES * REUSES} owners, ${breaks.length} breaks: ${share.toFixed(1)} % unknown`,
  );
});
