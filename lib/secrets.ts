/** Shorter than this it is no secret, and would be found in any text. */
const LEAST = 4;

/** A text of others without our own credentials: a server or proxy may say them back to us. */
export function withoutSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  return secrets
    .filter((secret): secret is string => (secret ?? '').length >= LEAST)
    .toSorted((a, b) => b.length - a.length)
    .reduce((left, secret) => left.replaceAll(secret, '[secret]'), text);
}
