import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import {
  createLocalJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import type { ApiClient } from '../kubernetes/client/client.ts';

export interface AuthenticatorOptions {
  /** Whose published keys verify tokens: `/openid/v1/jwks` needs no right but that of every service account. */
  readonly client: Pick<ApiClient, 'get'>;
  /** The audience that a token must be for. */
  readonly audience: string;
  /** The service accounts that are let in, as `system:serviceaccount:namespace:name`. */
  readonly subjects: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** The cluster's issuer, and its keys. */
interface Issuer {
  readonly name: string;
  readonly keys: JWTVerifyGetKey;
  readonly at: number;
}

/** Milliseconds: keys that have been withdrawn are believed no longer than this. */
const FRESH = 300_000;
/** Milliseconds between two attempts to learn of a key, whoever shows tokens of unknown ones. */
const SELDOM = 5000;
/** Seconds that the clocks of two machines may differ. */
const CLOCKS = 10;
/** More than any cluster's; its keys are some hundred bytes each. */
const MOST = 256 * 1024;
/** The algorithms that the API server signs with (`--service-account-signing-key-file`, pkg/serviceaccount/jwt.go). */
const ALGORITHMS = ['RS256', 'ES256', 'ES384', 'ES512'];
/** Tokens that were good not long ago: an agent shows the same one for an hour. */
const REMEMBERED = 10_000;

/** Lets in whoever has a token of one of some service accounts, for this audience, signed by the cluster. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  /** When each token that was good ends, in milliseconds since 1970, by the token's hash. */
  readonly #good = new Map<string, number>();
  #issuer: Issuer | undefined;
  #asking: Promise<Issuer> | undefined;
  #asked = -Infinity;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Whether the header of a request lets it in. Rejects if the cluster's keys are not known. */
  async admits(authorization: string | undefined): Promise<boolean> {
    const [, token] = /^Bearer (\S{1,8192})$/.exec(authorization ?? '') ?? [];
    if (!token) return false;
    const issuer = await this.#current();
    const hash = createHash('sha256').update(token).digest('base64');
    const until = this.#good.get(hash) ?? 0;
    if (until > Date.now()) return true;
    const ends = (await this.#verify(token, issuer)) ?? (await this.#again(token, issuer));
    if (ends === undefined) return false;
    if (this.#good.size >= REMEMBERED) this.#good.clear();
    this.#good.set(hash, ends);
    return true;
  }

  /** The key of the token may be newer than the keys that are known. */
  async #again(token: string, known: Issuer): Promise<number | undefined> {
    if (performance.now() - this.#asked < SELDOM) return undefined;
    const issuer = await this.#ask().catch(() => known);
    return issuer === known ? undefined : this.#verify(token, issuer);
  }

  /** When a good token ends. */
  async #verify(token: string, { name, keys }: Issuer): Promise<number | undefined> {
    const { audience, subjects } = this.#options;
    const wanted = { issuer: name, audience, algorithms: ALGORITHMS, clockTolerance: CLOCKS };
    try {
      const { payload } = await jwtVerify(token, keys, {
        ...wanted,
        requiredClaims: ['exp', 'sub'],
      });
      if (!subjects.has(payload.sub ?? '')) return undefined;
      return ((payload.exp ?? 0) + CLOCKS) * 1000;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  async #current(): Promise<Issuer> {
    const issuer = this.#issuer;
    const now = performance.now();
    if (issuer && (now - issuer.at < FRESH || now - this.#asked < SELDOM)) return issuer;
    try {
      return await this.#ask();
    } catch (error) {
      // A server that does not answer is no reason to send everybody there.
      if (issuer) return issuer;
      throw error;
    }
  }

  async #ask(): Promise<Issuer> {
    this.#asking ??= this.#read().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #read(): Promise<Issuer> {
    this.#asked = performance.now();
    const { client, signal } = this.#options;
    const read = async (path: string): Promise<unknown> => {
      const body = await text(await client.get(path, signal, SELDOM));
      if (body.length > MOST) throw new Error(`${path}: the answer is too large`);
      return JSON.parse(body);
    };
    const { issuer } = (await read('/.well-known/openid-configuration')) as { issuer?: unknown };
    if (typeof issuer !== 'string')
      throw new Error('the API server does not say who issues tokens');
    const keys = createLocalJWKSet((await read('/openid/v1/jwks')) as JSONWebKeySet);
    // Tokens of keys that have been withdrawn are looked at again.
    this.#good.clear();
    this.#issuer = { name: issuer, keys, at: performance.now() };
    return this.#issuer;
  }
}
