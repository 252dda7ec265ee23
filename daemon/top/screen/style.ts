import { styleText } from 'node:util';

/** How things look, and which characters a terminal has. */
export interface Style {
  readonly heading: (text: string) => string;
  readonly chosen: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly bar: (text: string) => string;
  readonly glyphs: {
    /** Ends a text that is cut. */
    readonly more: string;
    readonly full: string;
    readonly descending: string;
    readonly ascending: string;
  };
}

const UNICODE = { more: '…', full: '█', descending: '▼', ascending: '▲' };
const ASCII = { more: '~', full: '#', descending: 'v', ascending: '^' };

type Environment = { readonly [name: string]: string | undefined };

/** Nothing is told by colour alone. Bold and reverse are no colour: they stay with `NO_COLOR`. */
export function styleOf(environment: Environment): Style {
  const { LC_ALL, LC_CTYPE, LANG, TERM, NO_COLOR } = environment;
  const hasColour = !NO_COLOR;
  // A container often has no locale at all, whatever the terminal can show.
  const locale = LC_ALL || LC_CTYPE || LANG || 'UTF-8';
  const isUnicode = /utf-?8/i.test(locale) && TERM !== 'linux';
  return {
    heading: look('bold'),
    chosen: look('inverse'),
    warning: look(hasColour ? ['bold', 'yellow'] : 'bold'),
    bar: hasColour ? look('cyan') : (text) => text,
    glyphs: isUnicode ? UNICODE : ASCII,
  };
}

function look(format: Parameters<typeof styleText>[0]): (text: string) => string {
  return (text) => styleText(format, text, { validateStream: false });
}
