import { setTimeout as sleep } from 'node:timers/promises';
import { errorOf } from '../error-of.ts';
import type { Mistake } from './networks.ts';
import type { Log } from '../model.ts';
import { ConfigError } from '../config-error.ts';
import { readNetworks, stateOf, described } from './networks-file.ts';

export interface NetworksOptions {
  readonly file: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How often the file is looked at, in milliseconds. */
  readonly period?: number;
}

/** More mistakes of a file than these are counted and not told. */
const TOLD = 30;

/**
 * Names addresses by the networks in a file: undefined for one that is in none of them. At start-up
 * all that is right in the file counts. Until `signal` is aborted the file is looked at again and
 * again, and when it has changed to one without mistakes, that one counts.
 * @throws ConfigError when the file cannot be read at start-up
 */
export async function followNetworks(
  options: NetworksOptions,
): Promise<(address: string) => string | undefined> {
  const { file, log, signal, period = 10_000 } = options;
  let state = await stateOf(file);
  let { networks, mistakes } = await readNetworks(file, signal).catch((error: unknown) => {
    const why = errorOf(error).message;
    throw new ConfigError([
      `NETWORKS_FILE is "${file}"; it must be a readable YAML file of names and CIDRs: ${why}`,
    ]);
  });
  log.info({ file, networks: networks.size }, 'networks read');
  if (mistakes.length > 0) warn(mistakes, 'the networks file has mistakes; the rest of it counts');
  void follow();
  return (address) => networks.match(address)?.value;

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      await sleep(period, undefined, { ref: false, signal }).catch(() => {});
      const now = await stateOf(file);
      if (signal.aborted || now === state) continue;
      state = now;
      await reload();
    }
  }

  async function reload(): Promise<void> {
    try {
      const next = await readNetworks(file, signal);
      if (next.mistakes.length > 0) {
        return warn(next.mistakes, 'the networks file has mistakes; the last good one stays');
      }
      ({ networks } = next);
      log.info({ file, networks: networks.size }, 'networks read');
    } catch (error) {
      if (signal.aborted) return;
      log.warn(
        { file, error: String(error) },
        'the networks file cannot be read; the last good one stays',
      );
    }
  }

  function warn(all: readonly Mistake[], message: string): void {
    const more = all.length > TOLD ? { more: all.length - TOLD } : {};
    log.warn({ file, mistakes: all.slice(0, TOLD).map(described), ...more }, message);
  }
}
