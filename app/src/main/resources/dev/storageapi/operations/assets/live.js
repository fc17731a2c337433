/** The live page: keeps the last minutes of the stream at /live and draws them. Text goes in by textContent only. */

import { bytes, count, duration, rate, share, span, trim } from './formats.js';
import { offer } from './predict.js';

const WINDOWS = [60, 120, 300]; // seconds that the charts may span; the widest is what the server remembers
const LOST_AFTER = 4000; // ms without data before the page says so: a reconnect takes one to two seconds
const STALE_AFTER = 4; // intervals: after one failed fetch the next is three behind the last that went well
const $ = (id) => document.getElementById(id);

const FORMATS = { count, bytes, span, share, duration, rate, text: String, ready: (yes) => (yes ? 'ready' : 'not ready') };

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

/** Shows a value for people and keeps it whole in data-value; an unknown one is a dash. */
function show(element, value, format) {
  element.dataset.value = value ?? '';
  text(element, value == null ? '–' : format(value));
}

/** Shows a field of an object in each element that names it, as in data-point="cpu" data-as="share". */
function showAll(attribute, values, root = document) {
  for (const element of root.querySelectorAll(`[data-${attribute}]`)) {
    if (element.dataset[attribute] in values) show(element, values[element.dataset[attribute]], FORMATS[element.dataset.as]);
  }
}

function draw(parent, tag, attributes, content = '') {
  const element = parent.appendChild(document.createElementNS('http://www.w3.org/2000/svg', tag));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = content;
  return element;
}

/** The element that was made for the key, or else a copy of the template, put at the place in its parent. */
function place(parent, index, key, template, prepare) {
  const made = [...parent.children].find((child) => child.dataset.key === key);
  const element = made ?? $(template).content.firstElementChild.cloneNode(true);
  if (!made) prepare(element);
  element.dataset.key = key;
  if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index]);
  return element;
}

let points = []; // one a second, oldest first
let totals = null;
let snapshots = []; // the routes' error counts of the last minute and a little more, oldest first
let started = 0; // when the service did
let now = 0; // the newest second
let hover = null; // the second under the pointer, the same in every chart

const sum = (list, value) => list.reduce((all, item) => all + (value(item) ?? 0), 0);
const latest = (seconds) => points.filter((p) => p.t > now - seconds);
const under = () => points.find((p) => p.t === hover) ?? points.at(-1);
const nameOf = (route) => `${route.method} ${route.path}`;

/** Takes points in, each second once: a reconnect repeats what is here already. */
function remember(news) {
  const seconds = new Map([...points, ...news].map((p) => [p.t, { ...p, ...p.database, ...p.inference }]));
  now = Math.max(...seconds.keys());
  points = [...seconds.values()].filter((p) => p.t > now - WINDOWS.at(-1)).sort((a, b) => a.t - b.t);
}

/** The seconds to draw, and the same in sixty bins whose edges stay where they are when time goes on. */
function view() {
  const width = WINDOWS.find((w) => now - points[0].t < w) ?? WINDOWS.at(-1);
  const bins = Map.groupBy(points, (p) => p.t - (p.t % (width / 60)));
  return { bins: [...bins].map(([t, seconds]) => ({ t, seconds })), width, from: now - width, words: `${width / 60} min` };
}

// Charts. A series has a name, a label and its value at a second (of a status code: at a bin).
const isStatus = (series) => /^\d{3}$/.test(series.name);
const tint = (series) => (isStatus(series) ? `c${series.name[0]} shade${series.name % 5}` : series.name);

/** The least round number that is not below the value. */
function ceiling(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * [1, 2, 3, 4, 6, 8, 10].find((n) => n * unit >= value * 0.999);
}

/** One SVG in a .plot, drawn anew each second: lines, or columns stacked on one another. */
class Chart {
  constructor(id, series, { axis, columns = false, area = false, top, least = 1 }) {
    Object.assign(this, { holder: $(id), series, axis, columns, area, top, least, left: axis ? 52 : 0 });
    this.svg = draw(this.holder, 'svg', { 'aria-hidden': 'true' });
    this.holder.addEventListener('pointermove', (event) => {
      if (!totals) return;
      const { from, width } = view();
      const part = (event.clientX - this.svg.getBoundingClientRect().left - this.left) / this.w;
      drawAll((hover = Math.round(from + part * width)));
    });
    this.holder.addEventListener('pointerleave', () => drawAll((hover = null)));
    new ResizeObserver(drawAll).observe(this.holder);
  }

