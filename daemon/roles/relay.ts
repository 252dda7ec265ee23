import { createLog, Problems } from '../log.ts';
import { readRelayConfig } from '../relay/config.ts';
import { runRelay } from '../relay/relay.ts';
import { connectTo } from './connect-to.ts';
import { untilAsked } from './until-asked.ts';

/** The process as a relay. Returns the exit code. */
export async function relay(): Promise<number> {
  const config = readRelayConfig(process.env);
  const client = connectTo(config);
  const log = createLog(config.logLevel, 1);
  const { audience, subjects, tls } = config;
  const fields = { audience, accounts: [...subjects], tls: tls !== undefined, api: client.server };
  log.info({ ...fields, pid: process.pid }, 'relay started');
  const signal = untilAsked();
  await runRelay({ config, client, log, problems: new Problems(log), signal });
  log.info({}, 'ended');
  return 0;
}
