/** Shows the agents of several sockets, as the plugin for kubectl does: NODE=SOCKET... -- OPTIONS */
import { once } from 'node:events';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { OPTIONS, optionsOf } from '../../daemon/top/options.ts';
import { showTop } from '../../daemon/top/show.ts';
import { LiveReader } from '../../lib/top/live-reader.ts';

const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
const options = optionsOf(values);
const stop = new AbortController();
const live = new LiveReader(options);
const followed = positionals.map((agent) => {
  const [node = '', path = ''] = agent.split('=');
  const open = async () => {
    const socket = connect(path);
    await once(socket, 'connect');
    return socket;
  };
  return live.follow(node, open, stop.signal);
});
process.exitCode = await showTop({ live, options, signal: stop.signal });
stop.abort();
await Promise.all(followed);
