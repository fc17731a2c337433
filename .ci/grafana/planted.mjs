// Errors as people make them: what it is, how it is planted into the home page, what the check is to say of it.

const panel = (board, type) => board.panels.find((each) => each.type === type);
const defaults = (board, type) => panel(board, type).fieldConfig.defaults;
const ask = (board, expr, type = 'timeseries') => { panel(board, type).targets[0].expr = expr; };

const OF_TYPES = [
  ['a key that exports have', (b) => { b.__inputs = []; }, /__inputs/],
  ['refresh as a boolean', (b) => { b.refresh = false; }, /boolean/],
  ['a misspelt option', (b) => { panel(b, 'stat').options.colourMode = 'value'; }, /colourMode/],
  ['an option of another panel', (b) => { panel(b, 'timeseries').options.reduceOptions = {}; }, /reduceOptions/],
  ['a wrong word', (b) => { panel(b, 'timeseries').options.tooltip.mode = 'all'; }, /"all"/],
  ['a misspelt key of custom', (b) => { defaults(b, 'timeseries').custom.fillOpacty = 1; }, /fillOpacty/],
  ['a data source as a string', (b) => { panel(b, 'timeseries').datasource = 'prometheus'; }, /string/],
  ['a panel of old', (b) => { panel(b, 'timeseries').type = 'graph'; }, /"graph"/],
  ['a misspelt key of a target', (b) => { panel(b, 'timeseries').targets[0].legend = 'x'; }, /"legend"/],
  ['a wrong format', (b) => { panel(b, 'table').targets[0].format = 'tabel'; }, /"tabel"/],
];

const OF_IDS = [
  ['a wrong unit', (b) => { defaults(b, 'timeseries').unit = 'seconds'; }, /no unit seconds/],
  ['no unit', (b) => { delete defaults(b, 'stat').unit; }, /has no unit/],
  ['a wrong reducer', (b) => { panel(b, 'stat').options.reduceOptions.calcs = ['average']; }, /reducer average/],
  ['a wrong transformation', (b) => { panel(b, 'table').transformations[0].id = 'organise'; }, /organise/],
  ['a wrong matcher', (b) => { panel(b, 'table').fieldConfig.overrides[0].matcher.id = 'name'; }, /matcher name/],
  ['a wrong property', (b) => { panel(b, 'table').fieldConfig.overrides[0].properties[0].id = 'width'; }, /property width/],
];

const OF_THE_HOUSE = [
  ['an unknown data source', (b) => { panel(b, 'timeseries').targets[0].datasource.uid = 'prom'; }, /not provisioned/],
  ['an id twice', (b) => { b.panels[1].id = b.panels[2].id; }, /have the id/],
  ['a title twice', (b) => { b.panels[1].title = b.panels[2].title; }, /panels are called/],
  ['no description', (b) => { panel(b, 'heatmap').description = ''; }, /no description/],
  ['thresholds from 0 on', (b) => { defaults(b, 'stat').thresholds.steps[0].value = 0; }, /first threshold/],
  ['no legend', (b) => { panel(b, 'timeseries').options.legend.showLegend = false; }, /no legend/],
  ['a series without a name', (b) => { panel(b, 'timeseries').targets[0].legendFormat = ''; }, /name for the legend/],
  ['panels that overlap', (b) => { b.panels[2].gridPos = b.panels[1].gridPos; }, /overlap/],
  ['a gap', (b) => { b.panels[2].gridPos.w -= 1; }, /gap/],
  ['a variable that stays empty', (b) => { b.templating.list[0].refresh = 0; }, /not refreshed/],
  ['a variable that begins with one', (b) => { b.templating.list[0].current.value = ['/predict']; }, /begin with all/],
  ['a link to nowhere', (b) => { defaults(b, 'table').links = [{ title: 'x', url: '/d/storage-apis' }]; }, /storage-apis/],
  ['exemplars in a table', (b) => { panel(b, 'table').targets[0].exemplar = true; }, /exemplars/],
];

const OF_QUERIES = [
  ['broken PromQL', (b) => ask(b, 'sum(rate(up{job="x"}[5m])'), /does not parse/],
  ['broken LogQL', (b) => ask(b, '{service.name="x"}', 'logs'), /does not parse/],
  ['an unknown metric', (b) => ask(b, 'http_request_total{job="x"}'), /http_request_total is not known/],
  ['a query of every job', (b) => ask(b, 'http_requests_total'), /which job/],
  ['$__interval in a rate', (b) => ask(b, 'rate(http_requests_total{job="x"}[$__interval])'), /\$__interval has no place/],
  ['$__range over time', (b) => ask(b, 'rate(http_requests_total{job="x"}[$__range])'), /\$__range has no place/],
  ['a rate over a minute', (b) => ask(b, 'rate(http_requests_total{job="x"}[1m])'), /four scrapes/],
  ['many values with =', (b) => ask(b, 'http_requests_total{job="x",path="$path"}'), /=~ instead/],
  ['an unknown variable', (b) => ask(b, 'http_requests_total{job="x",path=~"$route"}'), /no variable route/],
];

export const ERRORS = [...OF_TYPES, ...OF_IDS, ...OF_THE_HOUSE, ...OF_QUERIES];
