import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One query of a panel, as it stands in the JSON. */
export interface Target {
  readonly panel: string;
  readonly refId: string;
  readonly query: string;
  readonly alias: string;
  readonly resultFormat: string;
}

interface Variable {
  readonly name: string;
  readonly type: 'query' | 'custom' | 'textbox';
  readonly query: string;
  readonly regex?: string;
}

export interface Transformation {
  readonly id: string;
  readonly options: { readonly [option: string]: unknown };
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly description: string;
  readonly maxDataPoints?: number;
  readonly targets: readonly Omit<Target, 'panel'>[];
  readonly transformations?: readonly Transformation[];
  readonly fieldConfig: { readonly defaults: { readonly unit?: string } };
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export const FOLDER = join(import.meta.dirname, '../../manifests/dashboards');
export const NAMES = ['cluster', 'namespace', 'pod', 'topology', 'cost', 'agent'] as const;

export function load(name: (typeof NAMES)[number]): Dashboard {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Dashboard;
}

export function targets({ panels }: Dashboard): Target[] {
  return panels.flatMap(({ title, targets }) => targets.map((each) => ({ ...each, panel: title })));
}

/** The texts that a dashboard begins with. */
function texts({ templating }: Dashboard): { [variable: string]: string } {
  const boxes = templating.list.filter(({ type }) => type === 'textbox');
  return Object.fromEntries(boxes.map(({ name, query }) => [name, query]));
}

/** What raw variables are if nothing is chosen; of the tags to group by the one that is always there. */
const RAW = { ...Object.assign({}, ...NAMES.map((name) => texts(load(name)))), team: 'namespace' };

/** What is chosen and shown: times in milliseconds; a variable that is not named is All, a text what it is at first. */
export interface View {
  readonly from: number;
  readonly to: number;
  readonly interval: number;
  readonly chosen?: { readonly [variable: string]: readonly string[] };
}

/** Fills a query in as Grafana does before it goes to InfluxDB. */
export function interpolate(query: string, { from, to, interval, chosen = {} }: View): string {
  return query
    .replace(/\$\{(\w+):regex\}/g, (_, name: string) => asRegex(chosen[name]))
    .replace(/\$\{(\w+):raw\}/g, (_, name: string) => chosen[name]?.[0] ?? RAW[name])
    .replaceAll('${__from}', `${from}`)
    .replaceAll('${__to}', `${to}`)
    .replaceAll('$timeFilter', `time >= ${from}ms and time <= ${to}ms`)
    .replaceAll('$__interval_ms', `${interval}`)
    .replaceAll('$__interval', `${interval / 1000}s`);
}

/** Fills in the name of a series, whose tags are in its rows. */
export function named(alias: string, row: { readonly [tag: string]: unknown }): string {
  return alias.replace(/\$tag_(\w+)/g, (_, tag: string) => String(row[tag]));
}

/** The width of a point, as Grafana rounds it. */
export function intervalOf(range: number, points: number, least: number): number {
  const steps = [10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800];
  const wanted = Math.max(range / points, least) / 1000;
  return 1000 * (steps.find((step, index) => wanted < (step + (steps[index + 1] ?? 1e9)) / 2) ?? 0);
}

/** Its format `regex`: escaped, several in brackets; All is the variable's own value for all. */
function asRegex(values: readonly string[] | undefined): string {
  if (!values) return '.*';
  const escaped = values.map((value) => value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'));
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
}
