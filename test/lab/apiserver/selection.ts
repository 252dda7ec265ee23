import { atVersion, type StoredObject } from './object.ts';
import { resources } from './resources.ts';
import { badRequest, Refused } from './status.ts';
import type { Change, Resource } from './store.ts';
import type { Target } from './target.ts';

export type Matches = (object: StoredObject) => boolean;

/** Which objects a list or a watch is about: those of its namespace, fieldSelector and labelSelector. */
export function selection({ resource, namespace, query }: Target): Matches {
  const terms = (name: string) => query.get(name)?.split(',').filter(Boolean) ?? [];
  const tests = [
    ...terms('fieldSelector').map((term) => fieldTest(resource, term)),
    ...terms('labelSelector').map(labelTest),
  ];
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    tests.every((test) => test(object));
}

/** A change as a watch with a selector shows it: to leave the selection is to be deleted. */
export function selected(
  { version, object, previous, type }: Change,
  matches: Matches,
): Pick<Change, 'type' | 'object'> | undefined {
  const before = previous !== undefined && matches(previous);
  const after = type !== 'DELETED' && matches(object);
  if (after) return { type: before ? 'MODIFIED' : 'ADDED', object };
  return before ? { type: 'DELETED', object: atVersion(previous, version) } : undefined;
}

function fieldTest(resource: Resource, term: string): Matches {
  const [, field = term, operator, value] = /^(.+?)(!=|==?)(.*)$/.exec(term) ?? [];
  if (operator === undefined) throw new Refused(badRequest(`invalid selector: '${term}'`));
  if (!resources[resource].fields.includes(field)) {
    throw new Refused(badRequest(`field label not supported: ${field}`));
  }
  return (object) => (fieldOf(object, field) === value) === (operator !== '!=');
}

/** Of the selectors only those by equality are there. */
function labelTest(term: string): Matches {
  const [, key = '', value] = /^([^=!]+)==?([^=]*)$/.exec(term) ?? [];
  if (value === undefined) throw new Refused(badRequest(`unable to parse requirement: ${term}`));
  return ({ metadata }) => metadata.labels?.[key] === value;
}

/** A field by its path; one that is not there selects as the empty string. */
function fieldOf(object: object, path: string): string {
  let value: unknown = object;
  for (const name of path.split('.'))
    value = Object.entries(value ?? {}).find(([n]) => n === name)?.[1];
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}
