import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';
import { parsePrefix, PrefixTable } from '../prefix-table.ts';

export interface Mistake {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

/** A network outside the cluster as the file has it, and the way there if the file says so. */
export interface Network {
  readonly name: string;
  readonly scope?: 'internet' | 'private';
  /** It is in a zone or a region of ours. */
  readonly zone?: string;
  readonly region?: string;
}

export interface Networks {
  /** All that is right in the file. */
  readonly networks: PrefixTable<Network>;
  /** By line. */
  readonly mistakes: readonly Mistake[];
}

/** As the names of Kubernetes. */
const LONGEST = 253;

/**
 * Reads names of networks: YAML, name to CIDRs, or to a mapping of `cidrs` and where they are. Never throws: what is
 * wrong is a mistake, and all else still counts. A network with two names has the first one.
 */
export function parseNetworks(text: string): Networks {
  const counter = new LineCounter();
  const mistakes: Mistake[] = [];
  const lineAt = (offset: number) => Math.max(1, counter.linePos(offset).line);
  const wrong = (offset: number, message: string) => {
    mistakes.push({ line: lineAt(offset), message });
  };
  const networks = new PrefixTable<Network>();
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
    const { cidrs, ...place } = isMap<ParsedNode, ParsedNode | null>(value)
      ? placed(value, shown)
      : { cidrs: value };
    const network = { name, ...place };
    for (const item of isSeq<ParsedNode>(cidrs) ? cidrs.items : [cidrs]) {
      const cidr = textOf(item);
      if (item && cidr) add(network, cidr, item.range[0]);
      else wrong(item?.range[0] ?? at, `${shown} must have a list of CIDRs`);
    }
  }

  /** The CIDRs of a mapping, and what it says of their place. */
  function placed(
    { items }: YAMLMap<ParsedNode, ParsedNode | null>,
    shown: string,
  ): Omit<Network, 'name'> & { cidrs: ParsedNode | null } {
    let cidrs: ParsedNode | null = null;
    const place: { -readonly [key in keyof Network]?: Network[key] } = {};
    const said = new Set<string>();
    for (const { key, value } of items) {
      const [name, text] = [textOf(key), textOf(value)?.trim()];
      const at = key.range[0];
      if (name !== undefined && said.has(name)) wrong(at, `${shown} has ${name} twice`);
      else if (name === 'cidrs') cidrs = value;
      else if (name === 'scope' && (text === 'internet' || text === 'private')) place.scope = text;
      else if (name === 'scope') wrong(at, `the scope of ${shown} must be internet or private`);
      else if (name !== 'zone' && name !== 'region')
        wrong(at, `${shown} may have cidrs, scope, zone and region, and nothing else`);
      else if (text && isLabelValue(text)) place[name] = text;
      else wrong(at, `the ${name} of ${shown} must be one of topology.kubernetes.io/${name}`);
      if (name !== undefined) said.add(name);
    }
    const isTwice = place.scope !== undefined && (place.zone ?? place.region) !== undefined;
    if (isTwice)
      wrong(items[0]?.key.range[0] ?? 0, `${shown} has a scope, and so no zone or region`);
    return { cidrs, ...place };
  }

  function add(network: Network, text: string, at: number): void {
    const { name } = network;
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
      networks.set(prefix, network);
    } else if (first.name !== name) {
      wrong(at, `${cidr} is ${JSON.stringify(first.name)} already, by line ${first.line}`);
    }
  }
}

/** Whether Kubernetes lets a label have this value. */
function isLabelValue(text: string): boolean {
  return /^[\dA-Za-z]([-\w.]{0,61}[\dA-Za-z])?$/.test(text);
}

function textOf(node: ParsedNode | null): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
}
