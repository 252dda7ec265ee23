import type { Plugin } from 'rolldown';

/** client-node makes its requests with undici, which lib/kubernetes/client does not use. */
export const withoutUndici: Plugin = {
  name: 'without-undici',
  resolveId: (id) => (id === 'undici' ? id : undefined),
  load: (id) =>
    id === 'undici'
      ? `function absent() { throw new Error('undici is not part of the bundle'); }
         export { absent as Agent, absent as ProxyAgent, absent as fetch };`
      : undefined,
};
