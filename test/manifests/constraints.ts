import type { V1ObjectMeta, V1SELinuxOptions } from '@kubernetes/client-node';

/**
 * What OpenShift's API says of the kind: github.com/openshift/api, security/v1, types.go and the CRD, in
 * its older form, which requires more. Fields that no manifest of nstats needs are left out.
 */
export interface V1SecurityContextConstraints {
  readonly apiVersion: 'security.openshift.io/v1';
  readonly kind: 'SecurityContextConstraints';
  readonly metadata: V1ObjectMeta;
  readonly priority: number | null;
  readonly allowPrivilegedContainer: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly allowHostDirVolumePlugin: boolean;
  readonly allowHostIPC: boolean;
  readonly allowHostNetwork: boolean;
  readonly allowHostPID: boolean;
  readonly allowHostPorts: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly allowedCapabilities: readonly string[] | null;
  readonly defaultAddCapabilities: readonly string[] | null;
  readonly requiredDropCapabilities: readonly string[] | null;
  readonly runAsUser: { readonly type: 'RunAsAny' } | MustRunAs<{ readonly uid: number }>;
  readonly seLinuxContext:
    | { readonly type: 'RunAsAny' }
    | MustRunAs<{ readonly seLinuxOptions: V1SELinuxOptions }>;
  readonly fsGroup: { readonly type: 'RunAsAny' | 'MustRunAs' };
  readonly supplementalGroups: { readonly type: 'RunAsAny' | 'MustRunAs' };
  readonly seccompProfiles?: readonly string[];
  readonly volumes: readonly VolumeKind[];
}

type MustRunAs<What> = { readonly type: 'MustRunAs' } & What;

type VolumeKind =
  | 'configMap'
  | 'csi'
  | 'downwardAPI'
  | 'emptyDir'
  | 'ephemeral'
  | 'hostPath'
  | 'nfs'
  | 'persistentVolumeClaim'
  | 'projected'
  | 'secret';
