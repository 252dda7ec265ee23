import { type Allowed, anonymous, forbidden } from './access.ts';
import { exec, type ExecOptions, type Upgrade } from './exec.ts';
import type { Issuer } from './issuer.ts';
import { list } from './list.ts';
import type { StoredObject } from './object.ts';
import type { Reply, Request } from './reply.ts';
import { typed } from './resources.ts';
import { type Answer, json, noSuchResource, Refused, unauthorized } from './status.ts';
import type { Store } from './store.ts';
import { parseTarget, type Target } from './target.ts';
import { version } from './version.ts';
import { type Pace, watch } from './watch.ts';

/** What a request is served with. */
export interface Context {
  readonly store: Store;
  readonly allowed: Allowed;
  readonly issuer: Issuer | undefined;
  readonly exec: ExecOptions | undefined;
  readonly pace: Pace;
  readonly closing: AbortSignal;
}

/**
 * Serves one request of a user, undefined when its token is nobody's; `upgrade` if it asks to leave HTTP. Throws Refused.
 */
export async function handle(
  request: Request,
  user: string | undefined,
  reply: Reply,
  context: Context,
  upgrade?: Upgrade,
): Promise<void> {
  const { store, allowed, pace, closing } = context;
  if (user === undefined) throw new Refused(unauthorized);
  const url = new URL(request.url ?? '/', 'https://kubernetes.default.svc');
  if (url.pathname === '/version') return reply.answer(version);
  const discovery = user !== anonymous && context.issuer?.answer(url.pathname);
  if (discovery) return reply.answer(json(200, discovery));
  const target = parseTarget(url);
  if (!target) throw new Refused(noSuchResource);
  const { verb, resource, subresource, namespace } = target;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  // From 1.35 on an exec, which is a GET, takes the right to create one, too.
  const verbs = subresource === undefined ? [verb] : [verb, 'create' as const];
  for (const each of verbs)
    if (user === anonymous || !allowed(user, each, what, namespace))
      throw new Refused(forbidden(user, { ...target, verb: each }));
  if (subresource !== undefined) {
    if (!context.exec) throw new Refused(noSuchResource);
    const { sent } = reply;
    return exec(find(store, target), target, { ...context.exec, upgrade, sent, closing });
  }
  if (target.verb === 'get') return reply.answer(get(store, target));
  if (target.verb === 'watch') return watch(store, target, reply, pace, closing);
  // The watch cache waits three seconds for a version to come.
  return reply.answer(await list(store, target, 3 * pace.second, closing));
}

function get(store: Store, target: Target): Answer {
  return json(200, typed(target.resource, find(store, target)));
}

function find(store: Store, { resource, namespace, name = '' }: Target): StoredObject {
  const object = store.get(resource, name, namespace);
  if (object) return object;
  throw new Refused({
    code: 404,
    message: `${resource} "${name}" not found`,
    reason: 'NotFound',
    details: { name, kind: resource },
  });
}
