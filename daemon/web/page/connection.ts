import { decodeUpdate, type Update } from '../update.ts';

/** How the page is connected to the program that serves it. */
export type ConnectionState = 'connecting' | 'open' | 'lost' | 'refused';

/** Milliseconds. There is an update each second. */
const SILENCE = 5000;
const PAUSE = 1000;

/** Reads updates for ever, and connects again when they stop. The token is in the fragment of the page's address. */
export async function follow(
  onUpdate: (update: Update) => void,
  onState: (state: ConnectionState) => void,
): Promise<never> {
  onState('connecting');
  for (;;) {
    onState(await read(onUpdate, () => onState('open')));
    await pause();
  }
}

/** Resolves to how it ended. */
async function read(
  onUpdate: (update: Update) => void,
  onOpen: () => void,
): Promise<'lost' | 'refused'> {
  const end = new AbortController();
  let timer = setTimeout(() => end.abort(), SILENCE);
  try {
    const headers = { authorization: `Bearer ${location.hash.slice(1)}` };
    const response = await fetch('/stream', { headers, signal: end.signal });
    if (response.status === 401) return 'refused';
    if (!response.ok || !response.body) return 'lost';
    let begun = '';
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (!piece.value.includes('\n')) {
        begun += piece.value;
        continue;
      }
      const lines = (begun + piece.value).split('\n');
      begun = lines.pop() ?? '';
      clearTimeout(timer);
      timer = setTimeout(() => end.abort(), SILENCE);
      onOpen();
      for (const line of lines) onUpdate(decodeUpdate(line));
    }
  } catch {
    // Whatever broke it, it is tried again.
  } finally {
    clearTimeout(timer);
    end.abort();
  }
  return 'lost';
}

/** Ends early if the page is given another address. */
async function pause(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PAUSE);
  const again = () => resolve();
  addEventListener('hashchange', again, { once: true });
  await promise;
  clearTimeout(timer);
  removeEventListener('hashchange', again);
}
