/**
 * What it takes to show a crowd of agents (`kubectl nstats top`): real protocol, through exec of the stand-in API server, on a
 * real terminal. Prints a Result as JSON:
 *
 *   node test/bench/crowd/main.ts [--quick]
 */
import { progress } from '../progress.ts';
import type { Result } from '../result.ts';
import { crowdTable, measureCrowds } from './crowd.ts';

const crowds = await measureCrowds(process.argv.includes('--quick'), progress('crowd'));
console.log(JSON.stringify({ figures: { crowds }, tables: [crowdTable(crowds)] } satisfies Result));
