import { type Builder, type Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import {
  StackingConfigBuilder,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { SOURCE } from './query.ts';

/** The window that a point of a graph must not be shorter than: nstats' INTERVAL. */
const WINDOW = '10s';

/**
 * At most so many points: with these, the usual time ranges (1, 3, 6, 12, 24 hours, 7, 30 days) give
 * points of whole windows, and a rate does not waver between points of one window and of two.
 */
const POINTS = 360;

export interface PanelOptions {
  readonly title: string;
  /** What is counted here, and from which side, so that nothing is counted twice. */
  readonly about: string;
  readonly unit: string;
  readonly width?: number;
  readonly height?: number;
  /** How many points a line has at most; fewer where very many rows make one. */
  readonly points?: number;
  readonly targets: readonly Builder<Dataquery>[];
}

/** Lines over time, with a table of their means below, the largest first. */
export function lines(options: PanelOptions) {
  const { title, about, unit, width = 12, height = 9, points = POINTS, targets } = options;
  return new TimeSeries()
    .title(title)
    .description(about)
    .datasource(SOURCE)
    .unit(unit)
    .span(width)
    .height(height)
    .interval(WINDOW)
    .maxDataPoints(points)
    .min(0)
    .fillOpacity(10)
    .showPoints(VisibilityMode.Auto)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['mean', 'max'])
        .sortBy('Mean')
        .sortDesc(true),
    )
    .tooltip(
      new VizTooltipOptionsBuilder()
        .mode(TooltipDisplayMode.Multi)
        .sort(SortOrder.Descending)
        .hideZeros(true),
    )
    .targets([...targets]);
}

/** Lines that are parts of a whole: their sum is the upper edge. */
export function stacked(options: PanelOptions) {
  return lines(options)
    .fillOpacity(40)
    .lineWidth(0)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
}

/** A bar for each figure. */
export function bars({ title, about, unit, width = 18, height = 9, targets }: PanelOptions) {
  return new BarGauge()
    .title(title)
    .description(about)
    .datasource(SOURCE)
    .unit(unit)
    .span(width)
    .height(height)
    .min(0)
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .targets([...targets]);
}

/** One figure. */
export function figure({ title, about, unit, width = 6, height = 5, targets }: PanelOptions) {
  return new Stat()
    .title(title)
    .description(about)
    .datasource(SOURCE)
    .unit(unit)
    .span(width)
    .height(height)
    .targets([...targets]);
}
