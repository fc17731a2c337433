// Errors as people make them, each planted into a dashboard of its own, with what the check is to say of it.

const panel = (board, type) => board.panels.find((each) => each.type === type);

const ERRORS = [
  // types
  ['a key of Grafana exports', (b) => { b.__inputs = []; }, /__inputs/],
  ['refresh as a boolean', (b) => { b.refresh = false; }, /boolean/],
  ['a misspelt option', (b) => { panel(b, 'stat').options.colourMode = 'value'; }, /colourMode/],
  ['an option of another panel', (b) => { panel(b, 'timeseries').options.reduceOptions = {}; }, /reduceOptions/],
  ['a wrong word of an option', (b) => { panel(b, 'timeseries').options.tooltip.mode = 'all'; }, /"all"/],
  ['a misspelt key of custom', (b) => { panel(b, 'timeseries').fieldConfig.defaults.custom.fillOpacty = 1; }, /fillOpacty/],
  ['a data source as a string', (b) => { panel(b, 'timeseries').datasource = 'prometheus'; }, /string/],
  ['a panel of old', (b) => { panel(b, 'timeseries').type = 'graph'; }, /"graph"/],
  ['a misspelt key of a target', (b) => { panel(b, 'timeseries').targets[0].legend = 'x'; }, /"legend"/],
  ['a wrong format', (b) => { panel(b, 'table').targets[0].format = 'tabel'; }, /"tabel"/],
  // ids
  ['a wrong unit', (b) => { panel(b, 'timeseries').fieldConfig.defaults.unit = 'seconds'; }, /unit seconds/],
  ['no unit', (b) => { delete panel(b, 'stat').fieldConfig.defaults.unit; }, /no unit/],
  ['a wrong reducer', (b) => { panel(b, 'stat').options.reduceOptions.calcs = ['average']; }, /reducer average/],
  ['a wrong transformation', (b) => { panel(b, 'table').transformations[0].id = 'organise'; }, /transformation organise/],
  ['a wrong matcher', (b) => { panel(b, 'table').fieldConfig.overrides[0].matcher.id = 'name'; }, /matcher name/],
  ['a wrong property', (b) => { panel(b, 'table').fieldConfig.overrides[0].properties[0].id = 'width'; }, /property width/],
  // the house
  ['a uid of no data source', (b) => { panel(b, 'timeseries').targets[0].datasource.uid = 'prom'; }, /not provisioned/],
  ['an id twice', (b) => { b.panels[1].id = b.panels[2].id; }, /the id/],
  ['no description', (b) => { panel(b, 'heatmap').description = ''; }, /no description/],
  ['thresholds from 0 on', (b) => { panel(b, 'stat').fieldConfig.defaults.thresholds.steps[0].value = 0; }, /first threshold/],
  ['no legend', (b) => { panel(b, 'timeseries').options.legend.showLegend = false; }, /no legend/],
  ['a series without a name', (b) => { panel(b, 'timeseries').targets[0].legendFormat = ''; }, /name for the legend/],
  ['panels that overlap', (b) => { b.panels[2].gridPos = b.panels[1].gridPos; }, /overlap/],
  ['a variable that stays empty', (b) => { b.templating.list[0].refresh = 0; }, /not refreshed/],
  ['a link to nowhere', (b) => { panel(b, 'table').fieldConfig.defaults.links = [{ title: 'x', url: '/d/storage-apis' }]; }, /storage-apis/],
  ['exemplars of a number', (b) => { Object.assign(panel(b, 'table').targets[0], { exemplar: true }); }, /exemplars/],
  // queries
  ['a query that does not parse', (b) => { panel(b, 'timeseries').targets[0].expr = 'sum(rate(up{job="x"}[5m])'; }, /does not parse/],
  ['a log query that does not parse', (b) => { panel(b, 'logs').targets[0].expr = '{service.name="x"}'; }, /does not parse/],
  ['a metric that is not there', (b) => { panel(b, 'timeseries').targets[0].expr = 'http_request_total{job="x"}'; }, /http_request_total/],
  ['a query of every job', (b) => { panel(b, 'timeseries').targets[0].expr = 'http_requests_total'; }, /which job/],
  ['$__interval in a rate', (b) => { panel(b, 'timeseries').targets[0].expr = 'rate(http_requests_total{job="x"}[$__interval])'; }, /\$__interval has no place/],
  ['a rate over a minute', (b) => { panel(b, 'timeseries').targets[0].expr = 'rate(http_requests_total{job="x"}[1m])'; }, /four scrapes/],
  ['many values with =', (b) => { panel(b, 'timeseries').targets[0].expr = 'http_requests_total{job="x",path="$path"}'; }, /=~ instead/],
  ['a variable that is not there', (b) => { panel(b, 'timeseries').targets[0].expr = 'http_requests_total{job="x",path=~"$route"}'; }, /variable route/],
];

/** Plants each error into a copy of the home page; returns those that `check` does not find. */
export function plant(boards, files, check) {
  const home = boards.find(({ uid }) => uid === 'storage-api');
  const copies = ERRORS.map(([, change]) => { const copy = structuredClone(home); change(copy); return copy; });
  const found = check(copies);
  console.log(`${ERRORS.length} errors planted`);
  return ERRORS.filter(([, , expected], i) => !found[i].some((line) => expected.test(line))).map(([name]) => name);
}
