import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

/** A private certificate authority, as companies have one. */
export interface Authority {
  /** The file with its certificate, and that as PEM. */
  readonly file: string;
  readonly pem: string;
  /** A key and a certificate for these hosts, valid by now unless it has `expired`. */
  issue(
    hosts: readonly string[],
    options?: { readonly expired?: boolean },
  ): { readonly key: string; readonly cert: string };
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function makeAuthority(directory: string): Authority {
  mkdirSync(directory, { recursive: true });
  const path = (name: string) => join(directory, name);
  const [caKey, file] = [path('ca.key'), path('ca.crt')];
  const own = ['-subj', '/CN=private', '-days', '30', '-keyout', caKey, '-out', file];
  openssl('req', '-x509', ...KEY, ...own);
  // `openssl ca` is the one that takes an end in the past.
  const config = path('ca.cnf');
  writeFileSync(
    config,
    `[ca]
default_ca = private
[private]
database = ${path('index')}
serial = ${path('serial')}
new_certs_dir = ${directory}
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`,
  );
  writeFileSync(path('serial'), '01');
  let count = 0;
  return {
    file,
    pem: readFileSync(file, 'utf8'),
    issue(hosts, { expired = false } = {}) {
      const name = `host-${++count}`;
      const [key, request, cert] = ['key', 'csr', 'crt'].map((end) => path(`${name}.${end}`)) as [
        string,
        string,
        string,
      ];
      const names = hosts.map((host) => `${isIP(host) ? 'IP' : 'DNS'}:${host}`).join();
      const san = ['-addext', `subjectAltName=${names}`];
      openssl('req', ...KEY, '-subj', `/CN=${name}`, ...san, '-keyout', key, '-out', request);
      const past = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
      const life = expired ? past : ['-days', '30'];
      writeFileSync(path('index'), '');
      const by = ['-config', config, '-keyfile', caKey, '-cert', file];
      openssl('ca', '-batch', '-notext', ...by, ...life, '-in', request, '-out', cert);
      return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    },
  };
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
