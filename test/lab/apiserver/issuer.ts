import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** What a token says; each part has a good value if it is left out. */
export interface Claims {
  readonly audience?: string;
  readonly subject?: string;
  readonly issuer?: string;
  /** Seconds from now. */
  readonly expires?: number;
}

const AGENT = 'system:serviceaccount:nstats:nstats';

/** Issues tokens of service accounts as the API server does, and publishes its keys. */
export class Issuer {
  readonly name = 'https://kubernetes.default.svc.cluster.local';
  #keys: { readonly kid: string; readonly privateKey: CryptoKey; readonly jwk: JWK }[] = [];

  /** An issuer with a first key. */
  static async create(): Promise<Issuer> {
    const issuer = new Issuer();
    await issuer.rotate();
    return issuer;
  }

  /** Signs with a new key from now on; the keys before are withdrawn. */
  async rotate(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const kid = `key-${Math.random().toString(36).slice(2)}`;
    this.#keys = [{ kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } }];
  }

  /** A token of an agent's service account. */
  async token({ audience, subject, issuer, expires = 3600 }: Claims = {}): Promise<string> {
    const [key] = this.#keys;
    if (!key) throw new Error('there is no key');
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ 'kubernetes.io': { namespace: 'nstats' } })
      .setProtectedHeader({ alg: 'RS256', kid: key.kid })
      .setIssuer(issuer ?? this.name)
      .setAudience(audience ?? 'nstats-relay')
      .setSubject(subject ?? AGENT)
      .setIssuedAt(now)
      .setExpirationTime(now + expires)
      .sign(key.privateKey);
  }

  /** What the API server answers to a path of issuer discovery; undefined to any other. */
  answer(path: string): object | undefined {
    if (path === '/.well-known/openid-configuration')
      return { issuer: this.name, jwks_uri: `${this.name}/openid/v1/jwks` };
    const keys = this.#keys.map(({ jwk }) => ({ ...jwk, alg: 'RS256' }));
    return path === '/openid/v1/jwks' ? { keys } : undefined;
  }
}
