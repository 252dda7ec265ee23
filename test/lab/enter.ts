/**
 * Runs a script inside a node of its own: network, mount and PID namespaces that nothing outside
 * can see, and that the kernel takes down with all that is in them when the script ends, however
 * it ends. Only cgroups would outlive it; a janitor removes them as soon as this process is gone.
 *
 *   node test/lab/enter.ts <script> [arguments]
 *   node test/lab/enter.ts -- <options of node> <script> [arguments]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Process 1 of the lab: hands SIGTERM on, reaps whatever is orphaned, ends with the script. */
const INIT = `
trap 'kill -TERM $child 2>/dev/null' TERM
mount -t tmpfs tmpfs "$LAB_DIRECTORY" && mkdir "$LAB_DIRECTORY/cgroup" || exit 125
mount -t cgroup2 cgroup2 "$LAB_DIRECTORY/cgroup" || exit 125
mkdir "$LAB_DIRECTORY/cgroup/$LAB_NAME" || exit 125
"$@" & child=$!
wait $child; code=$?
while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
exit $code
`;

/** Waits for the end of its stdin, which is this process's, then removes the lab's cgroups and directory. */
const JANITOR = `
trap '' INT TERM
cat >/dev/null
mount -t cgroup2 cgroup2 "$LAB_DIRECTORY" || exit 1
cd "$LAB_DIRECTORY"
echo 1 >"$LAB_NAME/cgroup.kill" 2>/dev/null
for try in 1 2 3 4 5 6 7 8 9 10; do
  [ -d "$LAB_NAME" ] || break
  find "$LAB_NAME" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.2
done
cd / && umount "$LAB_DIRECTORY" && rmdir "$LAB_DIRECTORY"
`;

const directory = mkdtempSync(join(tmpdir(), 'nstats-lab-'));
const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`;
const env = {
  ...process.env,
  PATH,
  LAB_DIRECTORY: directory,
  LAB_NAME: `nstats-lab-${process.pid}`,
};
const args = process.argv.slice(process.argv[2] === '--' ? 3 : 2);
if (process.getuid?.() !== 0) {
  console.error('nstats: the lab needs root, for namespaces and cgroups: try it with sudo');
  process.exit(1);
}

const janitor = spawn('unshare', ['--mount', 'sh', '-c', JANITOR], {
  env,
  detached: true,
  stdio: ['pipe', 'ignore', 'inherit'],
});
const node = spawn(
  'setpriv',
  // biome-ignore format: one option after the other
  [
    '--pdeathsig', 'KILL', 'unshare', '--net', '--mount', '--pid', '--fork', '--kill-child',
    '--mount-proc', 'sh', '-c', INIT, 'sh', process.execPath, ...args,
  ],
  // Out of the terminal's reach: Ctrl-C would end unshare, and with it the lab in mid-sentence.
  { env, stdio: 'inherit', detached: true },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, terminate);

const [code] = (await once(node, 'exit')) as [number | null];
janitor.stdin.end();
await once(janitor, 'exit');
process.exitCode = code ?? 1;

/** unshare keeps signals from what it runs, so they go to its child. */
function terminate(): void {
  const children = readFileSync(`/proc/${node.pid}/task/${node.pid}/children`, 'utf8');
  for (const pid of children.trim().split(' ').map(Number))
    if (pid > 0) process.kill(pid, 'SIGTERM');
}
