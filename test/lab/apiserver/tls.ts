import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

/** Makes a key and a certificate that is its own authority, in the directory and as PEM. */
export function selfSigned(
  directory: string,
  addresses: readonly string[],
): { key: string; cert: string; ca: string } {
  const key = join(directory, 'tls.key');
  const cert = join(directory, 'tls.crt');
  const names = [...new Set(['localhost', ...addresses])].map((address) =>
    isIP(address) ? `IP:${address}` : `DNS:${address}`,
  );
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30';
  const files = ['-subj', '/CN=kube-apiserver', '-keyout', key, '-out', cert];
  execFileSync(
    'openssl',
    [...request.split(' '), ...files, '-addext', `subjectAltName=${names.join()}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const pem = readFileSync(cert, 'utf8');
  return { key: readFileSync(key, 'utf8'), cert: pem, ca: pem };
}
