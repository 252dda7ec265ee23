import { DatabaseSync } from 'node:sqlite';

/** SQLITE_BUSY (sqlite3.h). */
const BUSY = 5;

/** Another process has the file. */
export class LockError extends Error {
  readonly code = 'ERR_LOCKED';
}

/**
 * Takes a file for this process until it is disposed of or the process has gone, however it goes.
 * Node has no lock on files but SQLite's, which is the kernel's (fcntl): it holds across PID and
 * network namespaces, and needs no clock and no process numbers. The file stays empty.
 *
 * @throws LockError when another process has it; another error when it cannot be made or locked
 */
export function lock(path: string): Disposable {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    const { errcode } = cause as { errcode?: number };
    if (errcode === BUSY) throw new LockError(`another process has ${path}`, { cause });
    throw new Error(`${path} cannot be locked: ${String(cause)}`, { cause });
  }
  const held = database;
  return { [Symbol.dispose]: () => held.close() };
}