  draw({ bins, width, from, words }) {
    this.w = this.holder.clientWidth - this.left - 2;
    const height = this.holder.clientHeight - (this.axis ? 30 : 4);
    const series = this.series().filter((s) => !s.off);
    const stack = (b) => sum(series, (s) => s.at(b));
    const highest = this.columns ? bins.map(stack) : points.flatMap((p) => series.map((s) => s.at(p)));
    const top = this.top?.() ?? ceiling(Math.max(this.least, ...highest));
    const x = (t) => +(this.left + (Math.max(t - from, 0) / width) * this.w).toFixed(1);
    const y = (v) => +((this.axis ? 8 : 2) + height * (1 - Math.min(v / top, 1))).toFixed(1);
    const path = (kind, d) => draw(this.svg, 'path', { class: kind, d });
    const label = (kind, left, base, content) => draw(this.svg, 'text', { class: kind, x: left, y: base }, content);

    this.svg.replaceChildren();
    for (const v of this.axis ? [0, top / 2, top] : [0]) {
      path('grid', `M${this.left},${Math.round(y(v)) + 0.5}h${this.w}`);
      if (this.axis) label('end', this.left - 8, y(v) + 4, this.axis(v));
    }
    if (this.axis) label('', this.left, y(0) + 20, `${words} ago`);
    if (this.axis) label('end', this.left + this.w, y(0) + 20, 'now');
    if (this.columns) this.stack(bins, series, x, y, path);
    else for (const s of series) this.line(s, x, y, path);
    if (under().t === hover) path('cross', `M${x(hover)},${y(top)}V${y(0)}`);
  }

  /** A line for each stretch of seconds in which the value is known; a single second may be missing. */
  line({ name, at }, x, y, path) {
    const step = (p, i) => (p.t - points[i - 1]?.t > 2 ? ' ' : '') + (at(p) == null ? ' ' : `L${x(p.t)},${y(at(p))}`);
    const runs = points.map(step).join('').split(/ +/).filter(Boolean);
    const filled = (run) => `M${run.slice(1).split(',')[0]},${y(0)}${run}V${y(0)}Z`;
    if (this.area) path(`area ${name}`, runs.map(filled).join(''));
    path(`line ${name}`, runs.map((run) => `M${run.slice(1)}h0`).join(''));
  }

  stack(bins, series, x, y, path) {
    const feet = bins.map(() => 0);
    const right = (left) => Math.min(left + this.w / 75, this.left + this.w);
    const column = (left, foot, head) => `M${left},${foot}V${head}H${right(left)}V${foot}Z`;
    for (const s of series) {
      path(`column ${tint(s)}`, bins.map((b, i) => column(x(b.t - 1), y(feet[i]), y((feet[i] += s.at(b))))).join(''));
    }
  }
}

/** Buttons that name the series, say their values now or under the pointer, and switch them off and on. */
function legend(id, series, value) {
  const prepare = (button, s) => {
    button.className = tint(s);
    text(button.firstElementChild, s.label);
    if (isStatus(s)) button.lastElementChild.dataset.status = s.name;
    button.addEventListener('click', () => {
      button.setAttribute('aria-pressed', !!s.off);
      drawAll((s.off = !s.off));
    });
  };
  const drawEntries = ({ bins }) => series().forEach((s, i) => {
    const [, current, total] = place($(id), i, s.name, 'legend-entry', (fresh) => prepare(fresh, s)).children;
    text(current, value(s.at(isStatus(s) ? bins.findLast((b) => b.t <= under().t) : under())));
    if (isStatus(s)) show(total, totals.statuses[s.name] ?? 0, String);
  });
  return { draw: drawEntries };
}

