/** Prints which stage imports which, and fails on an arrow in the wrong direction: npm run imports */
import { join } from 'node:path';
import { imports, STAGES, stageOf, wrong } from './graph.ts';

const all = imports(join(import.meta.dirname, '../..'));
for (const stage of STAGES) {
  const counts = new Map<string, number>();
  for (const { from, to } of all) {
    const other = stageOf(to);
    if (stageOf(from) === stage && other !== undefined && other !== stage)
      counts.set(other, (counts.get(other) ?? 0) + 1);
  }
  const arrows = [...counts].map(([other, count]) => `${other} (${count})`);
  console.log(`${stage.padEnd(15)} ${arrows.length > 0 ? `-> ${arrows.join(', ')}` : ''}`);
}
const mistakes = wrong(all);
for (const { from, to } of mistakes) console.error(`wrong direction: ${from} imports ${to}`);
process.exitCode = mistakes.length > 0 ? 1 : 0;
