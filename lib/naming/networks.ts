import { isMap, isScalar, isSeq, LineCounter, parseDocument, type ParsedNode } from 'yaml';
import { parsePrefix, PrefixTable } from '../prefix-table.ts';

export interface Mistake {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

export interface Networks {
  /** All that is right in the file: network to name. */
  readonly networks: PrefixTable<string>;
  /** By line. */
  readonly mistakes: readonly Mistake[];
}

/** As the names of Kubernetes. */
const LONGEST = 253;

/**
 * Reads names of networks: YAML, name to CIDRs. Never throws: what is wrong is a mistake, and all else
 * still counts. A network with two names has the first one.
 */
export function parseNetworks(text: string): Networks {
  const counter = new LineCounter();
  const mistakes: Mistake[] = [];
  const lineAt = (offset: number) => Math.max(1, counter.linePos(offset).line);
  const wrong = (offset: number, message: string) => {
    mistakes.push({ line: lineAt(offset), message });
  };
  const networks = new PrefixTable<string>();
  const namedOn = new Map<string, number>();
  const named = new Map<string, { readonly name: string; readonly line: number }>();

  // In the schema `failsafe` all scalars are strings: a network may be called 65536, or no. The
  // library compares each key with all others to find one that is there twice, so `namedOn` does.
  let document: ReturnType<typeof parse>;
  try {
    document = parse();
  } catch (error) {
    // The library recurses: thousands of nested levels overflow the stack.
    wrong(0, `the file cannot be read: ${String(error)}`);
    return { networks, mistakes };
  }
  for (const { pos, message } of [...document.errors, ...document.warnings]) wrong(pos[0], message);

  const { contents } = document;
  if (isMap<ParsedNode, ParsedNode | null>(contents)) {
    for (const { key, value } of contents.items) put(key, value);
  } else if (contents) {
    wrong(contents.range[0], 'the file must be a mapping of names to lists of CIDRs');
  } else {
    wrong(0, 'the file is empty; {} is a file without networks');
  }
  return { networks, mistakes: mistakes.sort((a, b) => a.line - b.line) };

  function parse() {
    return parseDocument(text, {
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: counter,
    });
  }

  function put(key: ParsedNode, value: ParsedNode | null): void {
    const name = textOf(key);
    const at = key.range[0];
    if (!name?.trim()) return wrong(at, 'a name must be text that is not empty');
    const shown = JSON.stringify(name);
    if (/\p{Cc}/u.test(name)) return wrong(at, `the name ${shown} has control characters`);
    if (name.length > LONGEST) return wrong(at, `a name has more than ${LONGEST} characters`);
    const before = namedOn.get(name);
    if (before) wrong(at, `the name ${shown} is there already, on line ${before}`);
    else namedOn.set(name, lineAt(at));
    for (const item of isSeq<ParsedNode>(value) ? value.items : [value]) {
      const cidr = textOf(item);
      if (item && cidr) add(name, cidr, item.range[0]);
      else wrong(item?.range[0] ?? at, `${shown} must have a list of CIDRs`);
    }
  }

  function add(name: string, text: string, at: number): void {
    const prefix = parsePrefix(text);
    if (!prefix) {
      const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
      return wrong(at, `${shown} is no CIDR, such as 192.0.2.0/24 or 2001:db8::/32`);
    }
    const { cidr, exact } = prefix;
    if (!exact) return wrong(at, `${text} has bits set behind its prefix; is ${cidr} meant?`);
    const first = named.get(cidr);
    if (!first) {
      named.set(cidr, { name, line: lineAt(at) });
      networks.set(prefix, name);
    } else if (first.name !== name) {
      wrong(at, `${cidr} is ${JSON.stringify(first.name)} already, by line ${first.line}`);
    }
  }
}

function textOf(node: ParsedNode | null): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
}
