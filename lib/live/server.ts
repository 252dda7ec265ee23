import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { CONDITIONS } from '../conditions.ts';
import { errorOf } from '../error-of.ts';
import type { ProblemLog } from '../model.ts';
import type { Feed } from './feed.ts';
import { Outlet } from './outlet.ts';

export interface LiveServerOptions {
  /** Of the socket; undefined: there is none. */
  readonly path: string | undefined;
  readonly feed: Pick<Feed, 'hello' | 'watch'>;
  readonly problems: ProblemLog;
  /** Milliseconds for a reader to take what was written. */
  readonly patience?: number;
}

/** For others than the owner (inode(7)). */
const WRITABLE = 0o022;
/** What others have made there cannot be replaced. */
const STICKY = 0o1000;
/** Each takes memory for two frames at the most. */
export const READERS_MOST = 8;

/**
 * Offers the feed on a Unix socket for the agent's own user. Resolves, when that is there, to what takes it away. Without a
 * socket the agent goes on, and the log says why.
 */
export async function serveLive(options: LiveServerOptions): Promise<() => void> {
  const { path, problems } = options;
  if (path === undefined) return () => {};
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (sockets.size >= READERS_MOST) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    const unwatch = serve(socket, options);
    socket.once('close', () => {
      sockets.delete(socket);
      unwatch();
    });
  }).unref();
  try {
    const inode = await listen(server, path);
    return () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (inodeOf(path) === inode) rmSync(path, { force: true });
    };
  } catch (error) {
    problems.report('live view', CONDITIONS.viewUnavailable, {
      path,
      error: errorOf(error).message,
    });
    return () => {};
  }
}

/** Returns what ends it. */
function serve(socket: Socket, { feed, patience }: LiveServerOptions): () => void {
  const outlet = new Outlet(socket, patience);
  outlet.write(feed.hello);
  return feed.watch((line) => outlet.write(line));
}

/**
 * Listens under a name that nobody else can open, and puts the socket in its place when its mode is right.
 * @throws Error if that cannot be; a socket at which somebody listens stays. Returns the inode of the socket.
 */
async function listen(server: Server, path: string): Promise<number | undefined> {
  takeDirectory(dirname(path));
  const inode = inodeOf(path);
  if (inode !== undefined) {
    if (!lstatSync(path).isSocket()) throw new Error('there is a file, and it is no socket');
    if (await isAnswered(path)) throw new Error('another agent listens there');
  }
  const directory = mkdtempSync(`${path}-`);
  try {
    const own = join(directory, 's');
    server.listen(own);
    await once(server, 'listening');
    chmodSync(own, 0o600);
    renameSync(own, path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return inodeOf(path);
}

/** Kubernetes makes an emptyDir that everybody may write to: a user of the container could put a socket of its own there. */
function takeDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { mode } = statSync(path);
  if ((mode & WRITABLE) !== 0 && (mode & STICKY) === 0) chmodSync(path, 0o700);
}

/** Whether somebody listens at a socket: a killed agent's is left behind. */
async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}
