// House rules: what the types of Grafana do not say. Every rule is one line of `problems`.
import { createRequire } from 'node:module';
import { selectors, unparsable } from './queries.mjs';

globalThis.navigator ??= { language: 'en', languages: ['en'] }; // @grafana/data looks at it
const data = (path) => createRequire(import.meta.url)(`./node_modules/@grafana/data/dist/cjs/${path}.cjs`);
const ids = (list) => new Set(list);
const UNITS = ids(data('valueFormats/valueFormats').getValueFormats().flatMap(({ submenu }) => submenu.map(({ value }) => value)));
const REDUCERS = ids(data('transformations/fieldReducer').fieldReducers.list().map(({ id }) => id));
const TRANSFORMATIONS = ids(Object.values(data('transformations/transformers/ids').DataTransformerID));
const MATCHERS = ids(Object.values(data('transformations/matchers/ids').FieldMatcherID));
const PROPERTIES = ids(['unit', 'min', 'max', 'decimals', 'displayName', 'color', 'thresholds', 'mappings', 'noValue', 'links', 'custom.width', 'custom.align', 'custom.cellOptions', 'custom.hideFrom']);
const WITH_VALUES = ids(['timeseries', 'stat', 'gauge', 'table', 'state-timeline', 'heatmap']);
// Made by Prometheus itself for every target and every alert.
const PROMETHEUS_OWN = /^(up|scrape_\w+|ALERTS|ALERTS_FOR_STATE)$/;

/** What is wrong with one panel. `known` has data sources, uids of dashboards, names of variables and metrics. */
function* ofPanel(panel, known) {
  const { type, targets = [], options = {} } = panel;
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const values = WITH_VALUES.has(type) && panel.datasource?.type !== 'jaeger';
  const units = [defaults.unit, type === 'heatmap' ? options.yAxis?.unit : undefined, ...overrides.flatMap(({ properties }) => properties.filter(({ id }) => id === 'unit').map(({ value }) => value))].filter(Boolean);
  const steps = defaults.thresholds?.steps ?? [];
  if (!panel.title) yield 'has no title';
  if (type === 'row') return;
  if ((panel.description ?? '').length < 10) yield 'has no description';
  if (values && !units.length) yield 'has no unit';
  for (const unit of units) if (!UNITS.has(unit)) yield `unit ${unit} is not one of Grafana's`;
  for (const calc of [...(options.reduceOptions?.calcs ?? []), ...(options.legend?.calcs ?? [])]) if (!REDUCERS.has(calc)) yield `reducer ${calc} is not one of Grafana's`;
  for (const { id } of panel.transformations ?? []) if (!TRANSFORMATIONS.has(id)) yield `transformation ${id} is not one of Grafana's`;
  for (const { matcher, properties } of overrides) {
    if (!MATCHERS.has(matcher.id)) yield `matcher ${matcher.id} is not one of Grafana's`;
    for (const { id } of properties) if (!PROPERTIES.has(id)) yield `property ${id} of an override is not known`;
  }
  if (!steps.length || steps[0].value !== null) yield 'its first threshold is not null';
  if (steps.slice(2).some(({ value }, i) => value <= steps[i + 1].value)) yield 'its thresholds do not ascend';
  if (type === 'timeseries' && options.legend?.showLegend !== true) yield 'has no legend';
  if (type === 'gauge' && !(defaults.min < defaults.max)) yield 'a gauge needs min and max';
  if (type === 'text') return;
  if (!targets.length) yield 'asks for nothing';
  if (new Set(targets.map(({ refId }) => refId)).size < targets.length) yield 'refId twice';
  for (const source of [panel.datasource, ...targets.map(({ datasource }) => datasource)]) {
    if (known.sources.get(source?.uid) !== source?.type) yield `data source ${JSON.stringify(source)} is not provisioned`;
  }
  for (const target of targets) yield* ofTarget(target, panel, known);
}

function* ofTarget(target, { type }, known) {
  const kind = target.datasource?.type;
  if (kind === 'jaeger') return;
  const instant = kind === 'loki' ? target.queryType === 'instant' : target.instant;
  if (type === 'timeseries' && !target.legendFormat) yield 'a series has no name for the legend';
  if (kind === 'prometheus' && target.range === target.instant) yield 'is to be asked over time or now, not both';
  if (type === 'table' && (!instant || (kind === 'prometheus' && target.format !== 'table'))) yield 'a table shows what is now, as a table';
  if (type === 'gauge' && !instant) yield 'a gauge shows what is now';
  if (target.exemplar && !(target.range && ['timeseries', 'heatmap'].includes(type))) yield 'exemplars need a graph over time';
  yield* ofQuery(kind, target.expr, instant, known);
}

