// Checks the dashboards without Grafana: types, house rules, queries. With --self-test it plants errors, and fails if
// one of them is not found.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ERRORS } from './planted.mjs';
import { unparsable } from './queries.mjs';
import { problems, together } from './rules.mjs';
import { types } from './types.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const FOLDER = `${HERE}../../monitoring/grafana/dashboards`;
const SOURCES = `${HERE}../../monitoring/grafana/provisioning/datasources/datasources.yaml`;
const RULES = `${HERE}../../monitoring/prometheus/rules`;

const read = (path) => readFileSync(path, 'utf8');
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json')).sort();
const boards = files.map((file) => JSON.parse(read(`${FOLDER}/${file}`)));
const sources = read(SOURCES).replace(/#.*/g, '');
const catalogue = read(`${HERE}../../docs/metrics.md`).match(/\n## The catalogue[^]*?(?=\n## Buckets)/)[0];
const known = {
  sources: new Map([...sources.matchAll(/type: (\w+)\n +uid: (\w+)/g)].map(([, type, uid]) => [uid, type])),
  boards: new Set(boards.map(({ uid }) => uid)),
  metrics: new Set([...all(catalogue, /`([a-z]\w+)`/g), ...all(read(`${HERE}foreign-metrics.txt`), /^(\w+)$/gm)]),
  recorded: new Set(readdirSync(RULES).flatMap((file) => all(read(`${RULES}/${file}`), /record: (\S+)/g))),
};

function* ofSources() {
  if (sources.replaceAll('$$', '').includes('$')) yield 'datasources.yaml: a $ of Grafana is $$ there';
  for (const uid of all(sources, /\/d\/([\w-]+)/g)) {
    if (!known.boards.has(uid)) yield `datasources.yaml: a link leads to ${uid}, which is not there`;
  }
  for (const query of all(sources, /query: '?(.+?)'?$/gm)) {
    const filled = query.replaceAll('$$__tags', 'path="1"').replace(/\$\$\{[^}]*\}/g, '1');
    const error = unparsable(query.startsWith('{') ? 'loki' : 'prometheus', filled);
    if (error) yield `datasources.yaml: ${query} ${error}`;
  }
}

/** What is wrong with each of them; `names` are those of their files. */
function check(names, checked) {
  const typed = types(checked);
  return checked.map((board, i) => [...typed[i], ...problems(names[i], board, known)]);
}

function selfTest() {
  const home = boards.find(({ uid }) => uid === 'storage-api');
  const copies = ERRORS.map(([, change]) => {
    const copy = structuredClone(home);
    change(copy);
    return copy;
  });
  const found = check(ERRORS.map(() => 'storage-api.json'), copies);
  console.log(`${ERRORS.length} errors planted`);
  return ERRORS.filter(([, , expected], i) => !found[i].some((line) => expected.test(line)))
    .map(([name]) => `not found: ${name}`);
}

function everything() {
  const found = check(files, boards).flatMap((lines, i) => lines.map((line) => `${files[i]}: ${line}`));
  const panels = boards.flatMap((board) => board.panels).filter(({ type }) => type !== 'row');
  console.log(`${boards.length} dashboards, ${panels.length} panels`);
  return [...found, ...together(boards), ...ofSources()];
}

const wrong = process.argv.includes('--self-test') ? selfTest() : everything();
for (const line of wrong) console.error(line);
process.exitCode = wrong.length ? 1 : 0;
