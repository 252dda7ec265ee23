/** A server that the agent connects to, and the settings by which it is reached. */
export interface Server {
  /** The name of the server in a sentence. */
  readonly name: string;
  readonly url: string;
  /** The setting that has its address. */
  readonly address: string;
  /** How to make a certificate authority known. */
  readonly authority: string;
  /** How to accept another name in its certificate; undefined if only the address can be changed. */
  readonly otherName?: string;
  /** How a client certificate is set; undefined if the agent never sends one. */
  readonly identity?: string;
  /** The settings of the proxy. */
  readonly proxy: string;
  /** The URL of the proxy that requests go through, if there is one. */
  readonly via?: string;
}

/** What is wrong in a sentence, and what to do about it. */
export interface Fault {
  readonly what: string;
  readonly fix: string;
}

interface Kind {
  /** Codes of Node, OpenSSL and getaddrinfo. */
  readonly codes: RegExp;
  readonly what: (server: Server, host: string) => string;
  readonly fix: (server: Server, host: string) => string;
}

const KINDS: readonly Kind[] = [
  {
    codes: /^ECONNREFUSED$/,
    what: ({ url }) => `nothing listens at ${url}`,
    fix: ({ name, address }) => `is ${name} running, and are host and port in ${address} right?`,
  },
  {
    codes: /^(ENOTFOUND|EAI_\w+|ENODATA)$/,
    what: (_, host) => `DNS does not know the name ${host}`,
    fix: ({ address }) => `is the host in ${address} right, and does DNS work in this pod?`,
  },
  {
    codes: /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ESOCKETTIMEDOUT)$/,
    what: ({ name, url }) => `${name} does not answer at ${url}`,
    fix: ({ address }) =>
      `is the host in ${address} right? Check NetworkPolicies, firewalls and routes on the way there`,
  },
  {
    codes: /^(ERR_PROXY_\w+)$/,
    what: ({ name }) => `the proxy lets nothing through to ${name}`,
    fix: ({ proxy }) => `check ${proxy}: address, user and password of the proxy`,
  },
  {
    codes:
      /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|CERT_CHAIN_TOO_LONG|INVALID_CA)$/,
    what: ({ name }) => `the certificate of ${name} is from an authority that is not known here`,
    fix: ({ authority }) => authority,
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    what: ({ name }) => `the certificate of ${name} has expired`,
    fix: ({ name }) => `renew the certificate of ${name}, and check the clock of this node`,
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    what: ({ name }) => `the certificate of ${name} is not valid yet`,
    fix: ({ name }) => `check the clocks of this node and of ${name}`,
  },
  {
    codes: /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    what: ({ name }, host) => `the certificate of ${name} is not for ${host}`,
    fix: ({ address, otherName }) =>
      `put a name that is in the certificate into ${address}${otherName ? `, or set ${otherName}` : ''}`,
  },
  {
    codes: /ALERT_.*(CERTIFICATE|UNKNOWN_CA)|CERTIFICATE_REQUIRED/,
    what: ({ name }) => `${name} does not take the agent's client certificate, or wants one`,
    fix: ({ name, identity }) =>
      identity ?? `nstats sends no client certificate: let ${name} ask for none`,
  },
  {
    codes: /^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/,
    what: ({ url }) => `what answers at ${url} speaks no TLS, or another version of it`,
    fix: ({ address }) => `is the port in ${address} right, or should it say http://?`,
  },
  {
    codes: /^HPE_/,
    what: ({ url }) => `what answers at ${url} speaks no HTTP`,
    fix: ({ address }) => `is the port in ${address} right, or should it say https://?`,
  },
  {
    codes: /^(ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|ERR_HTTP2_\w+)$/,
    what: ({ name }) => `${name} closed the connection`,
    fix: ({ name, url, address }) => {
      const tls = url.startsWith('http:') ? `; if it speaks TLS, ${address} must say https://` : '';
      return `check ${name} and proxies on the way there${tls}`;
    },
  },
];

const CONNECTING = /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH)$/;

/** What the error of a connection means; undefined for any other error. Some errors have only a message. */
export function connectionFault(
  { code, message }: { readonly code?: string | undefined; readonly message: string },
  server: Server,
): Fault | undefined {
  const proxied = /^Bad response: \d+$|Proxy (response|connection|timeout)/i.test(message);
  const late = /^GET \S+: no answer within|no whole answer within|not even to a PING/.test(message);
  const known = proxied ? 'ERR_PROXY_TUNNEL' : late ? 'ETIMEDOUT' : (code ?? '');
  const kind = KINDS.find(({ codes }) => codes.test(known));
  if (!kind) return undefined;
  // Where there is a proxy, it is the connection to the proxy that cannot be made.
  const { via } = server;
  const next =
    via && CONNECTING.test(known)
      ? { ...server, name: 'the proxy', url: via, address: server.proxy }
      : server;
  const host = URL.parse(next.url)?.hostname ?? next.url;
  return { what: kind.what(next, host) + more(message), fix: kind.fix(next, host) };
}

/** What a message adds; some only repeat the code, or say "aborted". */
function more(message: string): string {
  const [, reason = message] = /SSL routines:[^:]*:([^:]+)/.exec(message) ?? [];
  return /^(aborted|socket hang up|read ECONNRESET)?$/.test(reason) ? '' : ` (${reason.trim()})`;
}
