import assert from 'node:assert/strict';

/** The metrics of a scrape: their types, and their values by `name{label="value",...}`. */
export interface Scrape {
  readonly types: ReadonlyMap<string, string>;
  readonly help: ReadonlyMap<string, string>;
  readonly values: ReadonlyMap<string, number>;
}

const NAME = '[a-z_:][a-z0-9_:]*';
const LABELS = `(?:\\{${NAME}="(?:[^"\\\\\\n]|\\\\["\\\\n])*"(?:,${NAME}="(?:[^"\\\\\\n]|\\\\["\\\\n])*")*\\})?`;
const SAMPLE = new RegExp(`^(${NAME})(${LABELS}) (-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);

/**
 * Reads the text format of Prometheus, and is stricter than Prometheus: HELP and TYPE stand before
 * each metric, once; its samples stand together; no series is there twice; counters end in _total.
 * @throws AssertionError
 */
export function parse(text: string): Scrape {
  const [types, help, values] = [new Map(), new Map(), new Map()] as [
    Map<string, string>,
    Map<string, string>,
    Map<string, number>,
  ];
  assert.ok(text.endsWith('\n'), 'the last line ends');
  let current = '';
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const [, about = '', name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (about === 'HELP') {
      assert.ok(!help.has(name), `${name} is there twice`);
      help.set(name, rest);
      current = name;
    } else if (about === 'TYPE') {
      assert.equal(name, current, 'TYPE follows HELP');
      assert.match(rest, /^(counter|gauge)$/);
      assert.equal(name.endsWith('_total'), rest === 'counter', name);
      types.set(name, rest);
    } else {
      const [, of, labels, value] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
      assert.equal(of, current, 'a sample is of the metric that it stands under');
      assert.ok(types.has(current), `${current} has a type`);
      assert.ok(!values.has(`${of}${labels}`), `${of}${labels} is there twice`);
      values.set(`${of}${labels}`, Number(value));
    }
  }
  return { types, help, values };
}
