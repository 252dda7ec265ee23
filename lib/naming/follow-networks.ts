import { unwatchFile, watchFile } from 'node:fs';
import { CONDITIONS } from '../conditions.ts';
import { errorOf } from '../error-of.ts';
import { ConfigError } from '../config-error.ts';
import type { Log } from '../model.ts';
import type { Mistake, Network } from './networks.ts';
import { described, readNetworks } from './networks-file.ts';

export interface NetworksOptions {
  readonly file: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How often the file is checked for a change, in milliseconds. */
  readonly period?: number;
}

const { networksMistaken, networksUnreadable } = CONDITIONS;
/** More mistakes of a file than these are counted and not logged. */
const LOGGED = 30;

/**
 * Names addresses by the networks in a file: undefined for an address that is in none of them. At the start all that is
 * right in the file counts. Until `signal` is aborted a changed file counts if it has no mistakes.
 * @throws ConfigError when the file cannot be read at the start
 */
export async function followNetworks(
  options: NetworksOptions,
): Promise<(address: string) => Network | undefined> {
  const { file, log, signal, period = 10_000 } = options;
  const first = readNetworks(file, signal);
  let reloaded: Promise<unknown> = first;
  const changed = () => {
    // One at a time, and none if the first read has failed.
    reloaded = reloaded.then(reload).catch(() => {});
  };
  watchFile(file, { interval: period, persistent: false }, changed);
  const unwatch = () => unwatchFile(file, changed);
  signal.addEventListener('abort', unwatch, { once: true });
  let { networks, mistakes } = await first.catch((error: unknown) => {
    unwatch();
    const why = errorOf(error).message;
    throw new ConfigError([
      `NETWORKS_FILE is "${file}"; it must be a readable YAML file of names and CIDRs: ${why}`,
    ]);
  });
  log.info({ file, networks: networks.size }, 'networks read');
  if (mistakes.length > 0) warn(mistakes, `${networksMistaken.sentence}; the rest of it counts`);
  return (address) => networks.match(address)?.value;

  async function reload(): Promise<void> {
    try {
      const next = await readNetworks(file, signal);
      if (next.mistakes.length > 0) {
        warn(next.mistakes, `${networksMistaken.sentence}; the last good one stays`);
        return;
      }
      ({ networks } = next);
      log.info({ file, networks: networks.size }, 'networks read');
    } catch (error) {
      if (signal.aborted) return;
      const fields = { file, error: String(error), fix: networksUnreadable.remedy };
      log.warn(fields, `${networksUnreadable.sentence}; the last good one stays`);
    }
  }

  function warn(all: readonly Mistake[], message: string): void {
    const more = all.length > LOGGED ? { more: all.length - LOGGED } : {};
    const lines = all.slice(0, LOGGED).map(described);
    log.warn({ file, mistakes: lines, ...more, fix: networksMistaken.remedy }, message);
  }
}
