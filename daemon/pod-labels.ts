import type { PodLabel } from '../lib/influx/line-protocol.ts';

/** A label that becomes a tag, with its value where the pod is known. */
export interface GivenLabel extends PodLabel {
  readonly value: string;
}

const KEYS = 'keys of labels, separated by commas, such as team,app.kubernetes.io/name';
const VALUES = 'key=value of the pod, separated by commas, when SIDECAR is true, such as team=web';
const TWICE = 'keys that become different tags: ';
/** Each tag makes every row longer, and InfluxDB's index too. */
const MOST = 16;
const NAME = /^[\dA-Za-z]([-\w.]{0,61}[\dA-Za-z])?$/;
/** Kubernetes leaves a `$(TEAM)` as it is if `TEAM` is not defined before it. */
const VALUE = /^([\dA-Za-z]([-\w.]{0,61}[\dA-Za-z])?)?$/;
const DOMAIN = /^[\da-z]([-\da-z.]{0,251}[\da-z])?$/;

/** Reads POD_LABELS. */
export function readLabels(
  get: (name: string) => string | undefined,
  wrong: (name: string, wanted: string) => undefined,
  isSidecar: boolean,
): readonly GivenLabel[] {
  const items = get('POD_LABELS')?.split(',') ?? [];
  const labels = items.map((item) => {
    const [key = '', ...rest] = item.trim().split('=');
    const value = rest.join('=').trim();
    const isWhole = isSidecar === rest.length > 0 && VALUE.test(value);
    return { key, tag: tagOf(key), value, isRight: isWhole && isKey(key) };
  });
  const twice = labels.find(({ tag }, at) => labels.findIndex((each) => each.tag === tag) < at);
  if (!labels.every(({ isRight }) => isRight)) wrong('POD_LABELS', isSidecar ? VALUES : KEYS);
  else if (labels.length > MOST) wrong('POD_LABELS', `a list of ${MOST} labels or fewer`);
  else if (twice) wrong('POD_LABELS', `${TWICE}two of these are ${twice.tag}`);
  return labels.map(({ key, tag, value }) => ({ key, tag, value }));
}

/** `name` or `domain/name`, as Kubernetes has it. */
function isKey(key: string): boolean {
  const [name = '', domain, ...more] = key.split('/').toReversed();
  return NAME.test(name) && more.length === 0 && (domain === undefined || DOMAIN.test(domain));
}

/** The tag of a label as kube-state-metrics names it (`internal/store/utils.go`): snake case, behind `label_`. */
function tagOf(key: string): string {
  const snake = key.replace(/\W/g, '_').replace(/([\da-z])([A-Z])/g, '$1_$2');
  return `label_${snake.toLowerCase()}`;
}
