import { existsSync, type FSWatcher, readdirSync, watch } from 'node:fs';
import type { LocalPod } from '../model.ts';
import { podUid } from './pod-netns.ts';

export interface CgroupWatchOptions {
  /** Where cgroup v2 is mounted. */
  readonly root: string;
  /** A cgroup of a pod has been made, has got its first process, or has gone. */
  readonly changed: (cgroupUid: LocalPod['cgroupUid']) => void;
  /** A directory cannot be watched. Called once. */
  readonly failed: (error: Error) => void;
}

/** The kubelet's cgroups above those of pods, by the drivers systemd and cgroupfs, and in kind. */
const KUBELETS =
  /^(?:kubelet|kubelet\.slice|(?:kubelet-)?kubepods(?:-besteffort|-burstable)?\.slice|kubepods|besteffort|burstable)$/;
/** Directories that are watched at most: a kubelet has 110 pods by default. */
const MOST = 512;

/** Watches the kubelet's cgroups, which takes one descriptor for all. */
export class CgroupWatch {
  readonly #options: CgroupWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #hasFailed = false;

  constructor(options: CgroupWatchOptions) {
    this.#options = options;
    this.#add(options.root);
  }

  /** The number of directories that are watched. */
  get size(): number {
    return this.#watchers.size;
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #add(path: string): void {
    if (this.#watchers.has(path) || this.#watchers.size >= MOST) return;
    try {
      const watcher = watch(path, { persistent: false }, (_, name) => this.#happened(path, name));
      watcher.on('error', () => this.#remove(path));
      this.#watchers.set(path, watcher);
      // Some may have been made before the watch.
      for (const name of readdirSync(path)) this.#addChild(path, name);
    } catch (error) {
      this.#remove(path);
      const { code } = error as NodeJS.ErrnoException;
      const isGone = code === 'ENOENT' && path !== this.#options.root;
      if (!isGone && !this.#hasFailed) this.#options.failed(error as Error);
      this.#hasFailed ||= !isGone;
    }
  }

  #addChild(path: string, name: string): void {
    if (KUBELETS.test(name) || podUid(name) !== undefined) this.#add(`${path}/${name}`);
  }

  #happened(path: string, name: string | null): void {
    const child = `${path}/${name ?? ''}`;
    // A directory of cgroup v2 does not say that it is removed: its parent does.
    if (this.#watchers.has(child) && !existsSync(child)) this.#remove(child);
    else if (name !== null) this.#addChild(path, name);
    const uid = podUid(child);
    if (uid !== undefined) this.#options.changed(uid);
  }

  /** With what was below it. */
  #remove(removed: string): void {
    for (const [path, watcher] of this.#watchers) {
      if (path !== removed && !path.startsWith(`${removed}/`)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
  }
}
