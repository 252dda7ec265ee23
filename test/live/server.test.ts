import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Problems } from '../../daemon/log.ts';
import { READERS_MOST, serveLive } from '../../lib/live/server.ts';
import { until } from '../lab/influx.ts';

const HELLO = Buffer.from('hello\n');
/** Bytes: more than the kernel takes for a reader who does not read. */
const LARGE = Buffer.alloc(4 * 1024 * 1024, 'x');

/** A directory, and servers in it, each with a feed of its own that a test feeds. */
function scene(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'nstats-live-'));
  const ends: (() => void)[] = [];
  context.after(() => {
    for (const end of ends) end();
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, 'run/top.sock');
  const serve = async (own: string | undefined = path, patience = 60_000) => {
    const said: object[] = [];
    const say = (fields: object, what: string) => void said.push({ ...fields, what });
    const log = { debug: say, info: say, warn: say, error: say };
    const watchers = new Set<(line: Buffer) => void>();
    const feed = {
      hello: HELLO,
      watch(watcher: (line: Buffer) => void) {
        watchers.add(watcher);
        return () => void watchers.delete(watcher);
      },
    };
    const end = await serveLive({ path: own, feed, problems: new Problems(log), patience });
    ends.push(end);
    const send = (line: Buffer) => watchers.forEach((watcher) => watcher(line));
    return { end, send, said, watchers };
  };
  const read = async () => {
    const socket = connect(path);
    ends.push(() => socket.destroy());
    await once(socket, 'connect');
    return { socket, text: collect(socket) };
  };
  return { directory, path, serve, read };
}

function collect(socket: Socket): () => string {
  let text = '';
  socket.on('error', () => {}).on('data', (bytes: Buffer) => (text += bytes.toString()));
  return () => text;
}

test('each reader has the hello first, and then every line', async (t) => {
  const { serve, read } = scene(t);
  const { send, watchers } = await serve();
  const first = await read();
  await until(() => watchers.size === 1, 'a reader');
  send(Buffer.from('1\n'));
  const second = await read();
  await until(() => watchers.size === 2, 'two readers');
  send(Buffer.from('2\n'));
  await until(() => first.text() === 'hello\n1\n2\n', 'all lines');
  await until(() => second.text() === 'hello\n2\n', 'the lines since it came');
  first.socket.destroy();
  await until(() => watchers.size === 1, 'the end of the first one');
});

test('the socket is for its own user alone, and nothing else is left beside it', async (t) => {
  const { serve, path, directory } = scene(t);
  await serve();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(directory, 'run')).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(directory, 'run')), ['top.sock']);
});

test('a directory that everybody may write to, as an emptyDir, is made its own, but for one such as /tmp', async (t) => {
  const { serve, directory } = scene(t);
  for (const [name, before, after] of [
    ['empty', 0o777, 0o700],
    ['tmp', 0o1777, 0o1777],
  ] as const) {
    const own = join(directory, name);
    mkdirSync(own);
    chmodSync(own, before);
    const { said } = await serve(join(own, 'top.sock'));
    assert.deepEqual(said, []);
    assert.equal(statSync(own).mode & 0o7777, after);
  }
});

test('at the end the socket is gone, and its readers are let go', async (t) => {
  const { serve, read, path } = scene(t);
  const { end } = await serve();
  const { socket } = await read();
  socket.resume();
  const closed = once(socket, 'close');
  end();
  await closed;
  assert.equal(existsSync(path), false);
});

test('a reader who does not read loses lines and nothing is kept for it, while others have all', async (t) => {
  const { serve, read } = scene(t);
  const { send, watchers } = await serve();
  const { socket, text } = await read();
  socket.pause();
  const other = await read();
  await until(() => watchers.size === 2, 'two readers');
  send(LARGE);
  send(Buffer.from('lost\n'));
  await until(() => other.text().length >= LARGE.length, 'the large line');
  send(Buffer.from('lost as well\n'));
  socket.resume();
  await until(() => text().length >= HELLO.length + LARGE.length, 'what was written');
  send(Buffer.from('the next\n'));
  await until(() => text().endsWith('xthe next\n'), 'the next line, and none between');
  await until(() => other.text().endsWith('lost as well\nthe next\n'), 'all lines');
});

test('a reader who takes nothing for long is cut off', async (t) => {
  const { serve, read } = scene(t);
  const { send, watchers } = await serve(undefined, 100);
  const { socket } = await read();
  socket.pause();
  await until(() => watchers.size === 1, 'a reader');
  send(LARGE);
  await until(() => watchers.size === 0, 'its end');
});

test('one reader too many is let go at once, and has its turn when another has gone', async (t) => {
  const { serve, read } = scene(t);
  const { watchers } = await serve();
  const readers = await Promise.all(Array.from({ length: READERS_MOST }, read));
  await until(() => watchers.size === READERS_MOST, 'all readers');
  const { socket, text } = await read();
  await once(socket, 'close');
  assert.equal(text(), '');
  readers[0]?.socket.destroy();
  await until(() => watchers.size < READERS_MOST, 'a place');
  const next = await read();
  await until(() => next.text() === 'hello\n', 'the hello');
});

test('the socket of a killed agent is replaced', async (t) => {
  const { serve, read, path, directory } = scene(t);
  await serve(join(directory, 'run/other.sock'));
  const program = join(directory, 'killed.mjs');
  writeFileSync(
    program,
    `import { createServer } from 'node:net';
     createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'));`,
  );
  await once(fork(program, { stdio: 'ignore' }), 'exit');
  assert.ok(lstatSync(path).isSocket());
  const { said } = await serve();
  assert.deepEqual(said, []);
  const { text } = await read();
  await until(() => text() === 'hello\n', 'the hello');
});

test('a second agent leaves the first one its socket, says so, and takes nothing away at its end', async (t) => {
  const { serve, read } = scene(t);
  await serve();
  const { said, end } = await serve();
  assert.equal(said.length, 1);
  assert.match(JSON.stringify(said), /another agent listens there.*"fix":"set TOP_SOCKET/);
  end();
  const { text } = await read();
  await until(() => text() === 'hello\n', 'the hello of the first');
});

test('what is no socket stays as it is', async (t) => {
  const { serve, directory } = scene(t);
  const file = join(directory, 'file');
  writeFileSync(file, 'precious');
  const { said } = await serve(file);
  assert.match(JSON.stringify(said), /no socket/);
  const below = await serve(join(file, 'top.sock'));
  assert.match(JSON.stringify(below.said), /ENOTDIR|EEXIST/);
});

test('without a path there is nothing, and nothing is said', async () => {
  const nobody = { hello: HELLO, watch: () => assert.fail('watched') };
  const problems = { report: () => assert.fail('reported'), resolve: () => {} };
  (await serveLive({ path: undefined, feed: nobody, problems }))();
});
