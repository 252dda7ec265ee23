/** What counting in the kernel takes there: neither the CPU time of programs nor the memory of maps is that of a process. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type Processes, sh } from '../../lab/shell.ts';
import type { Cgroup } from './cgroup.ts';

export interface InKernel {
  /** How often programs ran, and for how many seconds, while the kernel kept statistics. */
  readonly runs: number;
  readonly seconds: number;
  /** Bytes of maps and programs. */
  readonly memory: number;
}

/** A line of `bpftool prog show`. */
interface Program {
  readonly map_ids?: readonly number[];
  readonly run_cnt?: number;
  readonly run_time_ns?: number;
  readonly bytes_memlock?: number;
}

/** bpf(BPF_ENABLE_STATS): the kernel ends it with the descriptor, so with the process, however that ends. */
const ENABLE = `
my $number = \`uname -m\` =~ /x86/ ? 321 : 280; my $runs = pack("L", 0);
syscall($number, 32, $runs, 4) >= 0 or die "bpf: $!";
$| = 1; print "on"; sleep;`;

/** Has the kernel keep statistics of programs, which costs each of their runs some nanoseconds, until the function is called. */
export async function keepStatistics(processes: Processes): Promise<() => void> {
  const child = processes.start('perl', ['-e', ENABLE], { stdio: ['ignore', 'pipe', 'inherit'] });
  const failed = once(child, 'exit').then(() => Promise.reject(new Error('no statistics')));
  if (child.stdout) await Promise.race([once(child.stdout, 'data'), failed]);
  failed.catch(() => {});
  return () => void child.kill('SIGKILL');
}

/** What the helpers in a cgroup have in the kernel; with iftop that is nothing. */
export function inKernel(cgroup: Cgroup): InKernel {
  const maps = new Map(cgroup.running('nstats-bpf').flatMap(mapsOf));
  const memory = maps.values().reduce((sum, bytes) => sum + bytes, 0);
  const used = { runs: 0, seconds: 0, memory };
  if (maps.size === 0) return used;
  for (const program of JSON.parse(sh('bpftool', ['--json', 'prog', 'show'])) as Program[]) {
    if (!program.map_ids?.some((id) => maps.has(id))) continue;
    used.runs += program.run_cnt ?? 0;
    used.seconds += (program.run_time_ns ?? 0) / 1e9;
    used.memory += program.bytes_memlock ?? 0;
  }
  return used;
}

/** The bytes of each map that a process has open, by its number. */
function mapsOf(pid: number): [id: number, bytes: number][] {
  const directory = `/proc/${pid}/fdinfo`;
  const texts = readdirSync(directory).map((fd) => readFileSync(`${directory}/${fd}`, 'utf8'));
  const found = texts.map((text) => /^memlock:\s*(\d+)\nmap_id:\s*(\d+)$/m.exec(text));
  return found.flatMap((match) => (match ? [[Number(match[2]), Number(match[1])]] : []));
}
