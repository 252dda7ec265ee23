import { isIP } from 'node:net';
import type { Amount, Flow, Frame } from '../model.ts';
import { MOST_BYTES, slotBytes } from './units.ts';

/** The line that ends a frame. */
export const FRAME_END = /^={20,}$/;

const SENT = /^ *\d+ +(\S+) +=> +(\S+)/;
const RECEIVED = /^ +(\S+) +<= +(\S+)/;
const TOTAL = /^Total (send|receive) rate: +(\S+)/;
/** The lines of a frame of iftop 1.0pre4 that have no amounts to read (tui.c, `tui_print`). */
const OTHER_LINES =
  /^(?:$|-{20,}$|={20,}$|Listening on |   # Host name|Total send and receive rate: |Peak rate |Cumulative )/;
const NOTHING: Amount = { bytes: 0, slack: 0 };

/**
 * Reads one frame of `iftop -t`, without `-P`. Never throws: lines that cannot be read are counted in `unparsed`, and their
 * bytes stay in the totals, from which the remainder is taken. The same holds for a pair that would make the sum of all
 * pairs larger than can have passed.
 */
export function parseFrame(lines: readonly string[]): Frame {
  const flows: Flow[] = [];
  const total = { sent: NOTHING, received: NOTHING };
  let unparsed = 0;
  let listed = 0;
  let half: { local: string; sent: Amount } | undefined;

  for (const line of lines) {
    const sent = end(SENT, line);
    if (sent) {
      if (half) unparsed += 1;
      half = { local: sent.address, sent: sent.amount };
      continue;
    }
    const received = half && end(RECEIVED, line);
    if (half && received) {
      const bytes = half.sent.bytes + received.amount.bytes;
      if (listed + bytes > MOST_BYTES) unparsed += 2;
      else {
        listed += bytes;
        flows.push({ ...half, remote: received.address, received: received.amount });
      }
      half = undefined;
      continue;
    }
    // The line behind one that cannot be read may be the second line of another pair.
    if (half) unparsed += 1;
    half = undefined;
    const match = TOTAL.exec(line);
    const amount = match?.[2] === undefined ? undefined : slotBytes(match[2]);
    if (match && amount) total[match[1] === 'send' ? 'sent' : 'received'] = amount;
    else if (!OTHER_LINES.test(line)) unparsed += 1;
  }
  return { flows, total, unparsed: unparsed + (half ? 1 : 0) };
}

function end(pattern: RegExp, line: string): { address: string; amount: Amount } | undefined {
  const match = pattern.exec(line);
  if (!match) return undefined;
  const [, address = '', rate = ''] = match;
  const amount = isIP(address) ? slotBytes(rate) : undefined;
  return amount && { address, amount };
}