const field = (name, label = name) => ({ name, label, at: (p) => p[name] ?? null });
const gauge = (name, more) => new Chart(`${name}-plot`, () => [{ ...field(name), name: 'load' }], { area: true, ...more });
const durations = [field('avg', 'Average'), field('p50'), field('p95'), field('p99')];
const requests = [field('requests', 'Requests')];
const queries = [field('query_time', 'Average')];
const predictions = [field('predictions', 'Predictions')];
const codes = {};

/** Every status code that was seen, in order (as keys that are numbers always are). */
function statuses() {
  for (const code of [totals, ...points].flatMap((source) => Object.keys(source.statuses))) {
    codes[code] ??= { name: code, label: code, at: (bin) => sum(bin.seconds, (p) => p.statuses[code]) / bin.seconds.length };
  }
  return Object.values(codes);
}

const parts = [
  new Chart('duration-plot', () => durations.toReversed(), { axis: (v) => duration(v, trim), least: 0.0001 }),
  legend('duration-legend', () => durations, (v) => (v == null ? '–' : duration(v))),
  new Chart('status-plot', statuses, { axis: trim, columns: true }),
  legend('status-legend', statuses, rate),
  new Chart('rate-plot', () => requests, { axis: trim, area: true }),
  legend('rate-legend', () => requests, rate),
  gauge('in_flight', { least: 5 }),
  gauge('cpu', { top: () => 1 }),
  gauge('heap_used', { top: () => under().heap_max }),
  gauge('objects', { least: 10 }),
  gauge('bytes', { top: () => under().capacity }),
];

const databaseParts = [
  new Chart('query_time-plot', () => queries, { axis: (v) => duration(v, trim), least: 0.0001 }),
  legend('query_time-legend', () => queries, (v) => (v == null ? '–' : duration(v))),
  gauge('queries', { least: 5 }),
  gauge('connections', { top: () => totals.pool }),
  gauge('reticulations', { top: () => Math.max(totals.reticulations_max, 1) }),
  gauge('feed_age', { least: 60 }),
];

/** The card of the database, which is there if one is to be; its parts. */
function database() {
  $('database').hidden = !totals.database;
  if (!totals.database) return [];
  const age = under().feed_age;
  const stale = age > STALE_AFTER * totals.feed_interval;
  text($('feed-words'), age == null ? 'not fetched yet' : stale ? 'old: stale' : 'old');
  $('feed').classList.toggle('failing', stale);
  text($('trouble'), totals.database.trouble ?? '');
  return databaseParts;
}

const inferenceParts = [
  new Chart('predictions-plot', () => predictions, { axis: trim, area: true }),
  legend('predictions-legend', () => predictions, rate),
  gauge('confidence', { top: () => 1, area: false }),
  gauge('waiting', { least: 5 }),
];

/** The card of the model, which is there if one is to be; its parts. */
function inference() {
  $('inference').hidden = !totals.inference;
  if (!totals.inference) return [];
  text($('model-trouble'), totals.inference.trouble ?? '');
  offer(totals.inference.model);
  return inferenceParts;
}

function drawAll() {
  if (!totals) return;
  const window = view();
  const when = under().t === hover ? 'at ' + new Date(hover * 1000).toLocaleTimeString() : `last ${window.words}`;
  showAll('point', { ...under(), when });
  for (const part of [...parts, ...database(), ...inference()]) part.draw(window);
}

/** Whose the last minute's errors are, judged by a stretch that is never shorter than that minute. */
function culprit() {
  const before = now - snapshots[0].t >= 60 ? snapshots[0].errors : {};
  const errors = totals.routes.map((r) => [nameOf(r), r.errors - (before[nameOf(r)] ?? 0)]);
  const [route, most] = errors.reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
  const all = sum(errors, ([, n]) => n);
  return !all ? '' : most === all ? `, all of them ${route}` : most * 2 > all ? `, most of them ${route}` : ', on several routes';
}

