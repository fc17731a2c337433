// House rules: what the types of Grafana do not say. Each generator yields what is wrong, as text.
import { createRequire } from 'node:module';
import { selectors, unparsable } from './queries.mjs';

globalThis.navigator ??= { language: 'en', languages: ['en'] }; // @grafana/data looks at it
const require = createRequire(import.meta.url);
const data = (path) => require(`./node_modules/@grafana/data/dist/cjs/${path}.cjs`);
const formats = data('valueFormats/valueFormats').getValueFormats();

// What Grafana has.
const UNITS = new Set(formats.flatMap(({ submenu }) => submenu.map(({ value }) => value)));
const REDUCERS = new Set(data('transformations/fieldReducer').fieldReducers.list().map(({ id }) => id));
const TRANSFORMATIONS = new Set(Object.values(data('transformations/transformers/ids').DataTransformerID));
const MATCHERS = new Set(Object.values(data('transformations/matchers/ids').FieldMatcherID));
// Of properties it has no list.
const PROPERTIES = new Set([
  'unit', 'min', 'max', 'decimals', 'displayName', 'color', 'thresholds', 'mappings', 'noValue', 'links',
  'custom.width', 'custom.align', 'custom.cellOptions', 'custom.hideFrom',
]);

const WITH_VALUES = new Set(['timeseries', 'stat', 'gauge', 'table', 'state-timeline', 'heatmap']);
// Made by Prometheus itself for every target and every alert.
const OF_PROMETHEUS = /^(up|scrape_\w+|ALERTS|ALERTS_FOR_STATE)$/;

const twice = (list) => list.filter((each, i) => list.indexOf(each) < i);

/**
 * What is wrong with one dashboard. `known` has the data sources as uid → type, the uids of all dashboards, the metrics
 * of scrapes, and those that rules record.
 */
export function problems(file, board, known) {
  const panels = board.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const variables = board.templating?.list ?? [];
  const own = {
    ...known,
    variables: new Set(variables.map(({ name }) => name)),
    many: new Set(variables.filter(({ multi }) => multi).map(({ name }) => name)),
  };
  const within = (place, found) => [...found].map((line) => `${place}: ${line}`);
  return [
    ...ofBoard(file, board, panels, known),
    ...layout(panels),
    ...panels.flatMap((panel) => within(panel.title, ofPanel(panel, own))),
    ...variables.flatMap((variable) => within(`variable ${variable.name}`, ofVariable(variable, own))),
    ...board.annotations.list.flatMap(({ name, target, datasource }) =>
      within(`annotation ${name}`, ofQuery(datasource.type, target.expr, false, own))),
  ];
}

/** What only the whole set shows. */
export function together(boards) {
  return [
    ...twice(boards.map(({ title }) => title)).map((title) => `two dashboards are called ${title}`),
    ...twice(boards.map(({ uid }) => uid)).map((uid) => `two dashboards have the uid ${uid}`),
  ];
}

function* ofBoard(file, board, panels, known) {
  for (const key of ['uid', 'title', 'description', 'time', 'tags']) if (!board[key]) yield `${key} is missing`;
  if (!/^[A-Za-z0-9_-]{1,40}$/.test(board.uid) || `${board.uid}.json` !== file) yield 'its uid is not the name of its file';
  if (board.schemaVersion !== 42) yield 'schemaVersion is not 42';
  const toOthers = ({ type, tags }) => type === 'dashboards' && tags.every((tag) => board.tags.includes(tag));
  if (!board.links?.some(toOthers)) yield 'there is no link to the other dashboards';
  for (const id of twice(panels.map(({ id }) => id))) yield `two panels have the id ${id}`;
  for (const title of twice(panels.map(({ title }) => title))) yield `two panels are called ${title}`;
  for (const [, uid] of JSON.stringify(board).matchAll(/\/d\/([\w-]+)/g)) {
    if (!known.boards.has(uid)) yield `a link leads to ${uid}, which is not there`;
  }
}

function* layout(panels) {
  const cells = new Map();
  for (const { title, gridPos: { x, y, w, h } } of panels) {
    if (!(x >= 0 && w > 0 && x + w <= 24 && h > 0)) yield `${title} does not fit into 24 columns`;
    for (let i = 0; i < w * h; i++) {
      const cell = `${x + (i % w)},${y + Math.floor(i / w)}`;
      if (cells.has(cell)) {
        yield `${title} and ${cells.get(cell)} overlap`;
        break;
      }
      cells.set(cell, title);
    }
  }
  const bottom = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
  if (cells.size < 24 * bottom) yield 'there is a gap between panels';
}

