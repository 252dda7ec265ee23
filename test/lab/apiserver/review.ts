import { type Allowed, anonymous } from './access.ts';
import { isResource } from './resources.ts';
import { type Answer, badRequest, json, Refused } from './status.ts';
import type { Verb } from './target.ts';

interface Review {
  readonly spec?: {
    readonly resourceAttributes?: {
      readonly verb?: string;
      readonly group?: string;
      readonly resource?: string;
    };
  };
}

export const reviewPath = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** Answers a user who asks what it may do. */
export function review(user: string, body: string, allowed: Allowed): Answer {
  if (user === anonymous) {
    const kind = 'selfsubjectaccessreviews';
    const group = 'authorization.k8s.io';
    throw new Refused({
      code: 403,
      message: `${kind}.${group} is forbidden: User "${user}" cannot create resource "${kind}" in API group "${group}" at the cluster scope`,
      reason: 'Forbidden',
      details: { group, kind },
    });
  }
  const { spec = {} } = parse(body);
  const { verb = '', group = '', resource = '' } = spec.resourceAttributes ?? {};
  const known = group === '' && isResource(resource) && isVerb(verb);
  return json(201, {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec,
    status: { allowed: known && allowed(user, verb, resource) },
  });
}

function isVerb(verb: string): verb is Verb {
  return verb === 'get' || verb === 'list' || verb === 'watch';
}

function parse(body: string): Review {
  try {
    const review: Review = JSON.parse(body);
    return review;
  } catch {
    throw new Refused(badRequest('the body of the request is not JSON'));
  }
}
