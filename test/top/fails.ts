/** `nstats top` with a mistake that SIGUSR2 brings to light. */
import { runTop } from '../../daemon/top/top.ts';

process.on('SIGUSR2', () => {
  throw new Error('a mistake in nstats');
});
await runTop([]);
