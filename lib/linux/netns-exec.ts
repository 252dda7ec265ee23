import { closeSync, fstatSync, openSync } from 'node:fs';
import { getDefaultHighWaterMark, setDefaultHighWaterMark } from 'node:stream';
import { execa } from 'execa';
import type { LocalPod, Netns } from '../model.ts';
import { belongsTo } from './pod-netns.ts';

/**
 * The users and groups that commands run as: those that systemd reserves for the dynamic users of services
 * (systemd.io/UIDS-GIDS). Each namespace has its own, so that no command can trace or signal another one, or what runs on
 * the node as nobody.
 */
const USERS = { first: 61_184, count: 4336 };

/** Printed by the shell when it is in the namespace, without privileges, and bound to die with the agent. */
export const ENTERED = 'entered';

/**
 * The command line that runs `command` in the network namespace of descriptor 3, as a `user` of its own, with CAP_NET_RAW and
 * no other capability. Every step is an exec, so it is one process from start to end. The shell prints a line and waits for
 * one: by then the signal is set that ends it with its parent, so it is never left over with a closed stdin, on which iftop
 * spins. Data from outside is only in arguments of the command, never in the text of the shell. The command does not get
 * the descriptor of the namespace, which it would keep alive.
 */
function enterCommand(user: number, command: readonly string[]): readonly [string, ...string[]] {
  return [
    'nsenter',
    '--net=/proc/self/fd/3',
    'setpriv',
    `--reuid=${user}`,
    `--regid=${user}`,
    '--clear-groups',
    '--inh-caps=-all,+net_raw',
    '--ambient-caps=-all,+net_raw',
    '--bounding-set=-all,+net_raw',
    '--no-new-privs',
    '--pdeathsig=KILL',
    ...waitingShell(command),
  ];
}

function waitingShell(command: readonly string[]): string[] {
  return ['sh', '-c', `echo ${ENTERED} && read -r _ && exec 3<&- && exec "$@"`, 'sh', ...command];
}

/** A namespace could not be entered because it, or its pod, has gone. */
export class NetnsGoneError extends Error {
  readonly code = 'ERR_NETNS_GONE';
}

/**
 * Opens a pod's network namespace and confirms that it is the pod's: another process may have got the process number since it
 * was read.
 *
 * @returns a descriptor, to be closed by the caller
 * @throws NetnsGoneError
 */
export function openNetns(proc: string, netns: Netns, cgroupUid: LocalPod['cgroupUid']): number {
  let fd: number;
  try {
    fd = openSync(`${proc}/${netns.pid}/ns/net`, 'r');
  } catch (cause) {
    throw new NetnsGoneError(`process ${netns.pid} has gone`, { cause });
  }
  // The agent's own process cannot be another one, and the pod's UID may not be visible in the agent's cgroup namespace.
  const isPods = netns.pid === 'self' || belongsTo(proc, netns.pid, cgroupUid);
  if (fstatSync(fd).ino === netns.inode && isPods) return fd;
  closeSync(fd);
  throw new NetnsGoneError(`process ${netns.pid} is not the pod's any more`);
}

export type Entered = ReturnType<typeof enter>;

/**
 * Starts a command in the network namespace of an open descriptor, and closes that: an open descriptor would keep a dead pod's
 * namespace alive. Output comes as it is printed, in the locale C.
 */
export function enter(fd: number, command: readonly string[]) {
  try {
    const user = USERS.first + (fstatSync(fd).ino % USERS.count);
    return start(enterCommand(user, command), fd);
  } finally {
    closeSync(fd);
  }
}

/** Starts a command in the agent's own network namespace, as a sidecar does, which has no capability but CAP_NET_RAW. */
export function stay(command: readonly string[]): Entered {
  return start(
    ['setpriv', '--no-new-privs', '--pdeathsig=KILL', ...waitingShell(command)],
    'ignore',
  );
}

/** Starts a program of the agent's own, which ends by itself when the agent does. */
export function startHelper(file: string, args: readonly string[]) {
  return spawn([file, ...args], 'ignore');
}

function start(command: readonly [string, ...string[]], fd: number | 'ignore') {
  // Node would read ahead, but output should stay in the kernel until it is wanted.
  const usual = getDefaultHighWaterMark(false);
  setDefaultHighWaterMark(false, 1);
  try {
    return spawn(command, fd);
  } finally {
    setDefaultHighWaterMark(false, usual);
  }
}

function spawn([file, ...args]: readonly [string, ...string[]], fd: number | 'ignore') {
  return execa(file, args, {
    // execa accepts any descriptor, its types only small ones.
    stdio: ['pipe', 'pipe', 'pipe', fd as 3],
    buffer: false,
    // The kernel ends the command with the agent; execa's own way would also take over the agent's signals.
    cleanup: false,
    reject: false,
    extendEnv: false,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  });
}
