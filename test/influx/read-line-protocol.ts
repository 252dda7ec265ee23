/** A row of line protocol, read back. Values are kept as they are written: `12i`, `1.5`. */
export interface Row {
  readonly measurement: string;
  readonly tags: readonly (readonly [name: string, value: string])[];
  readonly fields: ReadonlyMap<string, string>;
  readonly time: string;
}

/**
 * Reads a row as InfluxDB does: a comma, space or equals sign separates unless there is a backslash
 * right before it; in front of anything else a backslash is just one.
 */
export function parseLine(line: string): Row {
  const [head = '', list = '', time = '', ...more] = split(line, ' ');
  if (more.length > 0 || !/^\d+$/.test(time)) throw new Error(`no row: ${line}`);
  const [measurement = '', ...tags] = split(head, ',');
  return {
    measurement,
    tags: tags.map((tag) => pair(tag)),
    fields: new Map(split(list, ',').map((field) => pair(field))),
    time,
  };
}

function pair(text: string): [string, string] {
  const [name = '', value = '', ...more] = split(text, '=');
  if (name === '' || value === '' || more.length > 0) throw new Error(`no name and value: ${text}`);
  return [unescape(name), unescape(value)];
}

const SEPARATOR = { ',': /(?<!\\),/, ' ': /(?<!\\) /, '=': /(?<!\\)=/ };

function split(text: string, separator: keyof typeof SEPARATOR): string[] {
  return text.split(SEPARATOR[separator]);
}

function unescape(text: string): string {
  return text.replace(/\\([, =])/g, '$1');
}
