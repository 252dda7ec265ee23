/**
 * Controllers that make an object with another name for each version or run of a workload, and how the
 * pod alone shows the workload. A kind that is not here has no such object between itself and its pods,
 * or its pods do not show it for certain: OpenShift's Build, Argo's Workflow, RayCluster.
 */

/** The owner's name is the workload's and a hash, which is this label of its pods. */
export const HASHED: readonly (readonly [owner: string, label: string, workload: string])[] = [
  // Kubernetes: pkg/controller/deployment/sync.go
  ['ReplicaSet', 'pod-template-hash', 'Deployment'],
  // Argo Rollouts: rollout/sync.go
  ['ReplicaSet', 'rollouts-pod-template-hash', 'Rollout'],
];

/** The controller writes the workload's name into this label of its pods. */
export const NAMED: readonly (readonly [owner: string, label: string, workload: string])[] = [
  // Knative Serving, a Deployment for each revision: pkg/reconciler/revision/resources/meta.go
  ['ReplicaSet', 'serving.knative.dev/service', 'Service'],
  ['ReplicaSet', 'serving.knative.dev/configuration', 'Configuration'],
  // JobSet, a Job for each replica: pkg/controllers/jobset_controller.go
  ['Job', 'jobset.sigs.k8s.io/jobset-name', 'JobSet'],
  // KEDA, a Job for each event: pkg/scaling/executor/scale_jobs.go
  ['Job', 'scaledjob.keda.sh/name', 'ScaledJob'],
  // LeaderWorkerSet, a StatefulSet for each group of workers: pkg/controllers/pod_controller.go
  ['StatefulSet', 'leaderworkerset.sigs.k8s.io/name', 'LeaderWorkerSet'],
  // Tekton, a TaskRun for each run; of a task in a pipeline the pipeline: pkg/pod/pod.go
  ['TaskRun', 'tekton.dev/pipeline', 'Pipeline'],
  ['TaskRun', 'tekton.dev/task', 'Task'],
  // Spark operator, executors owned by the driver's pod:
  // internal/controller/sparkapplication/submission.go
  ['Pod', 'sparkoperator.k8s.io/app-name', 'SparkApplication'],
  // GitHub's runners, an object for each job: controllers/actions.github.com/resourcebuilder.go
  ['EphemeralRunner', 'actions.github.com/scale-set-name', 'AutoscalingRunnerSet'],
  // and the older ones: controllers/actions.summerwind.net/runnerdeployment_controller.go
  ['Runner', 'runner-deployment-name', 'RunnerDeployment'],
];

/**
 * OpenShift's DeploymentConfig makes a ReplicationController `<name>-<number>` for each deployment
 * (library-go: pkg/apps/appsutil/util.go), and pods that deploy it, with the label `deployment`: one
 * whose owner does not control it (openshift-controller-manager: pkg/apps/deployer), and hooks
 * without an owner (oc: pkg/cli/deployer/strategy/support/lifecycle.go).
 */
export const DEPLOYMENT_CONFIG = {
  annotation: 'openshift.io/deployment-config.name',
  label: 'deploymentconfig',
  deployment: 'openshift.io/deployer-pod-for.name',
} as const;