/** What is wrong with one query. */
export function* ofQuery(kind, expr, instant, known) {
  const error = unparsable(kind, expr);
  if (error) yield error;
  for (const [, name] of expr.matchAll(/\$\{?([a-z]\w*)/gi)) if (!known.variables.has(name)) yield `variable ${name} is not there`;
  for (const [, operator, name] of expr.matchAll(/(=|!=)"\$(\w+)"/g)) if (known.many.has(name)) yield `variable ${name} is many: =~ instead of ${operator}`;
  for (const [macro] of expr.matchAll(/\$__\w+/g)) {
    const allowed = kind === 'loki' ? ['$__auto'] : ['$__rate_interval', ...(instant ? ['$__range'] : [])];
    if (!allowed.includes(macro)) yield `${macro} has no place in ${instant ? 'a query of now' : 'a query over time'}`;
  }
  if (kind !== 'prometheus') return;
  for (const [, span] of expr.matchAll(/\b(?:rate|increase|irate|delta)\([^[\]]*\[([^\]]*)\]/g)) if (/^\d+s$|^[1-4]m$/.test(span)) yield `[${span}] may be shorter than four scrapes: $__rate_interval`;
  for (const { metric, selector } of selectors(expr)) {
    if (!metric) { yield `${selector} names no metric`; continue; }
    if (known.recorded.has(metric) || PROMETHEUS_OWN.test(metric)) continue;
    if (!known.metrics.has(metric) && !known.metrics.has(metric.replace(/_(bucket|sum|count)$/, ''))) yield `metric ${metric} is not known`;
    if (!/\bjob(=|=~)"/.test(selector)) yield `${selector} does not say of which job`;
  }
}

function* layout(panels) {
  const cells = new Map();
  for (const { id, title, gridPos: { x, y, w, h } } of panels) {
    if (!(x >= 0 && w > 0 && x + w <= 24 && h > 0)) yield `panel ${title} does not fit into 24 columns`;
    for (let i = 0; i < w * h; i++) {
      const cell = `${x + (i % w)},${y + Math.floor(i / w)}`;
      if (cells.has(cell)) { yield `panels ${title} and ${cells.get(cell)} overlap`; break; }
      cells.set(cell, title ?? id);
    }
  }
  const bottom = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
  if (cells.size < 24 * bottom) yield 'there is a gap between panels';
}

function* ofVariable(variable, known) {
  const { name, type, query, refresh } = variable;
  if (type === 'query') {
    if (![1, 2].includes(refresh)) yield `variable ${name} is not refreshed`;
    if (known.sources.get(variable.datasource?.uid) !== variable.datasource?.type) yield `variable ${name}: its data source is not provisioned`;
    const asked = /^label_values\((.+), \w+\)$/.exec(query?.query ?? '');
    if (variable.datasource?.type === 'prometheus') yield* asked ? ofQuery('prometheus', asked[1], true, known) : [`variable ${name} does not ask for label_values`];
  }
  if (type !== 'textbox' && !(variable.includeAll && variable.allValue && variable.current?.value?.[0] === '$__all')) yield `variable ${name} does not begin with all`;
}

/** What is wrong with one dashboard, as lines of text. */
export function problems(file, board, known) {
  const found = [];
  const variables = board.templating?.list ?? [];
  const own = { ...known, variables: new Set(variables.map(({ name }) => name)), many: new Set(variables.filter(({ multi }) => multi).map(({ name }) => name)) };
  const say = (place, lines) => { for (const line of lines) found.push(place ? `${place}: ${line}` : line); };
  const panels = board.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const twice = (list) => list.filter((each, i) => list.indexOf(each) < i);
  for (const key of ['uid', 'title', 'description', 'schemaVersion', 'time', 'panels', 'templating', 'annotations', 'tags', 'links']) if (!board[key]) found.push(`${key} is missing`);
  if (!/^[A-Za-z0-9_-]{1,40}$/.test(board.uid) || `${board.uid}.json` !== file) found.push(`uid ${board.uid} is not the file's name`);
  if (board.schemaVersion !== 42) found.push('schemaVersion is not 42');
  if (!board.links?.some(({ type, tags }) => type === 'dashboards' && tags.every((tag) => board.tags.includes(tag)))) found.push('no link to the other dashboards');
  for (const id of twice(panels.map(({ id }) => id))) found.push(`two panels have the id ${id}`);
  for (const title of twice(panels.map(({ title }) => title))) found.push(`two panels are called ${title}`);
  say('', layout(panels));
  for (const panel of panels) say(panel.title, ofPanel(panel, own));
  for (const variable of variables) say('', ofVariable(variable, own));
  for (const { name, target, datasource } of board.annotations?.list ?? []) say(`annotation ${name}`, ofQuery(datasource.type, target.expr, false, own));
  for (const [, uid] of JSON.stringify(board).matchAll(/\/d\/([\w-]+)/g)) if (!known.boards.has(uid)) found.push(`a link leads to ${uid}, which is not there`);
  return found;
}

/** What only the whole set shows. */
export function together(boards) {
  const titles = boards.map(({ title }) => title);
  const uids = boards.map(({ uid }) => uid);
  const twice = (list) => list.filter((each, i) => list.indexOf(each) < i);
  return [...twice(titles).map((title) => `two dashboards are called ${title}`), ...twice(uids).map((uid) => `two dashboards have the uid ${uid}`)];
}
