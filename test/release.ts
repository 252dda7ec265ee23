/**
 * Prints the notes of a release, if the tag, package.json and the CHANGELOG name one version:
 * node test/release.ts v1.2.3
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };

const version = process.argv[2]?.replace(/^v/, '');
const changelog = readFileSync(join(import.meta.dirname, '../CHANGELOG.md'), 'utf8');
const sections = changelog.split(/^## /m).slice(1);
const notes = sections.find((section) => section.split(/\s/, 1)[0] === version);

if (version !== packageJson.version)
  fail(`the tag is ${version}, package.json says ${packageJson.version}`);
if (!notes) fail(`CHANGELOG.md has no section "## ${version}"`);
process.stdout.write(notes.slice(notes.indexOf('\n') + 1).trimStart());

function fail(why: string): never {
  console.error(`release: ${why}`);
  process.exit(1);
}
