import { once } from 'node:events';
import { configure, GATEWAY, prepare } from './network.ts';
import { ip, type Processes, sh } from './shell.ts';

/**
 * Does to a pod's eth0 what KubeVirt does with bridge binding (pkg/network/setup/netpod): under another name and with
 * another hardware address it becomes a port of a bridge to the virtual machine, which has its addresses, and a dummy that
 * is down takes its name. The machine is another namespace; the dummy is an ifb, which has a dummy's flags and which more
 * kernels have. Resolves to a process in the machine.
 */
export async function bindMachine(
  pid: number,
  addresses: readonly string[],
  processes: Processes,
): Promise<number> {
  const hold = ['--net', 'sh', '-c', 'echo ready; exec sleep infinity'];
  const machine = processes.start('unshare', hold, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (machine.stdout) await once(machine.stdout, 'data');
  const guest = machine.pid ?? 0;
  const shown = sh('nsenter', ['-t', `${pid}`, '-n', 'ip', '-json', 'link', 'show', 'eth0']);
  const [{ address = '' } = {}] = JSON.parse(shown) as { address?: string }[];
  prepare(guest);
  ip(
    [
      'link set eth0 down',
      'link set eth0 name eth0-nic',
      'link set eth0-nic address 02:00:00:00:01:01',
      'link add k6t-eth0 address 02:00:00:00:01:01 type bridge',
      'link set k6t-eth0 up',
      'addr add 169.254.75.10/32 dev k6t-eth0',
      'link set eth0-nic master k6t-eth0 up',
      `link add tap0 type veth peer name eth0 netns ${guest}`,
      'link set tap0 master k6t-eth0 up',
      `link add eth0 address ${address} type ifb`,
      ...addresses.map((each) => `addr add ${each} dev eth0`),
    ],
    pid,
  );
  ip([`link set eth0 address ${address}`], guest);
  configure(guest, addresses, GATEWAY);
  return guest;
}
