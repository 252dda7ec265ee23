import { closeSync, fstatSync, openSync } from 'node:fs';
import { getDefaultHighWaterMark, setDefaultHighWaterMark } from 'node:stream';
import { execa } from 'execa';
import type { LocalPod, Netns } from '../model.ts';
import { belongsTo } from './pod-netns.ts';

/**
 * The users and groups that commands run as: those that systemd sets aside for users which exist no
 * longer than a service (systemd.io/UIDS-GIDS). One for each namespace, so that no command can trace or
 * signal another one, nor what else on the node runs as nobody.
 */
const USERS = { first: 61_184, count: 4336 };

/** What the shell prints when it stands in the namespace, stripped, and will die with us. */
export const ENTERED = 'entered';

/**
 * The command line that runs `command` in the network namespace of descriptor 3, as a `user` of its own, with
 * CAP_NET_RAW and nothing else. Every step is an exec, so it is one process from end to end.
 * The shell says that it is there and waits for a line: the signal that ends it with its parent
 * is set by then, so it can never be left over with a closed stdin, on which iftop spins. What
 * comes from outside is arguments of the command and never text of the shell; the command does not
 * get the descriptor of the namespace, which it would keep alive.
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

/** The same where the namespace is our own and nothing but CAP_NET_RAW was ever ours. */
function stayCommand(command: readonly string[]): readonly [string, ...string[]] {
  return ['setpriv', '--no-new-privs', '--pdeathsig=KILL', ...waitingShell(command)];
}

/** A namespace that could not be entered because it, or its pod, has gone. */
export class NetnsGoneError extends Error {
  readonly code = 'ERR_NETNS_GONE';
}

/**
 * Opens a pod's network namespace and confirms that it is the one: a process number alone may have
 * been taken over by another process since it was looked up.
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
  // Our own number cannot be another's, and out of our own cgroup namespace our pod's UID is not to be seen.
  const isOurs = netns.pid === 'self' || belongsTo(proc, netns.pid, cgroupUid);
  if (fstatSync(fd).ino === netns.inode && isOurs) return fd;
  closeSync(fd);
  throw new NetnsGoneError(`process ${netns.pid} is not the pod's any more`);
}

export type Entered = ReturnType<typeof enter>;

/**
 * Starts a command in the network namespace of an open descriptor, which is closed here: an open
 * one would keep a dead pod's namespace alive. Output comes as it is printed, in C's locale.
 */
export function enter(fd: number, command: readonly string[]) {
  try {
    const user = USERS.first + (fstatSync(fd).ino % USERS.count);
    return start(enterCommand(user, command), fd);
  } finally {
    closeSync(fd);
  }
}

/** Starts a command in our own network namespace, as a sidecar does. */
export function stay(command: readonly string[]): Entered {
  return start(stayCommand(command), 'ignore');
}

/** Starts a program of the agent's own, which ends by itself when the agent does. */
export function startHelper(file: string, args: readonly string[]) {
  return spawn([file, ...args], 'ignore');
}

function start(command: readonly [string, ...string[]], fd: number | 'ignore') {
  // Node would read ahead: what the command prints is to wait in the kernel until we want it.
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
    // execa takes any descriptor, its types only the small ones.
    stdio: ['pipe', 'pipe', 'pipe', fd as 3],
    buffer: false,
    // The kernel ends it with us; execa's own way would also take our signals away from us.
    cleanup: false,
    reject: false,
    extendEnv: false,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  });
}
