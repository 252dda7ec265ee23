/** Runs in a pod's network namespace for a moment: hands a UDP socket of it to the process outside. */
import { createSocket } from 'node:dgram';
import { PORT } from './traffic.ts';

const socket = createSocket('udp4').bind(PORT, () => {
  process.send?.('socket', socket, {}, () => {
    // It is open elsewhere now; here it would keep this process alive.
    socket.close();
    process.disconnect?.();
  });
});
