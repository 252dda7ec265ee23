import type { Failure } from './status.ts';
import type { Target, Verb } from './target.ts';

export const anonymous = 'system:anonymous';

/** Whether a user may do something to a resource, in a namespace or in all: what RBAC knows. */
export type Allowed = (user: string, verb: Verb, resource: string, namespace?: string) => boolean;

/** Who is asking: undefined when the token is nobody's. Without tokens everyone is the admin. */
export function authenticate(
  authorization: string | undefined,
  tokens: ReadonlyMap<string, string> | undefined,
): string | undefined {
  if (!tokens) return 'kubernetes-admin';
  const token = /^bearer (.*)$/i.exec(authorization ?? '')?.[1];
  return token === undefined ? anonymous : tokens.get(token);
}

export function forbidden(
  user: string,
  { verb, resource, subresource, namespace, name }: Target,
): Failure {
  const what = name === undefined ? resource : `${resource} "${name}"`;
  const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where =
    namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return {
    code: 403,
    message: `${what} is forbidden: User "${user}" cannot ${verb} resource "${whole}" in API group "" ${where}`,
    reason: 'Forbidden',
    details: { ...(name !== undefined && { name }), kind: resource },
  };
}
