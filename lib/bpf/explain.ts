/** Why the kernel refuses to count, in words, and what to do about it. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import type { End } from './frames.ts';

/** What decides on this node whether programs may be loaded. */
export interface NodeRights {
  /** Of Linux, as `uname -r` prints it. */
  readonly release: string;
  /** The names of those of the agent's capabilities that matter here. */
  readonly capabilities: ReadonlySet<string>;
  /** A seccomp profile decides about the agent's system calls. */
  readonly hasSeccomp: boolean;
  /** /sys/kernel/security/lockdown; empty if it cannot be read. */
  readonly lockdown: string;
}

const CAPABILITIES = { NET_RAW: 13n, SYS_ADMIN: 21n, BPF: 39n };
/** Memory of maps is charged to the cgroup since then, before it was locked memory of the user. */
const CHARGED_TO_CGROUP = [5, 11] as const;
/** Flows are read in batches since then. */
const BATCHES = [5, 6] as const;

export function readNodeRights(proc = '/proc'): NodeRights {
  const status = read(`${proc}/self/status`);
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const held = Object.entries(CAPABILITIES).filter(([, bit]) => (effective >> bit) & 1n);
  return {
    release: release(),
    capabilities: new Set(held.map(([name]) => name)),
    hasSeccomp: /^Seccomp:\s*2$/m.test(status),
    lockdown: read('/sys/kernel/security/lockdown'),
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** One sentence or two. */
export function explain({ errno, step }: End, rights = readNodeRights()): string {
  if (errno === 0) return step;
  const name = getSystemErrorName(-errno);
  const what = `cannot ${step}: ${getSystemErrorMessage(-errno)} (${name})`;
  const why = reason(name, step, rights);
  return why === undefined ? what : `${what}. ${why}`;
}

function reason(name: string, step: string, rights: NodeRights): string | undefined {
  const isMap = /\bmap\b/.test(step);
  const isLoad = step === 'load the program';
  if (name === 'ENOSYS')
    return 'The kernel is built without CONFIG_BPF_SYSCALL: use CAPTURE=iftop.';
  if (step === 'open a packet socket') return packetSocket(name, rights);
  if (step === 'enter the network namespace' && name === 'EPERM')
    return 'Add the capability SYS_ADMIN to the container.';
  if (name === 'ENOMEM' && isMap)
    return "The flow maps do not fit into the container's memory limit: raise it.";
  if (isBefore(rights.release, BATCHES) && (isMap || step === 'read the flows'))
    return `It takes Linux ${BATCHES.join('.')}, this is ${rights.release}: use CAPTURE=iftop.`;
  if (name === 'EACCES' && isMap)
    return 'A security module (SELinux) does not let the container use bpf(2): allow it, or use CAPTURE=iftop.';
  return name === 'EPERM' && (isMap || isLoad) ? notPermitted(rights) : undefined;
}

function packetSocket(name: string, { capabilities }: NodeRights): string | undefined {
  if (name === 'EAFNOSUPPORT') return 'The kernel is built without CONFIG_PACKET.';
  if (name !== 'EPERM' || capabilities.has('NET_RAW')) return undefined;
  return 'Add the capability NET_RAW to the container.';
}

function notPermitted({ release, capabilities, hasSeccomp, lockdown }: NodeRights): string {
  if (!capabilities.has('SYS_ADMIN') && !capabilities.has('BPF'))
    return 'Add the capabilities BPF and PERFMON (since Linux 5.8), or SYS_ADMIN, to the container.';
  if (isBefore(release, CHARGED_TO_CGROUP))
    return 'Before Linux 5.11 the maps are locked memory: add the capability SYS_RESOURCE, or raise RLIMIT_MEMLOCK.';
  if (lockdown.includes('[confidentiality]'))
    return 'The kernel is locked down (/sys/kernel/security/lockdown): use CAPTURE=iftop.';
  return hasSeccomp
    ? "The container's seccomp profile does not allow bpf(2): use RuntimeDefault, or add bpf to the profile."
    : 'Something on this node does not allow bpf(2): use CAPTURE=iftop.';
}

function isBefore(release: string, [major, minor]: readonly [number, number]): boolean {
  const [, first, second] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  if (first === undefined) return false;
  return Number(first) < major || (Number(first) === major && Number(second) < minor);
}
