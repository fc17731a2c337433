/** The place to ask the model what an image shows: one that is drawn, dropped or chosen. Text goes in by textContent only. */

import { duration, share } from './formats.js';

const PAUSE = 600; // ms without the pen before a drawing is sent: a 4 has two strokes
const SIDE = 128; // pixels of the drawing that is sent
const FILLED = 0.8; // of which its longer side fills so much,
const PEN = 0.125; // with strokes as wide as this: so the model for digits is right most often
const $ = (id) => document.getElementById(id);
const paper = $('paper');

let model = null;
let draws = false; // whether there is a model for what one draws
let strokes = []; // lists of points, from 0 to 1 across the paper
let named = ''; // the file that was asked about instead of a drawing
let shown = null; // what it shows, if the browser can tell
let pen = null; // the pointer that draws
let pause = null;
let asked = 0; // how often; what answers an earlier question comes too late

/** Shows the place for a model; to be called again when another one serves. */
export function offer(name) {
  if (name === model) return;
  model = name;
  draws = name === 'digits';
  $('pad').classList.toggle('draws', draws);
  paper.setAttribute('aria-label', draws ? 'A place to draw a digit, by mouse, finger or pen' : 'The image asked about');
  clear();
}

function clear() {
  clearTimeout(pause);
  asked++;
  strokes = [];
  [pen, named, shown] = [null, '', null];
  show();
  const what = draws ? 'which digit it is' : 'what the image shows';
  answer('empty', { verdict: `Here the model says ${what}, how sure it is, and what else it may be.` });
}

/** Fills in the answer: what it is, how sure that is, the candidates, and what the request was. */
function answer(state, { verdict, sure = '', top = [], took = '', id = '' }) {
  $('answer').dataset.state = state;
  $('verdict').textContent = verdict;
  $('sure').textContent = sure;
  $('took').textContent = took;
  $('request-id').textContent = id;
  $('top').replaceChildren(...top.map(candidate));
  $('told').textContent = state === 'empty' ? '' : `${verdict} ${sure}`;
}

/** No model is quite sure, whatever rounding says. */
const surety = (x) => (x >= 0.9995 ? '>\u202f99.9\u202f%' : share(x));

function candidate({ class_name: name, confidence }) {
  const item = $('candidate').content.firstElementChild.cloneNode(true);
  const [label, bar, value] = item.children;
  label.textContent = label.title = name;
  bar.style.setProperty('--share', confidence);
  value.textContent = surety(confidence);
  return item;
}

// The paper.
const colour = () => getComputedStyle(paper).color;

/** Draws the strokes as lines of a width, their points moved and scaled. */
function trace(context, width, move) {
  Object.assign(context, { lineWidth: width, lineCap: 'round', lineJoin: 'round' });
  for (const stroke of strokes) {
    const [[x, y], ...rest] = stroke.map(move);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + 0.01, y); // a dot is a line too
    for (const point of rest) context.lineTo(...point);
    context.stroke();
  }
}

function show() {
  const { width, height } = paper;
  const context = paper.getContext('2d');
  context.clearRect(0, 0, width, height);
  $('hint').hidden = strokes.length || shown;
  $('hint').textContent = named || (draws ? 'Draw a digit, or drop an image of one' : `Drop an image for the model ${model}`);
  context.imageSmoothingQuality = 'high';
  if (shown) {
    const scale = Math.min(width / shown.width, height / shown.height);
    const [w, h] = [shown.width * scale, shown.height * scale];
    context.drawImage(shown, (width - w) / 2, (height - h) / 2, w, h);
  }
  context.strokeStyle = colour();
  trace(context, width * 0.06, ([x, y]) => [x * width, y * height]);
}

