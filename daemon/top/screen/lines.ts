import { short } from '../../../lib/top/format.ts';
import type { Row } from '../../../lib/top/rows.ts';
import { fit, widthOf } from '../text.ts';
import { choices, problems, title } from './header.ts';
import { footer, HELP } from './help.ts';
import type { Picture, Size } from './picture.ts';
import type { State } from './state.ts';
import type { Style } from './style.ts';
import { type Placed, placedIn } from './table.ts';

/** Lines that are not for rows: title, choices, headings, keys. */
const OTHERS = 4;

/** How many rows have room. */
export function roomFor({ agents }: Pick<Picture, 'agents'>, size: Size): number {
  return Math.max(1, size.rows - problems(agents).length - OTHERS);
}

/** The lines of a screen: as many as it has, each exactly as wide as it. */
export function linesOf(picture: Picture, state: State, size: Size, style: Style): string[] {
  const room = roomFor(picture, size);
  const line = (text: string) => fit(text, size.columns, style.glyphs.more);
  const lines = [
    style.heading(line(title(picture))),
    ...problems(picture.agents).map((text) => style.warning(line(text))),
    line(choices(picture, state, room, style)),
    ...(state.isHelp ? HELP.map(line) : table(picture, state, size, style)),
  ];
  while (lines.length < size.rows - 1) lines.push(line(''));
  const isTyping = state.filterBefore !== undefined;
  return [...lines.slice(0, size.rows - 1), line(footer(isTyping ? state.filter : undefined))];
}

function table(picture: Picture, state: State, size: Size, style: Style): string[] {
  const columns = placedIn(size.columns, state.group);
  const { index, first } = state.cursor;
  const rows = picture.rows.slice(first, first + roomFor(picture, size));
  const most = picture.rows.reduce((most, row) => Math.max(most, both(row)), 0);
  const headings = columns.map((column) => headingOf(column, state, style)).join(' ');
  const lines = rows.map((row, offset) => {
    const isChosen = first + offset === index;
    const cells = columns.flatMap((column) => cellOf(row, column, style)).join(' ');
    const text = `${isChosen ? '>' : ' '}${cells} `;
    const end = columns.at(-1);
    if (!end || !('bar' in end.heading)) return chosen(fit(text, size.columns, ''), isChosen);
    const length = most > 0 ? Math.round((end.width * both(row)) / most) : 0;
    const bar = fit(style.glyphs.full.repeat(length), size.columns - widthOf(text), '');
    return isChosen ? chosen(text + bar, true) : text + style.bar(bar);
  });
  const empty = rows.length === 0 ? [`  ${whyEmpty(picture, state)}`] : [];
  return [
    style.heading(fit(` ${headings}`, size.columns, '')),
    ...lines,
    ...empty.map((text) => fit(text, size.columns, style.glyphs.more)),
  ];

  function chosen(line: string, isChosen: boolean): string {
    return isChosen ? style.chosen(line) : line;
  }
}

function headingOf({ heading, width }: Placed, state: State, style: Style): string {
  const { descending, ascending } = style.glyphs;
  const isSort = heading.sort === state.sort;
  const mark = isSort ? (state.isDescending ? descending : ascending) : '';
  return 'bits' in heading
    ? `${mark}${heading.title}`.padStart(width)
    : fit(`${heading.title}${mark}`, width, style.glyphs.more);
}

/** Nothing for a bar. */
function cellOf(row: Row, { heading, width }: Placed, style: Style): string | [] {
  if ('bits' in heading) return short(heading.bits(row)).padStart(width);
  return 'name' in heading ? fit(heading.name(row), width, style.glyphs.more) : [];
}

function both({ now }: Row): number {
  return now.send + now.receive;
}

function whyEmpty({ agents }: Picture, { filter, followed }: State): string {
  if (filter !== '') return 'No row has all words of the filter.';
  if (followed) return 'The pod that is followed sends and receives nothing.';
  return agents.some(({ state }) => state === 'live')
    ? 'Nothing passes.'
    : 'No agent has answered yet.';
}
