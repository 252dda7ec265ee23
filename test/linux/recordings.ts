import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { KubernetesObject } from '../../lib/kubernetes/object-schema.ts';

const directory = new URL('../fixtures/proc/', import.meta.url);
export const LAYOUTS = ['cgroupfs-v1', 'systemd-v2'] as const;
const FILES = [
  ['cgroup', 'cgroup'],
  ['net_dev', 'net/dev'],
  ['net_fib_trie', 'net/fib_trie'],
  ['net_if_inet6', 'net/if_inet6'],
] as const;

/** A process of a pod as it was recorded on a real node. */
export interface Recorded {
  readonly pid: number;
  /** The inode that its network namespace had. */
  readonly netns: string;
  readonly pod: KubernetesObject;
  readonly files: Readonly<Record<(typeof FILES)[number][0], string>>;
}

/** The processes of the pods of a node, and the pods themselves. */
export function recording(layout: string) {
  const root = new URL(`${layout}/`, directory);
  const index = readFileSync(new URL('index.txt', root), 'utf8');
  const netns = new Map(
    [...index.matchAll(/ pid=(\d+) .* net=net:\[(\d+)\]/g)].map(([, pid, inode = '']) => [
      Number(pid),
      inode,
    ]),
  );
  const processes: Recorded[] = [];
  const pods: KubernetesObject[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = new URL(`${entry.name}/`, root);
    const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
    const pod: KubernetesObject = JSON.parse(read('pod-api.json'));
    pods.push(pod);
    for (const name of readdirSync(folder)) {
      const [, stem, pid] = /^(.*-(\d+))\.cgroup$/.exec(name) ?? [];
      if (!stem) continue;
      const files = {
        cgroup: read(`${stem}.cgroup`),
        net_dev: read(`${stem}.net_dev`),
        net_fib_trie: read(`${stem}.net_fib_trie`),
        net_if_inet6: read(`${stem}.net_if_inet6`),
      };
      processes.push({ pid: Number(pid), netns: netns.get(Number(pid)) ?? '', pod, files });
    }
  }
  return {
    pods,
    processes,
    host: /hostNetwork=True[\s\S]*? net=net:\[(\d+)\]/.exec(index)?.[1] ?? '',
  };
}

/** Where a directory like /proc is built: plain files, of which one inode stands for a namespace. */
export class ProcTree {
  readonly path: string;
  readonly #namespaces: string;

  constructor(context: TestContext) {
    this.path = mkdtempSync(join(tmpdir(), 'ut-proc-'));
    this.#namespaces = join(this.path, 'namespaces');
    mkdirSync(this.#namespaces);
    context.after(() => rmSync(this.path, { recursive: true }));
  }

  /** A process; it joins the namespace that has this name already. */
  add(pid: number | 'self', netns: string, files: Partial<Recorded['files']> = {}): void {
    const folder = join(this.path, `${pid}`);
    mkdirSync(join(folder, 'ns'), { recursive: true });
    mkdirSync(join(folder, 'net'));
    for (const [name, path] of FILES) {
      const text = files[name];
      if (text !== undefined) writeFileSync(join(folder, path), text);
    }
    const file = join(this.#namespaces, netns);
    writeFileSync(file, '', { flag: 'a' });
    linkSync(file, join(folder, 'ns/net'));
  }

  has(netns: string): boolean {
    return existsSync(join(this.#namespaces, netns));
  }

  inode(netns: string): number {
    return statSync(join(this.#namespaces, netns)).ino;
  }
}

/** A recorded node as a tree; its process 1 and the observer are on the host's network. */
export function recordedTree(context: TestContext, layout: string): ProcTree {
  const tree = new ProcTree(context);
  const { processes, host } = recording(layout);
  for (const { pid, netns, files } of processes) tree.add(pid, netns, files);
  tree.add(1, host, { cgroup: '0::/init.scope\n' });
  tree.add('self', host);
  return tree;
}
