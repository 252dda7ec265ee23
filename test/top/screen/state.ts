import { AT_TOP } from '../../../daemon/top/screen/cursor.ts';
import type { State } from '../../../daemon/top/screen/state.ts';

/** That of a screen that has just been opened. */
export const STATE: State = {
  group: 'flow',
  sort: 'rate',
  isDescending: true,
  filter: '',
  filterBefore: undefined,
  followed: undefined,
  isFrozen: false,
  isHelp: false,
  cursor: AT_TOP,
};
