import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { V1Container, V1SecurityContext } from '@kubernetes/client-node';

/** What an image says to the runtime. */
export interface ImageConfig {
  readonly User?: string;
  readonly Env?: string[];
  readonly Entrypoint: string[];
  readonly WorkingDir?: string;
}

export interface ContainerOptions {
  readonly rootfs: string;
  readonly image: ImageConfig;
  /** The container of a manifest; its variables are not looked at. */
  readonly container: Pick<V1Container, 'securityContext' | 'volumeMounts'>;
  /** Directory in which each volume of the pod is a directory by its name. */
  readonly volumes: string;
  readonly args: readonly string[];
  readonly environment: { readonly [name: string]: string };
  /** The process whose network namespace it has. */
  readonly sandbox: number;
  /** Directory of the service account's token. */
  readonly account: string;
}

/** What Debian's container tools have for a default profile, made after Docker's as containerd's is. */
const SECCOMP = '/usr/share/containers/seccomp.json';

/** The configuration of an OCI runtime for a container as a kubelet would have it run. */
export function runtimeConfig(options: ContainerOptions) {
  const { rootfs, image, container, args, environment, sandbox, account, volumes } = options;
  const context = container.securityContext ?? {};
  const capabilities = capabilitiesOf(context);
  const [uid, gid] = (image.User ?? '0:0').split(':').map(Number);
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: context.runAsUser ?? uid ?? 0, gid: context.runAsGroup ?? gid ?? 0 },
      args: [...image.Entrypoint, ...args],
      env: [
        ...(image.Env ?? []),
        ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ],
      cwd: image.WorkingDir ?? '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: context.allowPrivilegeEscalation === false,
    },
    root: { path: rootfs, readonly: context.readOnlyRootFilesystem ?? false },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      {
        destination: '/var/run/secrets/kubernetes.io/serviceaccount',
        type: 'bind',
        source: account,
        options: ['bind', 'ro'],
      },
      ...(container.volumeMounts ?? []).map(({ name, mountPath }) => ({
        destination: mountPath,
        type: 'bind',
        source: join(volumes, name),
        options: ['bind'],
      })),
    ],
    linux: {
      // No PID namespace of its own: the DaemonSet has hostPID.
      namespaces: [
        { type: 'mount' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'network', path: `/proc/${sandbox}/ns/net` },
      ],
      ...(context.seccompProfile?.type === 'RuntimeDefault' && {
        seccomp: runtimeDefault(capabilities),
      }),
    },
  };
}

function capabilitiesOf({ capabilities }: V1SecurityContext): string[] {
  if (!capabilities?.drop?.includes('ALL')) throw new Error('only `drop: [ALL]` is understood');
  return (capabilities.add ?? []).map((name) => `CAP_${name}`);
}

interface Rule {
  readonly names: string[];
  readonly action: string;
  readonly args: unknown[] | null;
  readonly errnoRet?: number;
  readonly includes: Conditions;
  readonly excludes: Conditions;
}

interface Conditions {
  readonly caps?: string[];
  readonly arches?: string[];
}

/** The default profile for a container of these capabilities. */
function runtimeDefault(capabilities: readonly string[]) {
  const profile = JSON.parse(readFileSync(SECCOMP, 'utf8')) as {
    defaultAction: string;
    defaultErrnoRet: number;
    archMap: { architecture: string; subArchitectures: string[] }[];
    syscalls: Rule[];
  };
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64' | 'arm64'];
  const architecture = { x64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' }[
    process.arch as 'x64' | 'arm64'
  ];
  const applies = ({ names, includes, excludes }: Rule) =>
    names.length > 0 &&
    (includes.caps ?? []).every((name) => capabilities.includes(name)) &&
    (includes.arches ?? [arch]).includes(arch) &&
    !(excludes.caps ?? []).some((name) => capabilities.includes(name)) &&
    !(excludes.arches ?? []).includes(arch);
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: [architecture],
    syscalls: profile.syscalls
      .filter(applies)
      .map(({ names, action, args, errnoRet }) => ({ names, action, args: args ?? [], errnoRet })),
  };
}
