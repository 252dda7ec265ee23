/** Writes the tables of the agent's statistics into the documentation: npm run docs:tables */
import { readFileSync, writeFileSync } from 'node:fs';
import { PAGES, withTables } from './tables.ts';

for (const page of PAGES) writeFileSync(page, withTables(readFileSync(page, 'utf8')));
