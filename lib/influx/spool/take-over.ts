import { Spool } from './spool.ts';
import { decodeWindow, type StoredWindow } from './stored-window.ts';

/**
 * Opens a spool and takes over what an earlier process left in it. Rows whose window is still on disk
 * have not been sent, and may be incomplete: they are dropped, and made again from the window.
 * @throws when the directory cannot be made or read, or another process has it
 */
export async function takeOver(directory: string, max: number) {
  const { spool, records, damaged, windows } = await Spool.open(directory, max);
  const left: StoredWindow[] = [];
  let lost = damaged;
  for (const [end, record] of windows) {
    const window = decodeWindow(record);
    if ('lost' in window || window.end !== end) {
      lost += 'lost' in window ? window.lost : 1;
      // If it cannot be removed the next process finds it again, which loses nothing more.
      await spool.windows.remove(end).catch(() => {});
    } else left.push(window);
  }
  const ends = new Set(left.map(({ end }) => end));
  for (const { end, place } of records) if (ends.has(end)) await spool.release(place);
  return { spool, rows: records.filter(({ end }) => !ends.has(end)), windows: left, lost };
}
