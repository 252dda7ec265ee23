import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { ip, sh } from './shell.ts';

/** The node's addresses, the pods' gateway and the outside's router; all private or documentation. */
export const NODE_IPS: readonly [string, string] = ['192.0.2.10', '2001:db8:0:1::10'];
export const GATEWAY = { v4: '10.244.0.1', v6: 'fd00:10:244::1' };
export const GATEWAY_MAC = '02:00:00:00:00:01';
export const POD_CIDRS = ['10.244.0.0/24', 'fd00:10:244::/64'];

/**
 * Makes the own network namespace a node: a bridge for the pods, whose ports cannot
 * reach each other but by way of the node's routing, so that every packet passes its DNAT.
 */
export function buildNode(): void {
  if (!process.env['LAB_DIRECTORY'])
    throw new Error('the lab runs inside its own namespaces: node test/lab/enter.ts <script>');
  // What an earlier lab within the same walls may have left.
  for (const bridge of ['cni0', SECOND]) spawnSync('ip', ['link', 'delete', bridge]);
  spawnSync('nft', ['delete', 'table', 'inet', 'services']);
  prepare(process.pid);
  ip([
    'link set lo up',
    ...NODE_IPS.map((address) => `addr replace ${address} dev lo`),
    // With an address of its own, or it would take that of a pod's link, and change with the pods.
    `link add cni0 address ${GATEWAY_MAC} type bridge`,
    `addr add ${GATEWAY.v4}/24 dev cni0`,
    `addr add ${GATEWAY.v6}/64 dev cni0 nodad`,
    'link set cni0 up',
    `link add ${SECOND} address 02:00:00:00:00:02 type bridge`,
    `link set ${SECOND} up`,
  ]);
  const settings = {
    'ipv4/ip_forward': 1,
    'ipv6/conf/all/forwarding': 1,
    'ipv4/conf/all/send_redirects': 0,
    'ipv4/conf/cni0/send_redirects': 0,
  };
  for (const [name, value] of Object.entries(settings)) {
    writeFileSync(`/proc/sys/net/${name}`, `${value}`);
  }
  // Where the bridge's own netfilter is there, it would bridge what is to be routed.
  for (const family of ['iptables', 'ip6tables']) {
    const file = `/proc/sys/net/bridge/bridge-nf-call-${family}`;
    if (existsSync(file)) writeFileSync(file, '0');
  }
  const chain = 'chain inet services nat { type nat hook prerouting priority dstnat; }';
  sh('nft', ['-f', '-'], `add table inet services\nadd ${chain}\n`);
  // All pods are behind one interface, of which the node would tell them again and again.
  const quiet = 'chain inet services quiet { type filter hook output priority 0; }';
  const rule = 'rule inet services quiet icmpv6 type nd-redirect drop';
  sh('nft', ['-f', '-'], `add ${quiet}\nadd ${rule}\n`);
}

/** The bridge of a second network, which the node is no part of. */
const SECOND = 'second0';

/** Names bear the own PID: the kernel takes its time to remove an earlier lab's. */
let links = 0;

/**
 * Settles how interfaces that are still to come will do IPv6: at once, without looking for
 * duplicates first, and by way of the gateway even if it says that there is a shorter one.
 */
export function prepare(pid: number): void {
  const set =
    'cd /proc/sys/net/ipv6/conf/default && echo 0 >accept_dad && echo 0 >accept_redirects';
  inNamespace(pid, set);
}

function inNamespace(pid: number, script: string): string {
  return sh('nsenter', ['-t', `${pid}`, '-n', 'sh', '-c', script]);
}

/**
 * Gives the namespace of a process an `eth0` on the bridge with these addresses. Returns the name of
 * its other end. Of a `redirected` one received packets are not counted.
 */
export function plug(pid: number, addresses: readonly string[], redirected = false): string {
  const link = `v${process.pid}-${++links}`;
  prepare(pid);
  ip([
    `link add ${link} type veth peer name ${redirected ? 'port' : 'eth0'} netns ${pid}`,
    `link set ${link} master cni0 up`,
    `link set ${link} type bridge_slave isolated on`,
  ]);
  if (redirected) redirect(pid);
  configure(pid, addresses, GATEWAY);
  return link;
}

/**
 * Gives a pod an `eth0` that does not count what it receives, as where Cilium redirects packets into
 * the pod on an older kernel: they come by another interface and are redirected to `eth0`, behind
 * where it counts. What it sends leaves by its other end, and is counted.
 */
function redirect(pid: number): void {
  // As the MAC address is the same, a packet for the one is for the other.
  const mac = `02:00:00:01:${(links >> 8).toString(16)}:${(links & 255).toString(16)}`;
  ip(
    [
      `link set port address ${mac} up`,
      `link add eth0 address ${mac} type veth peer name behind`,
      'link set behind up',
    ],
    pid,
  );
  const rules = [
    ...redirection('port', 'ingress', 'eth0'),
    ...redirection('behind', 'egress', 'port'),
  ];
  sh('nsenter', ['-t', `${pid}`, '-n', 'tc', '-batch', '-'], `${rules.join('\n')}\n`);
}

