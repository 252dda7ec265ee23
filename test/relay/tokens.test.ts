import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { text } from 'node:stream/consumers';
import { SignJWT } from 'jose';
import { Issuer } from '../lab/apiserver/issuer.ts';
import { until } from '../lab/influx.ts';
import { type Replica, Scene } from './scene.ts';

let scene: Scene;
let replica: Replica;

before(async () => {
  scene = await Scene.create();
  replica = await scene.replica();
  await until(() => replica.sync.complete, 'that the relay has listed all');
});

after(() => scene.end());

/** What the relay answers to a list of nodes. */
async function ask(authorization?: string): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  request(
    `https://127.0.0.1:${replica.port}/api/v1/nodes?resourceVersion=0`,
    {
      ca: readFileSync(scene.tls.ca),
      agent: false,
      headers: authorization === undefined ? {} : { authorization },
    },
    (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    },
  )
    .on('error', reject)
    .end();
  return promise;
}

const good = async () => `Bearer ${await scene.issuer.token()}`;

/** A token that says who it is and is not signed. */
function unsigned(token: string): string {
  const [, payload = ''] = token.split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  return `${header}.${payload}.`;
}

/** A token that is signed with the issuer's public key as if that were a secret. */
async function confused(token: string): Promise<string> {
  const { keys } = scene.issuer.answer('/openid/v1/jwks') as { keys: { kid: string; n: string }[] };
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256', kid: keys[0]?.kid ?? '' })
    .sign(Buffer.from(keys[0]?.n ?? ''));
}

const refused: readonly [what: string, token: () => Promise<string | undefined>][] = [
  ['no token', async () => undefined],
  ['an empty one', async () => 'Bearer '],
  ['a password', async () => 'Basic YTpi'],
  ['what is no token', async () => 'Bearer abc'],
  [
    'a token for another audience',
    async () => `Bearer ${await scene.issuer.token({ audience: 'vault' })}`,
  ],
  ['one that has expired', async () => `Bearer ${await scene.issuer.token({ expires: -60 })}`],
  [
    'one of another service account',
    async () =>
      `Bearer ${await scene.issuer.token({ subject: 'system:serviceaccount:nstats:default' })}`,
  ],
  [
    'one that names another issuer',
    async () => `Bearer ${await scene.issuer.token({ issuer: 'https://other' })}`,
  ],
  [
    'one that another cluster signed',
    async () => `Bearer ${await (await Issuer.create()).token()}`,
  ],
  [
    'one that is altered',
    async () => {
      const [header, payload = '', signature] = (await scene.issuer.token({ subject: 'x' })).split(
        '.',
      );
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      const forged = { ...claims, sub: 'system:serviceaccount:nstats:nstats' };
      const middle = Buffer.from(JSON.stringify(forged)).toString('base64url');
      return `Bearer ${header}.${middle}.${signature}`;
    },
  ],
  ['one without a signature', async () => `Bearer ${unsigned(await scene.issuer.token())}`],
  [
    'one signed with the public key',
    async () => `Bearer ${await confused(await scene.issuer.token())}`,
  ],
];

for (const [what, token] of refused)
  test(`${what} is answered with 401 and nothing else, and counted`, async () => {
    const before = replica.server.figures.refused;
    assert.deepEqual(await ask(await token()), { status: 401, body: '' });
    assert.equal(replica.server.figures.refused, before + 1);
  });

test('a token of the agents is let in, again and again', async () => {
  const token = await good();
  for (let times = 0; times < 3; times += 1) {
    const { status, body } = await ask(token);
    assert.equal(status, 200);
    assert.equal((JSON.parse(body) as { kind: string }).kind, 'NodeList');
  }
});

test('keys that are rotated are learnt while it runs, and old ones are forgotten', async () => {
  const old = await good();
  assert.equal((await ask(old)).status, 200);
  await scene.issuer.rotate();
  const fresh = await good();
  await until(async () => (await ask(fresh)).status === 200, 'that the new key is known');
  assert.equal((await ask(old)).status, 401);
});
