// A dashboard as a literal, against the types of Grafana 13.2. Its enums refuse strings and its panels take any options;
// here the strings are the enums' values, the options those of the panel's type, and a key that no type has is an error.
import type * as D from '@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen';
import type * as Gauge from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type * as Heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as Logs from '@grafana/schema/dist/esm/raw/composable/logs/panelcfg/x/LogsPanelCfg_types.gen';
import type * as Stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as StateTimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as Table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as Text from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type * as TimeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { dataquery as LokiQuery } from '@grafana/grafana-foundation-sdk/loki';
import type { Dataquery as PrometheusQuery } from '@grafana/grafana-foundation-sdk/prometheus';

type Literal<T> =
  T extends string ? (string extends T ? string : `${T}`)
  : T extends number | boolean | null | undefined ? T
  : T extends (infer U)[] ? Literal<U>[]
  : unknown extends T ? T
  : T extends object ? { [K in keyof T]?: Literal<T[K]> }
  : T;

// What no package has: links of fields, Jaeger's queries, what a data source adds to annotations.
interface DataLink { title: string; url: string; targetBlank?: boolean }
interface JaegerQuery {
  refId: string; datasource: D.DataSourceRef; query?: string; queryType?: 'search' | 'dependencyGraph';
  service?: string; operation?: string; tags?: string; minDuration?: string; maxDuration?: string; limit?: number;
}
interface Annotation extends Omit<D.AnnotationQuery, 'target'> {
  titleFormat?: string; textFormat?: string; tagKeys?: string; useValueForTime?: boolean;
  target: { refId: string; expr: string; interval?: string };
}

type Target = Literal<PrometheusQuery> | Literal<LokiQuery> | JaegerQuery;
type Typed<Type extends string, Options, Custom> = Literal<Omit<D.Panel, 'type' | 'options' | 'targets' | 'fieldConfig'>> & {
  type: Type;
  options: Literal<Options>;
  targets?: Target[];
  fieldConfig: Literal<Omit<D.FieldConfigSource, 'defaults'>> & {
    defaults: Literal<Omit<D.FieldConfig, 'custom' | 'links'>> & { custom?: Literal<Custom>; links?: DataLink[] };
  };
};
type Nothing = Record<string, never>;
type Panel =
  | Typed<'gauge', Gauge.Options, Nothing>
  | Typed<'heatmap', Heatmap.Options, Heatmap.FieldConfig>
  | Typed<'logs', Logs.Options, Nothing>
  | Typed<'stat', Stat.Options, Nothing>
  | Typed<'state-timeline', StateTimeline.Options, StateTimeline.FieldConfig>
  | Typed<'table', Table.Options, Table.FieldConfig>
  | Typed<'text', Text.Options, Nothing>
  | Typed<'timeseries', TimeSeries.Options, TimeSeries.FieldConfig>
  | Typed<'traces', Nothing, Nothing>
  | Literal<D.RowPanel>;

export type Dashboard = Literal<Omit<D.Dashboard, 'panels' | 'annotations'>> & {
  panels: Panel[];
  annotations: { list: Literal<Annotation>[] };
};
