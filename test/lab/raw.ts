/**
 * Sends by UDP as a sandbox does that has a network stack of its own: past the kernel's, by a packet socket on eth0.
 *
 *   raw.ts <MAC address> <gateway's MAC address> <IP address> <host> <bytes/s>
 *
 * Node has no packet sockets, so Perl, which every Debian has, hands the frames over.
 */
import { spawn } from 'node:child_process';
import { isIPv4 } from 'node:net';
import { sh } from './shell.ts';

/** socket(AF_PACKET, SOCK_RAW), bound to an interface by a struct sockaddr_ll: packet(7). */
const SEND = `
socket(S, 17, 3, 0) or die "socket: $!";
bind(S, pack("SSlSCCx8", 17, 0, $ARGV[0], 0, 0, 0)) or die "bind: $!";
while (read(STDIN, $frame, $ARGV[1])) { syswrite(S, $frame) }
`;
const STEP = 20;
/** The length of a packet, its IP header included. */
const LENGTH = 1000;

const [mac = '', gateway = '', from = '', to = '', rate = ''] = process.argv.slice(2);
const type = isIPv4(from) ? '0800' : '86dd';
const header = Buffer.from(`${gateway}${mac}${type}`.replaceAll(':', ''), 'hex');
const frame = Buffer.concat([header, isIPv4(from) ? packet4() : packet6()]);
const [index = ''] = /^\d+/.exec(sh('ip', ['-o', 'link', 'show', 'eth0'])) ?? [];
const perl = spawn('perl', ['-e', SEND, index, `${frame.length}`], {
  stdio: ['pipe', 'inherit', 'inherit'],
});
const start = performance.now();
let sent = 0;
setInterval(() => {
  const due = ((performance.now() - start) / 1000) * Number(rate);
  for (; sent < due; sent += LENGTH) perl.stdin.write(frame);
}, STEP);

function packet4(): Buffer {
  const packet = udp(20);
  packet.writeUInt16BE(0x45_00);
  packet.writeUInt16BE(LENGTH, 2);
  packet.writeUInt16BE(0x40_11, 8);
  packet.set(from.split('.').map(Number), 12);
  packet.set(to.split('.').map(Number), 16);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += packet.readUInt16BE(at);
  packet.writeUInt16BE(0xffff - ((sum & 0xffff) + (sum >> 16)), 10);
  return packet;
}

/** The receiver may throw it away for its checksum, but the way to it does not mind. */
function packet6(): Buffer {
  const packet = udp(40);
  packet[0] = 0x60;
  packet.writeUInt16BE(LENGTH - 40, 4);
  packet.writeUInt16BE(0x11_40, 6);
  packet.set(bytes(from), 8);
  packet.set(bytes(to), 24);
  return packet;
}

function udp(header: number): Buffer {
  const packet = Buffer.alloc(LENGTH);
  packet.writeUInt16BE(9, header);
  packet.writeUInt16BE(9, header + 2);
  packet.writeUInt16BE(LENGTH - header, header + 4);
  return packet;
}

/** The 16 bytes of an IPv6 address. */
function bytes(address: string): Buffer {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const groups = [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
