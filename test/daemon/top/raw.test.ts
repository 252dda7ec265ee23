import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { createGunzip } from 'node:zlib';
import { until } from '../../lab/influx.ts';

const MAIN = join(import.meta.dirname, '../../../daemon/main.ts');
/** How many reports a pipe of the kernel has no room for. */
const MANY = 400;

/** `nstats top --raw`, at the socket of an agent that says what a test says. */
async function scene(context: TestContext, greeting = 'hello\n') {
  const directory = mkdtempSync(join(tmpdir(), 'nstats-raw-'));
  const path = join(directory, 'top.sock');
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {}).resume();
    if (greeting === '') socket.destroy();
    else socket.write(greeting);
  }).listen(path);
  await once(server, 'listening');
  const children: ChildProcess[] = [];
  context.after(() => {
    for (const child of children) child.kill('SIGKILL');
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  });
  const raw = (TOP_SOCKET = path) => {
    const child = spawn(process.execPath, [MAIN, 'top', '--raw'], { env: { TOP_SOCKET } });
    children.push(child);
    const stderr = text(child.stderr);
    const ended = once(child, 'close').then(async ([code, signal]) => [
      code as number | null,
      (signal as string | null) ?? '',
      await stderr,
    ]);
    return { child, ended };
  };
  return { raw, sockets };
}

/** What has come out by now. */
function unzipped({ stdout }: ChildProcess): () => string {
  let all = '';
  stdout
    ?.pipe(createGunzip().on('error', () => {}))
    .on('data', (bytes: Buffer) => (all += bytes.toString()));
  return () => all;
}

test('each line comes out, gzipped, as soon as the agent has said it', async (t) => {
  const { raw, sockets } = await scene(t);
  const { child, ended } = raw();
  const said = unzipped(child);
  await until(() => said() === 'hello\n', 'the hello');
  sockets[0]?.write('a frame\n');
  await until(() => said() === 'hello\na frame\n', 'the frame');
  sockets[0]?.end();
  assert.deepEqual(await ended, [0, '', '']);
});

test('it ends with its stdin', async (t) => {
  const { raw } = await scene(t);
  const { child, ended } = raw();
  const said = unzipped(child);
  await until(() => said() !== '', 'the hello');
  child.stdin?.end();
  assert.deepEqual(await ended, [0, '', '']);
});

test('it ends when nobody reads any more', async (t) => {
  const { raw, sockets } = await scene(t);
  const { child, ended } = raw();
  const said = unzipped(child);
  await until(() => said() !== '', 'the hello');
  child.stdout?.destroy();
  const talking = setInterval(() => sockets[0]?.write('a frame\n'), 20);
  assert.deepEqual(await ended, [0, '', '']);
  clearInterval(talking);
});

test('it ends on SIGTERM, also when nothing is taken of what it writes', async (t) => {
  const { raw, sockets } = await scene(t);
  const { child, ended } = raw();
  await once(child.stdout ?? assert.fail('no stdout'), 'readable');
  for (let nth = 0; nth < MANY; nth += 1)
    sockets[0]?.write(crypto.getRandomValues(Buffer.alloc(8192)));
  await until(() => (sockets[0]?.writableLength ?? 0) > 0, 'a full pipe');
  child.kill('SIGTERM');
  child.stdout?.destroy();
  assert.deepEqual(await ended, [0, '', '']);
});

test('without an agent it ends with 1, and says what to do', async (t) => {
  const { raw } = await scene(t);
  const [code, , stderr] = await raw('/nowhere/top.sock').ended;
  assert.equal(code, 1);
  assert.match(`${stderr}`, /^nstats: no agent .*TOP_SOCKET.*\/nowhere\/top\.sock.*fix: .*\n$/);
  const [off, , why] = await raw('none').ended;
  assert.equal(off, 1);
  assert.match(`${why}`, /TOP_SOCKET is none.*fix: /);
});

test('an agent that has no place for it is said to have none', async (t) => {
  const { raw } = await scene(t, '');
  const [code, , stderr] = await raw().ended;
  assert.equal(code, 1);
  assert.match(`${stderr}`, /no place for one more; fix: /);
});

test('with a stdin that is closed from the beginning it says so', async (t) => {
  const { raw } = await scene(t);
  const { child, ended } = raw();
  child.stdin?.end();
  const [code, , stderr] = await ended;
  if (code !== 0) assert.match(`${stderr}`, /stdin is closed; fix: .*kubectl exec -i/);
});
