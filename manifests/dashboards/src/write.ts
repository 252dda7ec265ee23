/** Writes the dashboards beside this folder: npm run dashboards */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboards } from './all.ts';

for (const [file, text] of Object.entries(dashboards())) {
  writeFileSync(join(import.meta.dirname, '..', file), text);
}
