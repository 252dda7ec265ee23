/** What `?` shows. */
export const HELP = [
  '',
  '  Up Down PageUp PageDown Home End, j k',
  '                    choose a row; it stays chosen when it moves',
  '  1 2 3 4 5, g      rows by flow, pod, workload, namespace, peer; the next of these',
  '  < > Left Right    sort by another column; r turns the order round',
  '  /                 filter: rows that have all words; Esc shows all rows',
  '  f                 follow the pod of the chosen row through restarts; f ends it',
  '  Space             freeze; Space goes on',
  '  Ctrl-L            draw the screen again',
  '  Ctrl-Z            suspend; fg goes on',
  '  q, Ctrl-C         end',
  '',
  '  SEND and RECV: bit/s that a pod sends and receives, in the last two seconds,',
  '  and the means of 10 s and 40 s. k is 1000, M 1000 k, G 1000 M. Of what passes',
  '  between two pods, each direction is what its sender has counted.',
  '  The first line has the sums of all pods; "once" counts each byte once.',
  '',
  '  Any key goes back.',
];

const KEYS = '? help  / filter  1-5 group  < > sort  r reverse  space freeze  f follow  q quit';

/** The last line. */
export function footer(filter: string | undefined): string {
  return filter === undefined
    ? KEYS
    : `filter: ${filter}_   Enter keeps it, Esc drops it, Ctrl-U empties it`;
}
