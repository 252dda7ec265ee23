import { matcher } from '../../../lib/top/filter.ts';
import { type Row, rowsOf } from '../../../lib/top/rows.ts';
import { sorted } from '../../../lib/top/sort.ts';
import { type Totals, totals } from '../../../lib/top/totals.ts';
import type { AgentState, Live, View } from '../../../lib/top/view.ts';
import type { Picture } from './picture.ts';
import type { State } from './state.ts';

/** Looks at what is live, and makes of it what the user wants to see. */
export class Pictures {
  readonly #live: Live;
  #views: readonly View[] = [];
  #agents: readonly AgentState[] = [];
  #totals: Totals = { send: 0, receive: 0, once: 0 };
  #time = '';
  #made: { readonly for: State; readonly picture: Picture } | undefined;

  constructor(live: Live) {
    this.#live = live;
  }

  /** Takes in what is live now. */
  look(): void {
    this.#views = this.#live.views();
    this.#agents = this.#live.agents();
    this.#totals = totals(this.#views, this.#live.isComplete);
    this.#time = new Date().toTimeString().slice(0, 8);
    this.#made = undefined;
  }

  /** What was live at the last look. With many rows it takes time, so it is made again only for other choices. */
  of(state: State): Picture {
    const made = this.#made;
    if (made && hasSameRows(made.for, state)) return made.picture;
    const followed = state.followed?.look(this.#views);
    const picture = {
      rows: this.#rows(state, followed),
      totals: this.#totals,
      agents: this.#agents,
      time: this.#time,
      followed,
    };
    this.#made = { for: state, picture };
    return picture;
  }

  #rows({ followed, group, filter, sort, isDescending }: State, pod: string | undefined): Row[] {
    const views = followed
      ? this.#views.filter((view) => view.pod === pod && view.namespace === followed.pod.namespace)
      : this.#views;
    return sorted(rowsOf(views, group).filter(matcher(filter)), sort, isDescending);
  }
}

function hasSameRows(a: State, b: State): boolean {
  return (
    a.group === b.group &&
    a.sort === b.sort &&
    a.isDescending === b.isDescending &&
    a.filter === b.filter &&
    a.followed === b.followed
  );
}
