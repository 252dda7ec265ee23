import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DashboardCursorSync,
  type Panel,
  TimePickerBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { siblings, UIDS } from './links.ts';

/** What all dashboards of nstats have in common. */
export function dashboard(options: {
  readonly uid: keyof typeof UIDS;
  readonly title: string;
  readonly about: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly panels: readonly Builder<Panel>[];
}): DashboardBuilder {
  const { uid, title, about, variables, panels } = options;
  const builder = new DashboardBuilder(title)
    .uid(UIDS[uid])
    .description(about)
    .tags(['nstats'])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .refresh('1m')
    // A window is written some seconds after its end; without this every line would end in a fall.
    .timepicker(new TimePickerBuilder().nowDelay('15s'))
    .link(siblings())
    .variables([...variables]);
  for (const panel of panels) builder.withPanel(panel);
  return builder;
}