function* ofPanel(panel, known) {
  const { type, title, description, datasource, targets = [], options = {}, transformations = [] } = panel;
  if (!title) yield 'has no title';
  if (type === 'row') return;
  if (!(description?.length >= 10)) yield 'has no description';

  const { defaults, overrides } = panel.fieldConfig;
  const properties = overrides.flatMap((override) => override.properties);
  const units = [defaults.unit, options.yAxis?.unit, ...properties.filter(({ id }) => id === 'unit').map(({ value }) => value)];
  const calcs = [...(options.reduceOptions?.calcs ?? []), ...(options.legend?.calcs ?? [])];
  if (WITH_VALUES.has(type) && datasource?.type !== 'jaeger' && !units.some(Boolean)) yield 'has no unit';
  for (const unit of units) if (unit && !UNITS.has(unit)) yield `there is no unit ${unit}`;
  for (const calc of calcs) if (!REDUCERS.has(calc)) yield `there is no reducer ${calc}`;
  for (const { id } of transformations) if (!TRANSFORMATIONS.has(id)) yield `there is no transformation ${id}`;
  for (const { matcher } of overrides) if (!MATCHERS.has(matcher.id)) yield `there is no matcher ${matcher.id}`;
  for (const { id } of properties) if (!PROPERTIES.has(id)) yield `property ${id} of an override is not known`;

  const steps = defaults.thresholds?.steps ?? [];
  if (steps[0]?.value !== null) yield 'its first threshold is not null';
  if (steps.slice(2).some(({ value }, i) => value <= steps[i + 1].value)) yield 'its thresholds do not ascend';
  if (type === 'timeseries' && options.legend?.showLegend !== true) yield 'has no legend';
  if (type === 'gauge' && !(defaults.min < defaults.max)) yield 'a gauge needs min and max';

  if (type === 'text') return;
  if (!targets.length) yield 'asks for nothing';
  if (twice(targets.map(({ refId }) => refId)).length) yield 'a refId is there twice';
  for (const source of [datasource, ...targets.map((target) => target.datasource)]) {
    if (known.sources.get(source?.uid) !== source?.type) yield `data source ${JSON.stringify(source)} is not provisioned`;
  }
  for (const target of targets) if (target.datasource?.type !== 'jaeger') yield* ofTarget(target, type, known);
}

function* ofTarget(target, type, known) {
  const kind = target.datasource?.type;
  const instant = kind === 'loki' ? target.queryType === 'instant' : target.instant;
  if (type === 'timeseries' && !target.legendFormat) yield 'a series has no name for the legend';
  if (kind === 'prometheus' && target.range === target.instant) yield 'is to be asked over time or now, not both';
  if (type === 'table' && !instant) yield 'a table shows what is now';
  if (type === 'table' && kind === 'prometheus' && target.format !== 'table') yield 'a table needs the format of a table';
  if (type === 'gauge' && !instant) yield 'a gauge shows what is now';
  if (target.exemplar && !(target.range && ['timeseries', 'heatmap'].includes(type))) yield 'exemplars need a graph';
  yield* ofQuery(kind, target.expr, instant, known);
}

function* ofVariable({ type, query, refresh, datasource, includeAll, allValue, current }, known) {
  if (type !== 'textbox' && !(includeAll && allValue && current?.value?.[0] === '$__all')) yield 'does not begin with all';
  if (type !== 'query') return;
  if (![1, 2].includes(refresh)) yield 'is not refreshed';
  if (known.sources.get(datasource?.uid) !== datasource?.type) yield 'its data source is not provisioned';
  if (datasource?.type !== 'prometheus') return;
  const asked = /^label_values\((.+), \w+\)$/.exec(query?.query);
  yield* asked ? ofQuery('prometheus', asked[1], true, known) : ['does not ask for label_values'];
}

function* ofQuery(kind, expr, instant, known) {
  const error = unparsable(kind, expr);
  if (error) yield error;
  for (const [, name] of expr.matchAll(/\$\{?([a-z]\w*)/gi)) {
    if (!known.variables.has(name)) yield `there is no variable ${name}`;
  }
  for (const [, operator, name] of expr.matchAll(/(!?=)"\$(\w+)"/g)) {
    if (known.many.has(name)) yield `variable ${name} is many: =~ instead of ${operator}`;
  }
  const macros = kind === 'loki' ? ['$__auto'] : ['$__rate_interval', ...(instant ? ['$__range'] : [])];
  for (const [macro] of expr.matchAll(/\$__\w+/g)) {
    if (!macros.includes(macro)) yield `${macro} has no place in a query ${instant ? 'of now' : 'over time'}`;
  }
  if (kind !== 'prometheus') return;
  for (const [, span] of expr.matchAll(/\b(?:rate|increase|irate|delta)\([^[\]]*\[([^\]]*)\]/g)) {
    if (/^\d+s$|^[1-4]m$/.test(span)) yield `[${span}] may be shorter than four scrapes: $__rate_interval`;
  }
  for (const { metric, selector } of selectors(expr)) yield* ofSelector(metric, selector, known);
}

function* ofSelector(metric, selector, known) {
  if (!metric) yield `${selector} names no metric`;
  if (!metric || known.recorded.has(metric) || OF_PROMETHEUS.test(metric)) return;
  const family = metric.replace(/_(bucket|sum|count)$/, '');
  if (!known.metrics.has(metric) && !known.metrics.has(family)) yield `metric ${metric} is not known`;
  if (!/\bjob=~?"/.test(selector)) yield `${selector} does not say of which job`;
}
