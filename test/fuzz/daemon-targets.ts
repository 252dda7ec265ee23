/** The settings of the daemon. */
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { readConfig } from '../../daemon/config.ts';
import { ConfigError } from '../../lib/config-error.ts';
import type { Target } from './target.ts';

const SECRET = 'hunter2-of-the-tests';
const BASE = 'NODE_NAME=worker-1\nINFLUX_URL=https://influx.example:8086/base/\n';

export const daemonTargets: readonly Target[] = [
  {
    name: 'config',
    seeds: [
      `${BASE}INFLUX_BUCKET=b\nINFLUX_ORG=o\nINFLUX_TOKEN=t\nINTERVAL=1m\nSPOOL_MAX=2GiB\nCPU_BUDGET=0.25\n`,
      `${BASE}INFLUX_DATABASE=d\nINFLUX_USERNAME=u\nINFLUX_PASSWORD=p\nLISTEN=[::1]:9790\nPEERS_PER_POD=7\n`,
      `${BASE}INFLUX_BUCKET=b\nNAMESPACES=a,b\nEXCLUDE_NAMESPACES=c\nIFACE=eth1\nPEER_DETAIL=workload\n`,
      `${BASE}INFLUX_BUCKET=b\nSIDECAR=true\nPOD_UID=u\nPOD_NAMESPACE=n\nPOD_NAME=p\nPOD_IPS=10.0.0.1,fd00::1\n`,
    ].map((text) => Buffer.from(text)),
    check(input, random) {
      const environment = Object.fromEntries(
        input
          .toString()
          .split('\n')
          .map((line): [string, string] => {
            const [name = '', ...value] = line.split('=');
            const secret = /TOKEN|PASSWORD/.test(name) ? SECRET : '';
            return [name, value.join('=') + secret];
          }),
      );
      if (random.below(4) === 0)
        environment['INFLUX_URL'] = `http://user:${SECRET}@${input.toString()}`;
      let config: ReturnType<typeof readConfig>;
      try {
        config = readConfig(environment);
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        assert.ok(error.mistakes.length > 0 && !error.message.includes(SECRET), error.message);
        return;
      }
      const { interval, influx, spool, peersPerPod, cpuBudget, listen, sidecar } = config;
      assert.ok(interval >= 5000 && interval <= 3_600_000);
      assert.ok(Number.isInteger(peersPerPod) && peersPerPod >= 1 && peersPerPod <= 1000);
      assert.ok(Number.isInteger(spool.max) && spool.directory.startsWith('/'));
      assert.ok(cpuBudget > 0 && listen.port >= 1 && listen.port <= 65_535);
      const { protocol, username, password, search } = new URL(influx.url);
      assert.match(protocol, /^https?:$/);
      assert.equal(username + password + search, '');
      assert.ok((influx.api === 2 ? influx.bucket : influx.database) !== '');
      assert.ok(sidecar?.ips.every((ip) => isIP(ip)) ?? true);
    },
  },
];
