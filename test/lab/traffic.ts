/**
 * Traffic at known rates, to be run in a pod:
 *
 *   traffic.ts serve <port>                     takes what comes by TCP and UDP; a TCP client that
 *                                               begins with a number is sent so many bytes a second
 *   traffic.ts send <host> <port> <bytes/s> [on-seconds off-seconds]     sends by TCP
 *   traffic.ts streams <host> <port> <bytes/s> <count>     sends by so many TCP connections together
 *   traffic.ts visit <host> <port> <connections/s> <bytes> sends so many bytes by a TCP connection each
 *   traffic.ts fetch <host> <port> <bytes/s>    receives by TCP
 *   traffic.ts spray <port> <bytes/s> <host>... sends by UDP to all of the hosts, each its share
 *   traffic.ts sweep <packets/s> <count> [bytes]   sends by UDP to so many addresses from 198.18.0.0 on,
 *                                               one after the other, so many bytes a packet
 *   traffic.ts datagrams <host> <port> <bytes/s> <bytes>   sends UDP packets of so many bytes
 *   traffic.ts answer <port> <count> <address>...  answers by UDP what `ask` asks, at so many ports from this one on
 *   traffic.ts ask <times> <bytes> <bytes of an answer> <host:port>...  asks all of them by UDP, each question when the
 *                                               last one was answered, and ends; fails if an answer does not come
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Socket } from 'node:net';

const [mode, ...args] = process.argv.slice(2);
const STEP = 20;
/** Milliseconds in which a question is answered. */
const PATIENCE = 10_000;

if (mode === 'serve') serve(Number(args[0]));
if (mode === 'send')
  send(args[0] ?? '', Number(args[1]), Number(args[2]), args.slice(3).map(Number));
if (mode === 'streams') streams(args[0] ?? '', args.slice(1).map(Number));
if (mode === 'visit') visit(args[0] ?? '', args.slice(1).map(Number));
if (mode === 'fetch') fetchFrom(args[0] ?? '', Number(args[1]), Number(args[2]));
if (mode === 'sweep') sweep(args.map(Number));
if (mode === 'datagrams') datagrams(args[0] ?? '', args.slice(1).map(Number));
if (mode === 'answer') answer(Number(args[0]), Number(args[1]), args.slice(2));
if (mode === 'ask')
  await Promise.all(args.slice(3).map((to) => ask(to, args.slice(0, 3).map(Number))));
if (mode === 'spray') spray(Number(args[0]), Number(args[1]), args.slice(2));

function serve(port: number): void {
  createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (first) => {
      const rate = /^rate (\d+)\n/.exec(first.toString('latin1'))?.[1];
      if (rate) pace(socket, Number(rate));
    });
    socket.resume();
  }).listen(port, '::', () => console.log('ready'));
  createSocket({ type: 'udp6', reuseAddr: true }).bind(port, '::');
}

function send(host: string, port: number, rate: number, [on = 0, off = 0]: number[]): void {
  const socket = connect(port, host, () => pace(socket, rate, on, off));
  socket.on('error', () => setTimeout(() => send(host, port, rate, [on, off]), 100));
  socket.resume();
}

function streams(host: string, [port = 0, rate = 0, count = 1]: number[]): void {
  for (let nth = 0; nth < count; nth += 1) send(host, port, rate / count, []);
}

function visit(host: string, [port = 0, rate = 1, bytes = 0]: number[]): void {
  setInterval(() => {
    const socket = connect(port, host, () => socket.end(Buffer.alloc(bytes)));
    socket.on('error', () => {});
    socket.resume();
  }, 1000 / rate);
}

function fetchFrom(host: string, port: number, rate: number): void {
  const socket = connect(port, host, () => socket.write(`rate ${rate}\n`));
  socket.on('error', () => setTimeout(() => fetchFrom(host, port, rate), 100));
  socket.resume();
}

/** Writes so many bytes a second, as evenly as a timer allows, pausing if `off` seconds are given. */
function pace(socket: Socket, rate: number, on = 0, off = 0): void {
  const start = performance.now();
  let written = 0;
  const timer = setInterval(() => {
    const elapsed = (performance.now() - start) / 1000;
    const cycle = on + off;
    const active =
      off > 0 ? Math.floor(elapsed / cycle) * on + Math.min(on, elapsed % cycle) : elapsed;
    const due = Math.floor(active * rate) - written;
    if (due <= 0 || socket.writableLength > rate) return;
    socket.write(Buffer.alloc(due));
    written += due;
  }, STEP);
  socket.on('close', () => clearInterval(timer));
}

function spray(port: number, rate: number, hosts: readonly string[]): void {
  const sockets = { v4: createSocket('udp4'), v6: createSocket('udp6') };
  const start = performance.now();
  const sent = hosts.map(() => 0);
  setInterval(() => {
    const elapsed = (performance.now() - start) / 1000;
    for (const [index, host] of hosts.entries()) {
      // The first gets the least and the last the most, so that their order is known.
      const share = (2 * (index + 1)) / (hosts.length * (hosts.length + 1));
      const due = Math.floor(elapsed * rate * share) - (sent[index] ?? 0);
      if (due < 100) continue;
      const payload = Buffer.alloc(Math.min(due, 1200));
      (isIPv6(host) ? sockets.v6 : sockets.v4).send(payload, port, host);
      sent[index] = (sent[index] ?? 0) + payload.length;
    }
  }, STEP);
}

function sweep([rate = 0, count = 1, bytes = 100]: number[]): void {
  // The addresses need not be looked up.
  const socket = createSocket({
    type: 'udp4',
    lookup: (host, _options, done) => done(null, host, 4),
  });
  const payload = Buffer.alloc(bytes);
  const start = performance.now();
  let sent = 0;
  setInterval(() => {
    const due = Math.min(sent + rate, Math.floor(((performance.now() - start) / 1000) * rate));
    for (; sent < due; sent += 1) {
      const host = sent % count;
      socket.send(payload, 9, `198.${18 + (host >> 16)}.${(host >> 8) & 255}.${host & 255}`);
    }
  }, STEP);
}

function datagrams(host: string, [port = 0, rate = 0, bytes = 1]: number[]): void {
  const socket = createSocket('udp4');
  const payload = Buffer.alloc(bytes);
  const start = performance.now();
  let sent = 0;
  setInterval(() => {
    const due = ((performance.now() - start) / 1000) * rate;
    for (; sent + bytes <= due; sent += bytes) socket.send(payload, port, host);
  }, STEP);
}

function answer(first: number, count: number, addresses: readonly string[]): void {
  const ports = Array.from({ length: count }, (_, nth) => first + nth);
  const bound = addresses.flatMap((address) =>
    ports.map(async (port) => {
      const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4').bind(port, address);
      socket.on('message', (question, from) => {
        socket.send(Buffer.alloc(question.readUInt32BE()), from.port, from.address);
      });
      await once(socket, 'listening');
    }),
  );
  void Promise.all(bound).then(() => console.log('ready'));
}

/** A question begins with the length of the answer. */
async function ask(to: string, [times = 0, bytes = 0, answered = 0]: number[]): Promise<void> {
  const [host = '', port] = to.split(':');
  const socket = createSocket('udp4');
  socket.connect(Number(port), host);
  await once(socket, 'connect');
  const question = Buffer.alloc(bytes);
  question.writeUInt32BE(answered);
  for (let nth = 0; nth < times; nth += 1) {
    socket.send(question);
    await once(socket, 'message', { signal: AbortSignal.timeout(PATIENCE) });
  }
  socket.close();
}
