import { readFileSync } from 'node:fs';

/** A kubeconfig for a server with a certificate authority (PEM) and a bearer token. */
export function kubeconfigFor(server: string, ca: string, token: string): string {
  const authority = Buffer.from(ca).toString('base64');
  return kubeconfigOf({ server, 'certificate-authority-data': authority }, { token });
}

/** A kubeconfig without a certificate authority: the server's certificate is not verified. */
export function insecureKubeconfig(server: string, token: string): string {
  return kubeconfigOf({ server, 'insecure-skip-tls-verify': true }, { token });
}

/** A kubeconfig of one cluster and one user. */
export function kubeconfigOf(cluster: object, user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster }],
    users: [{ name: 'lab', user }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    'current-context': 'lab',
  });
}

/** The server, authority and token of a kubeconfig, as a pod gets them from its service account. */
export function reachable(path: string) {
  const { clusters, users } = JSON.parse(readFileSync(path, 'utf8')) as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
    users: { user: { token: string } }[];
  };
  const cluster = clusters[0]?.cluster;
  return {
    server: new URL(cluster?.server ?? ''),
    ca: Buffer.from(cluster?.['certificate-authority-data'] ?? '', 'base64').toString(),
    token: users[0]?.user.token ?? '',
  };
}
