/** The environment that settings are read from. */
export type Environment = Readonly<{ [name: string]: string | undefined }>;

/** Where to listen; without a host on all addresses. */
export interface Address {
  readonly host: string | undefined;
  readonly port: number;
}

/** Variables whose value is never shown. */
const SECRET = /TOKEN|PASSWORD/;

/** Reads settings, and gathers what is wrong with them. An empty variable counts as not set. */
export function settingsOf(environment: Environment) {
  const mistakes: string[] = [];
  const get = (name: string) => environment[name]?.trim() || undefined;
  const wrong = (name: string, wanted: string): undefined => {
    mistakes.push(`${name} ${shown(name, get(name))}; it must be ${wanted}`);
  };
  const read = <T>(
    name: string,
    fallback: T,
    wanted: string,
    parse: (text: string) => T | undefined,
  ): T => {
    const text = get(name);
    return text === undefined ? fallback : (parse(text) ?? wrong(name, wanted) ?? fallback);
  };
  const oneOf = <T extends string>(name: string, fallback: T, values: readonly T[]): T =>
    read(name, fallback, values.join(' or '), (text) => values.find((value) => value === text));
  return { mistakes, get, wrong, read, oneOf };
}

/** `host:port`, `[v6]:port` or `:port`. */
export function address(text: string): Address | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65_535)) return undefined;
  return { host: bracketed ?? (plain || undefined), port };
}

/** What a variable was set to, for an error message. Secrets, and URLs that may hold some, are left out. */
function shown(name: string, value: string | undefined): string {
  if (value === undefined) return 'is not set';
  return SECRET.test(name) || /[@?]/.test(value) ? 'is set' : `is "${value}"`;
}

export type Settings = ReturnType<typeof settingsOf>;
