/** The same cluster followed by the informers of @kubernetes/client-node, in a process of its own. */
import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';

import { answer } from './channel.ts';
import { liveHeap, usage } from './usage.ts';

answer({
  async list(kubeconfig) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const api = config.makeApiClient(CoreV1Api);
    const informers = [
      makeInformer(config, '/api/v1/pods', () => api.listPodForAllNamespaces()),
      makeInformer(config, '/api/v1/services', () => api.listServiceForAllNamespaces()),
      makeInformer(config, '/api/v1/nodes', () => api.listNode()),
    ];
    for (const informer of informers) {
      informer.on('error', (error) => {
        throw error;
      });
    }
    await Promise.all(informers.map((informer) => informer.start()));
    return Date.now();
  },
  usage,
  heap: liveHeap,
});
