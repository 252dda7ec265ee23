import type { StoredWindow } from '../../lib/influx/spool/stored-window.ts';

/** A window of one pod that sent to one address, with who had that. */
export function windowOf(end: number): StoredWindow {
  const owner = {
    uid: 'db-uid',
    kind: 'pod' as const,
    namespace: 'shop',
    name: 'db',
    workload: 'StatefulSet/db',
    node: 'n',
    zone: '',
    ips: [],
    podCidrs: [],
    since: end - 60_000,
    started: Infinity,
    running: true,
  };
  return {
    end,
    figures: { podsSeen: { integer: 1 }, cpuSeconds: { float: 0.25 } },
    pods: [
      {
        selection: 'selected',
        pod: {
          uid: 'web-uid',
          cgroupUid: 'web-uid',
          namespace: 'shop',
          name: 'web',
          workload: 'Deployment/web',
          ips: ['10.0.0.1'],
        },
        iface: 'eth0',
        window: {
          start: end - 10_000,
          end,
          pairs: [
            {
              local: '10.0.0.1',
              remote: '10.0.0.2',
              sent: 700,
              received: 300,
              from: end - 9000,
              to: end - 1000,
            },
          ],
          rest: { sent: 0, received: 0 },
          kernel: { sent: 750, received: 300, sentPackets: 7, receivedPackets: 3 },
          uncaptured: { sent: 50, received: 0 },
          overloaded: false,
          paused: undefined,
          miscounted: { sent: false, received: false },
        },
      },
    ],
    owners: [
      {
        address: '10.0.0.2',
        owner,
        claim: 'pod',
        from: end - 60_000,
        by: end - 58_000,
        until: end - 4000,
      },
    ],
  };
}
