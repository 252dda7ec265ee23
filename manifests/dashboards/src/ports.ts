import { stacked } from './panels.ts';
import { overTime, rate } from './query.ts';

const ABOUT =
  'The port is the listening side’s, whichever side that is. Only rows that have one are here: none unless PORTS=service is set.';

/** The two directions of a dashboard's rows, side by side, by port. */
export function byPort(options: { readonly about: string; readonly where: readonly string[] }) {
  const where = [...options.where, `"port" != '-'`];
  return (['sent', 'received'] as const).map((direction) =>
    stacked({
      title: `${direction === 'sent' ? 'Sent' : 'Received'}, by port`,
      about: `${options.about} ${ABOUT}`,
      unit: 'bps',
      targets: [
        overTime('A', {
          select: rate(`${direction}Bytes`),
          from: 'nstat',
          where,
          by: ['port'],
          alias: '$tag_port',
        }),
      ],
    }),
  );
}
