import { isResource } from './resources.ts';
import { Refused } from './status.ts';
import type { Resource } from './store.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create';

/** What a request is about. */
export interface Target {
  readonly verb: Verb;
  readonly resource: Resource;
  /** Of the object of a get, or of all objects of a list or a watch. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** `exec`, of a pod. */
  readonly subresource?: string | undefined;
  readonly query: URLSearchParams;
}

/** Reads a path of /api/v1: one object, or those of one or all namespaces; undefined when there is no such resource. */
export function parseTarget({ pathname, searchParams: query }: URL): Target | undefined {
  const path = /^\/api\/v1(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/(exec))?$/.exec(
    pathname,
  );
  const [, namespace, resource = '', name, subresource] = path ?? [];
  if (!isResource(resource) || (subresource && resource !== 'pods')) return undefined;
  const several = isTrue(query.get('watch')) ? 'watch' : 'list';
  const verb = name === undefined ? several : 'get';
  return { verb, resource, namespace, name, subresource, query };
}

/** A boolean of the query, as the API server reads it: only 0 and false are not true. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

/** The resourceVersion asked for, 0 when there is none. */
export function requestedVersion(query: URLSearchParams): number {
  const value = query.get('resourceVersion') ?? '';
  if (/^\d*$/.test(value)) return Number(value);
  const message = `resourceVersion: Invalid value: "${value}": strconv.ParseUint: parsing "${value}": invalid syntax`;
  throw new Refused({ code: 500, message });
}
