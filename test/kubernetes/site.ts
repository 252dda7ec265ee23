import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { selfSigned } from '../lab/apiserver/tls.ts';
import { kubeconfigFor } from '../lab/kubeconfig.ts';

/** A directory for the tests of a file, with the certificate of a server, and a kubeconfig that names it. */
export function site() {
  const directory = mkdtempSync(join(tmpdir(), 'nstats-api-'));
  const tls = selfSigned(directory, ['127.0.0.1']);
  const kubeconfig = join(directory, 'kubeconfig');
  after(() => rmSync(directory, { recursive: true }));
  const write = (url: string, token = 't') =>
    writeFileSync(kubeconfig, kubeconfigFor(url, tls.ca, token));
  return { directory, tls, kubeconfig, write };
}
