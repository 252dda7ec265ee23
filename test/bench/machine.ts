import { spawnSync } from 'node:child_process';
import os from 'node:os';

/** Where and when figures were measured. */
export type Machine = Readonly<Record<string, string>>;

export function describeMachine(): Machine {
  const commit = firstMatch('git', ['describe', '--always', '--dirty'], /\S+/);
  return {
    CPU: os.cpus()[0]?.model ?? 'unknown',
    cores: `${os.availableParallelism()}`,
    memory: `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB`,
    kernel: `${os.type()} ${os.release()}`,
    Node: process.versions.node,
    iftop: firstMatch('iftop', ['-h'], /version (\S+)/),
    influxd: firstMatch('influxd', ['version'], /v(\S+)/),
    date: new Date().toISOString().slice(0, 10),
    commit,
  };
}

/** What a program says of itself: the group of the pattern, or else all of it. */
function firstMatch(file: string, args: readonly string[], pattern: RegExp): string {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  const { stdout, stderr } = spawnSync(file, args, {
    cwd: import.meta.dirname,
    env,
    encoding: 'utf8',
  });
  const match = pattern.exec(`${stdout}\n${stderr}`);
  return match?.[1] ?? match?.[0] ?? 'unknown';
}
