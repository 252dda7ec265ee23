import { BlockList, isIP } from 'node:net';

/** The proxies of the environment (HTTP_PROXY, HTTPS_PROXY), and the hosts that need none (NO_PROXY). */
export interface Proxies {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly no: string;
}

/** The URL of a proxy, which may be no more than host:port; undefined if it is none. */
export function parseProxy(text: string): string | undefined {
  const url = URL.parse(/^\w+:\/\//.test(text) ? text : `http://${text}`);
  const isWhole = url && /^https?:$/.test(url.protocol) && url.hostname;
  return isWhole && isEncoded(url.username + url.password) ? url.href : undefined;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The proxy for a URL, by the rules of Go's programs, such as kubectl: a domain in NO_PROXY covers its subdomains, CIDRs
 * are allowed, and loopback needs no proxy. Node's own NO_PROXY knows no CIDRs, which people write for a cluster.
 */
export function proxyFor(url: string, { http, https, no }: Proxies): string | undefined {
  const { protocol, hostname, port: given } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const port = given || (protocol === 'https:' ? '443' : '80');
  if (isLoopback(host)) return undefined;
  const direct = no.split(',').some((entry) => matches(entry.trim().toLowerCase(), host, port));
  return direct ? undefined : protocol === 'https:' ? https : http;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || inNetwork(host, '127.0.0.0/8') || host === '::1';
}

/** An entry of NO_PROXY: `*`, a domain, an address or a network, some with a port. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inNetwork(host, entry);
  const [, bracketed, name = bracketed ?? '', onlyPort] =
    isIP(entry) === 6
      ? [entry, entry]
      : (/^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? []);
  if (!name || (onlyPort !== undefined && onlyPort !== port)) return false;
  const domain = name.replace(/^\*?\./, '');
  return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}

function inNetwork(address: string, network: string): boolean {
  const [base = '', prefix] = network.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(base) !== family || !/^\d{1,3}$/.test(prefix ?? '')) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(prefix), type);
  return list.check(address, type);
}

/** A URL without user and password. */
export function withoutUser(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/]*@/, '$1');
}

/** The password of a proxy in all forms in which it is sent or configured. */
export function secretsOfProxy(url: string | undefined): string[] {
  const { username = '', password = '' } = URL.parse(url ?? '') ?? {};
  if (password === '') return [];
  const plain = decodeURIComponent(password);
  const user = `${decodeURIComponent(username)}:${plain}`;
  return [password, plain, Buffer.from(user).toString('base64')];
}