/** Makes a PNG of the drawing, black on white, as large and as far in the middle as the model knows digits. */
function picture(then) {
  const edges = [0, 1].map((axis) => {
    const all = strokes.flat().map((point) => point[axis]);
    return [Math.min(...all), Math.max(...all)];
  });
  const extent = Math.max(...edges.map(([low, high]) => high - low), 0.05);
  const scale = ((FILLED - PEN) * SIDE) / extent;
  const canvas = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, SIDE, SIDE);
  trace(context, PEN * SIDE, (point) => point.map((at, i) => (at - (edges[i][0] + edges[i][1]) / 2) * scale + SIDE / 2));
  canvas.toBlob((image) => strokes.length && then(image), 'image/png');
}

function at(event) {
  const { left, top, width, height } = paper.getBoundingClientRect();
  return [(event.clientX - left) / width, (event.clientY - top) / height];
}

paper.addEventListener('pointerdown', (event) => {
  if (!draws || pen != null || event.button !== 0) return;
  event.preventDefault();
  if (named) clear();
  clearTimeout(pause);
  pen = event.pointerId;
  paper.setPointerCapture(pen);
  strokes.push([at(event)]);
  show();
});

paper.addEventListener('pointermove', (event) => {
  if (event.pointerId !== pen) return;
  strokes.at(-1).push(at(event));
  show();
});

for (const end of ['pointerup', 'pointercancel']) {
  paper.addEventListener(end, (event) => {
    if (event.pointerId !== pen) return;
    pen = null;
    pause = setTimeout(() => picture((image) => ask(image, 'drawing.png')), PAUSE);
  });
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
$('clear').addEventListener('click', clear);

// An image from elsewhere is sent as it is.
async function take(file) {
  clear();
  named = file.name;
  ask(file, named);
  const question = asked;
  const bitmap = await createImageBitmap(file).catch(() => null); // what the browser cannot show, the model may know
  if (question !== asked) return;
  shown = bitmap;
  show();
}

$('choose').addEventListener('change', ({ target }) => {
  if (target.files.length) take(target.files[0]);
  target.value = ''; // so that the same one can be chosen again
});

// Wherever on the page: beside a smaller place the browser would leave the page for the file.
const carries = (event) => model && event.dataTransfer.types.includes('Files');
const aim = (on) => $('pad').classList.toggle('aimed', on);

document.addEventListener('dragover', (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  aim(true);
});
document.addEventListener('dragleave', (event) => event.relatedTarget || aim(false));
document.addEventListener('drop', (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  aim(false);
  if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
});

// The question, and what comes back.
async function ask(image, name) {
  const question = ++asked;
  $('answer').dataset.state = 'asking';
  const form = new FormData();
  form.append('file', image, name);
  const outcome = await fetch('/predict', { method: 'POST', body: form }).then(read).catch(() => UNANSWERED);
  if (question === asked) answer(...outcome);
}

const UNANSWERED = ['refused', { verdict: 'There was no answer. The service may be restarting, or the file may be larger than it takes.' }];

async function read(response) {
  const body = await response.json();
  const id = response.headers.get('X-Request-ID') ?? '';
  if (!response.ok) return ['refused', { verdict: refusal(response, body), took: 'Request', id }];
  const { prediction, top5 } = body;
  return ['answered', {
    verdict: prediction.class_name,
    sure: `${surety(prediction.confidence)} sure`,
    top: top5,
    took: `${duration(body.inference_time_ms / 1000)} · request`,
    id: body.request_id,
  }];
}

const REFUSALS = {
  400: 'It cannot read this as an image.',
  413: 'This image is too large.',
  422: 'No image arrived.',
  503: 'It cannot answer now.',
};

/** Why there is no prediction: what the status means, and what the service says beside it. */
function refusal({ status, headers }, { detail }) {
  const said = Array.isArray(detail) ? detail.map((problem) => problem.msg).join(', ') : detail ?? '';
  const wait = headers.get('Retry-After');
  const why = wait ? `${said.replace(/Try again .*/, '').trim()} Try again in ${wait}\u202fs.` : said;
  return `${REFUSALS[status] ?? `It answered ${status}.`} ${why}`;
}
