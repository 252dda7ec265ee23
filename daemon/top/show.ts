import type { Live } from '../../lib/top/view.ts';
import type { Options } from './options.ts';
import { runScreen } from './screen/screen.ts';
import { once } from './script/once.ts';

interface ShowTop {
  /** Its `LiveReader` has been given `options.counted`. */
  readonly live: Live;
  readonly options: Options;
  /** Ends the screen, and the waiting. */
  readonly signal: AbortSignal;
}

/** Shows a screen, or prints once, until the user has seen enough. Returns the exit code. */
export async function showTop({ live, options, signal }: ShowTop): Promise<number> {
  const { stdin, stdout, stderr, env } = process;
  const hasScreen = stdin.isTTY && stdout.isTTY && env['TERM'] !== 'dumb';
  if (hasScreen && !options.isOnce) return runScreen(live, options, signal);
  const { out, error, code } = await once(live, options, signal);
  stderr.write(error);
  // Whoever reads may have read enough.
  stdout.on('error', () => {});
  await new Promise((resolve) => stdout.write(out, resolve));
  return code;
}
