import { DatabaseSync } from 'node:sqlite';

/**
 * Takes a file for this process until it is disposed of or the process has gone, however it goes.
 * Node has no lock on files but SQLite's, which is the kernel's (fcntl): it holds across PID and
 * network namespaces, and needs no clock and no process numbers. The file stays empty.
 *
 * @throws when another process has it, or it cannot be made
 */
export function lock(path: string): Disposable {
  const database = new DatabaseSync(path);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new Error(`another process has ${path}, or it cannot be locked`, { cause });
  }
  return { [Symbol.dispose]: () => database.close() };
}
