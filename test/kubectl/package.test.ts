import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../..');
/** Bytes. */
const SIZE_MOST = 1_000_000;

test('the packed plugin is installed without a registry, and kubectl finds it', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'nstats-package-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  const sh = (file: string, args: readonly string[], env = {}) =>
    execFileSync(file, args, {
      encoding: 'utf8',
      cwd: directory,
      env: { PATH: path, HOME: directory, ...env },
    });
  const bundle = join(directory, 'plugin');
  const rolldown = join(ROOT, 'node_modules/rolldown/bin/cli.mjs');
  const config = join(ROOT, 'manifests/plugin/rolldown.config.ts');
  sh(process.execPath, [rolldown, '--config', config, '--dir', bundle]);
  const [{ filename, unpackedSize }] = JSON.parse(sh('npm', ['pack', '--json', bundle])) as [
    { filename: string; unpackedSize: number },
  ];
  assert.equal(filename, `kubectl-nstats-${packageJson.version}.tgz`);
  assert.ok(unpackedSize < SIZE_MOST, `${unpackedSize} bytes`);

  const prefix = join(directory, 'prefix');
  sh('npm', ['install', '--offline', '--global', '--prefix', prefix, join(directory, filename)]);
  const program = join(prefix, 'bin/kubectl-nstats');
  assert.ok(statSync(program).mode & 0o100);
  assert.match(readFileSync(program, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  const withPlugin = { PATH: [join(prefix, 'bin'), path].join(delimiter) };
  assert.match(sh('kubectl', ['nstats', '--help'], withPlugin), /^kubectl nstats: what pods send/);
  assert.equal(sh('kubectl', ['nstats', '--version'], withPlugin).trim(), packageJson.version);
});