/** What arrives at an interface goes to another one, to come in there or to leave by it. */
function redirection(from: string, way: 'ingress' | 'egress', to: string): string[] {
  return [
    `qdisc add dev ${from} clsact`,
    `filter add dev ${from} ingress protocol all u32 match u32 0 0 action mirred ${way} redirect dev ${to}`,
  ];
}

/** Gives it one more interface, in the second network, with these addresses and their networks. */
export function plugSecond(pid: number, name: string, addresses: readonly string[]): string {
  const link = `w${process.pid}-${++links}`;
  prepare(pid);
  ip([
    `link add ${link} type veth peer name ${name} netns ${pid}`,
    `link set ${link} master ${SECOND} up`,
  ]);
  ip([`link set ${name} up`, ...addresses.map((cidr) => `addr add ${cidr} dev ${name}`)], pid);
  return link;
}

/**
 * Takes the addresses off the interface of a pod, as gVisor does, whose sandbox answers to them itself; by this
 * hardware address, or by that of the interface, which is returned.
 */
export function takeAddresses(pid: number, addresses: readonly string[], mac?: string): string {
  const [, own = ''] = /link\/ether (\S+)/.exec(inNamespace(pid, 'ip -o link show eth0')) ?? [];
  inNamespace(pid, 'ip addr flush dev eth0 && ip -6 addr flush dev eth0');
  ip(
    addresses.map(
      (address) => `neigh replace ${address} lladdr ${mac ?? own} dev cni0 nud permanent`,
    ),
  );
  return mac ?? own;
}

/**
 * Has the kernel cut what the eth0 of a process's namespace sends into packets before eth0 gets it, or lets eth0 do it
 * again, by ioctl(SIOCETHTOOL) with ETHTOOL_STSO and ETHTOOL_SGSO.
 */
export function offload(pid: number, isOn: boolean): void {
  const set = `use Socket; socket(S, AF_INET, SOCK_DGRAM, 0) or die; for my $what (0x1f, 0x24) {
  my $set = pack("LL", $what, ${Number(isOn)}); ioctl(S, 0x8946, pack("a16 P", "eth0", $set)) or die $! }`;
  sh('nsenter', ['-t', `${pid}`, '-n', 'perl', '-e', set]);
}

/** Takes a pod's interface away by its other end, as a network plug-in does. */
export function unplug(link: string): void {
  ip([`link delete ${link}`]);
}

/** Connects the namespace of a process to the node as a host of the outside world. */
export function plugOutside(pid: number, addresses: readonly string[]): void {
  const link = `o${process.pid}-${++links}`;
  const [v4, v6] = NODE_IPS;
  prepare(pid);
  ip([
    `link add ${link} type veth peer name eth0 netns ${pid}`,
    `link set ${link} up`,
    // ARP answers for the addresses of other interfaces, IPv6's neighbour discovery does not.
    `addr add ${v6}/128 dev ${link} nodad`,
  ]);
  configure(pid, addresses, { v4, v6 });
  ip(addresses.map((address) => `route add ${address}/${bits(address)} dev ${link}`));
}

export function configure(
  pid: number,
  addresses: readonly string[],
  gateway: typeof GATEWAY,
): void {
  const up = [
    'link set lo up',
    'link set eth0 up',
    ...addresses.map(
      (address) =>
        `addr add ${address}/${bits(address)} dev eth0${address.includes(':') ? ' nodad' : ''}`,
    ),
    `route add ${gateway.v4} dev eth0`,
    `route add default via ${gateway.v4} dev eth0`,
    `route add ${gateway.v6} dev eth0`,
    `route add default via ${gateway.v6} dev eth0`,
  ];
  ip(up, pid);
}

function bits(address: string): number {
  return address.includes(':') ? 128 : 32;
}

/** Sends what is addressed to a service to its backends in turn, as kube-proxy does. */
export function balance(clusterIP: string, port: number, backends: readonly string[]): void {
  const family = clusterIP.includes(':') ? 'ip6' : 'ip';
  const map = backends.map((backend, index) => `${index} : ${backend}`).join(', ');
  const one = backends.length === 1;
  const target = one ? backends[0] : `numgen inc mod ${backends.length} map { ${map} }`;
  const match = `${family} daddr ${clusterIP} meta l4proto { tcp, udp } th dport ${port}`;
  sh('nft', ['-f', '-'], `add rule inet services nat ${match} dnat ${family} to ${target}\n`);
}

/** Replaces the source of what is forwarded to a port by an address of a node, as kube-proxy and CNI plug-ins do (IPv4). */
export function masquerade(port: number, address: string): void {
  const chain = 'chain inet services sources { type nat hook postrouting priority srcnat; }';
  const rule = `meta l4proto { tcp, udp } th dport ${port} snat ip to ${address}`;
  sh('nft', ['-f', '-'], `add ${chain}\nadd rule inet services sources ${rule}\n`);
}
