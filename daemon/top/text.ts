import stringWidth from 'string-width';
import { UNPRINTABLE } from '../../lib/unprintable.ts';

const PLAIN = /^[ -~]*$/;
/** UTF-16 units of one character with its marks; what has more is no name that anybody reads. */
const CHARACTER_MOST = 16;
/** Characters at the end of a pod's name that tell it from others, such as `-kx7pd`. */
const TAIL = 6;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Text that does nothing but be shown, on one line. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, '\u{FFFD}');
}

/** Columns of a terminal that printable text takes. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** The text in exactly so many columns: filled with spaces, or cut, and then it ends in `more`, of at most one column. */
export function fit(text: string, width: number, more: string): string {
  if (width <= 0) return '';
  if (text.length <= width && PLAIN.test(text)) return text.padEnd(width);
  const whole = beginning(text, width);
  if (whole.isAll) return filled(whole.text, width);
  const room = width - more.length;
  return filled(beginning(text, room).text, room) + more;
}

/** As `fit`, but the end of a name stays: it tells the pods of a workload apart. */
export function fitName(text: string, width: number, more: string): string {
  if (text.length <= width || width < 3 * TAIL || !PLAIN.test(text)) return fit(text, width, more);
  return text.slice(0, width - TAIL - more.length) + more + text.slice(-TAIL);
}

/** As much of a text as has room. */
function beginning(text: string, width: number): { text: string; isAll: boolean } {
  let [shown, columns] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    const character = segment.length > CHARACTER_MOST ? '\u{FFFD}' : printable(segment);
    columns += widthOf(character);
    if (columns > width) return { text: shown, isAll: false };
    // A mark that has no width and nothing to stand on would go onto what is left of it.
    if (shown !== '' || widthOf(character) > 0) shown += character;
  }
  return { text: shown, isAll: true };
}

function filled(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
