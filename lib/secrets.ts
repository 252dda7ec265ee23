/** Characters. A shorter secret would be found in any text. */
const LEAST = 4;

/** A text of a server or proxy without the agent's credentials, which it may repeat. */
export function withoutSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  return secrets
    .filter((secret): secret is string => (secret ?? '').length >= LEAST)
    .toSorted((a, b) => b.length - a.length)
    .reduce((left, secret) => left.replaceAll(secret, '[secret]'), text);
}