/** The last minute in a sentence: its kind, the words, a command to try, whether to offer the explanation. */
function headline() {
  const minute = latest(60);
  const all = sum(minute, (p) => p.requests);
  const seen = statuses().map((s) => [s.name, sum(minute, (p) => p.statuses[s.name])]).filter(([, n]) => n);
  const failed = seen.filter(([code]) => code[0] === '5');
  const [refused, errors] = [seen.filter(([code]) => code[0] === '4'), failed].map((some) => sum(some, ([, n]) => n));
  showAll('total', { error_share: all ? errors / all : null });
  if (errors) {
    const of = all === 1 ? 'The last minute’s only request' : `${count(errors)} of the last minute’s ${count(all)} requests`;
    const whose = errors === 1 ? culprit().replace('all of them', 'a') : culprit();
    const which = failed.map(([code]) => code).join(' or ');
    return ['errors', `${of} answered ${which}${whose}.`, '', which.includes('500')];
  }
  const fixed = totals.delete_status === 204 ? ' The fix is on: DELETE answers 204.' : '';
  const some = `${count(all)} request${all === 1 ? '' : 's'}${refused ? `, ${count(refused)} of them answered 4xx` : ''}`;
  if (all) return ['calm', `No errors in the last minute: ${some}.${fixed}`];
  const command = `curl -X PUT ${location.protocol === 'https:' ? location.origin : location.host}/api/buckets/1 -d hello`;
  return ['quiet', totals.requests ? 'No requests in the last minute. Try' : 'No traffic yet. Try', command];
}

function say([kind, words, command = '', explained = false]) {
  text($('message-text'), words);
  text($('message-command'), command);
  $('message-link').hidden = !explained;
  text($('state'), kind === 'lost' ? 'Not connected' : 'Live');
  const page = document.documentElement.dataset;
  if (page.kind !== kind) text($('announcement'), `${words} ${command}`); // a changed number is not read aloud
  page.kind = kind;
}

/** The path, which may break behind each slash. */
const breakable = (path) => path.split(/(?<=\/)/).flatMap((part) => [part, document.createElement('wbr')]);

function routes() {
  const called = totals.routes.filter((r) => r.requests);
  $('no-routes').hidden = called.length;
  called.forEach((r, i) => {
    const row = place($('routes'), i, nameOf(r), 'route', (fresh) => {
      fresh.dataset.route = nameOf(r);
      fresh.querySelector('.path').append(...breakable(r.path));
    });
    const answers = Object.entries(r.statuses).filter(([, n]) => n).map(([code, n]) => `${code}\u2009×\u2009${count(n)}`);
    showAll('cell', { ...r, share: r.errors / r.requests, answers: answers.join('   ') }, row);
    row.classList.toggle('failing', r.errors > 0);
  });
}

let stream = null;
let heard = performance.now(); // when data came last

function tick({ point, totals: fresh }) {
  heard = performance.now();
  totals = { ...fresh, ...fresh.database, ...fresh.inference };
  for (const link of document.querySelectorAll('[data-operations]')) link.hidden = !totals.operations_here;
  remember([point]);
  if (now - totals.uptime > started + 2) snapshots = []; // another process: its counts begin at nothing
  started = now - totals.uptime;
  snapshots.push({ t: now, errors: Object.fromEntries(totals.routes.map((r) => [nameOf(r), r.errors])) });
  while (snapshots[1]?.t <= now - 60) snapshots.shift();
  drawAll();
  say(headline());
  routes();
  showAll('total', { ...totals, avg: point.avg, rate: sum(latest(10), (p) => p.requests) / latest(10).length });
}

function connect() {
  stream?.close();
  stream = new EventSource('/live');
  stream.addEventListener('history', (event) => remember(JSON.parse(event.data).points));
  stream.addEventListener('tick', (event) => tick(JSON.parse(event.data)));
  stream.addEventListener('error', ({ target }) => { // one that was refused, the browser would not try again
    if (target.readyState === EventSource.CLOSED) setTimeout(() => document.hidden || connect(), 5000);
  });
}

setInterval(() => {
  if (document.hidden || performance.now() - heard < LOST_AFTER) return;
  say(['lost', 'Not connected. The service may be restarting, or too many of these pages are open. Trying again…']);
}, 1000);

document.addEventListener('visibilitychange', () => { // a page that nobody sees leaves its place to others
  heard = performance.now();
  if (document.hidden) stream.close();
  else connect();
});
connect();
