import { ConfigError } from '../../lib/config-error.ts';
import { errorOf } from '../../lib/error-of.ts';
import { type ApiClient, connect } from '../../lib/kubernetes/client/client.ts';
import type { Config } from '../config.ts';

/** @throws ConfigError */
export function connectTo({
  kubeconfig,
  proxies,
}: Pick<Config, 'kubeconfig' | 'proxies'>): ApiClient {
  if (!kubeconfig && !process.env['KUBERNETES_SERVICE_HOST']) {
    throw new ConfigError([
      'KUBECONFIG is not set and this is no pod; it must be the path of a kubeconfig',
    ]);
  }
  try {
    return connect(kubeconfig, { ...(proxies && { proxies }) });
  } catch (cause) {
    const why = errorOf(cause).message;
    throw new ConfigError([`KUBECONFIG is "${kubeconfig ?? ''}"; it cannot be used: ${why}`]);
  }
}
