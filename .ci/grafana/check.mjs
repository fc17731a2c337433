// Checks the dashboards without Grafana: types, house rules, queries. With --self-test it plants errors and counts what
// it finds.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { plant } from './planted.mjs';
import { problems, together } from './rules.mjs';
import { types } from './types.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = `${HERE}../..`;
const FOLDER = `${ROOT}/monitoring/grafana/dashboards`;
const RULES = `${ROOT}/monitoring/prometheus/rules`;
const read = (path) => readFileSync(path, 'utf8');

const files = readdirSync(FOLDER).sort();
const boards = files.map((file) => JSON.parse(read(`${FOLDER}/${file}`)));
const provisioned = read(`${ROOT}/monitoring/grafana/provisioning/datasources/datasources.yaml`);
const metrics = read(`${ROOT}/docs/metrics.md`).match(/## The catalogue[^]*?(?=\n## Buckets)/)[0];
const foreign = read(`${HERE}foreign-metrics.txt`).split('\n').filter((line) => line && !line.startsWith('#'));
const known = {
  sources: new Map([...provisioned.matchAll(/type: (\w+)\n +uid: (\w+)/g)].map(([, type, uid]) => [uid, type])),
  boards: new Set(boards.map(({ uid }) => uid)),
  metrics: new Set([...[...metrics.matchAll(/`([a-z]\w+)`/g)].map(([, name]) => name), ...foreign]),
  recorded: new Set(readdirSync(RULES).flatMap((file) => [...read(`${RULES}/${file}`).matchAll(/record: (\S+)/g)].map(([, name]) => name))),
};

function check(boards) {
  const typed = types(boards);
  return boards.map((board, i) => [...typed[i], ...problems(files[i], board, known)]);
}

if (process.argv.includes('--self-test')) {
  const missed = plant(boards, files, (planted) => check(planted));
  for (const error of missed) console.error(`not found: ${error}`);
  process.exit(missed.length ? 1 : 0);
}
const found = [...check(boards).flatMap((lines, i) => lines.map((line) => `${files[i]}: ${line}`)), ...together(boards)];
for (const [, uid] of provisioned.matchAll(/\/d\/([\w-]+)/g)) if (!known.boards.has(uid)) found.push(`datasources.yaml: a link leads to ${uid}, which is not there`);
if (provisioned.replace(/#.*|\$\$/g, '').includes('$')) found.push('datasources.yaml: a $ of Grafana is $$ there');
for (const line of found) console.error(line);
console.log(`${boards.length} dashboards, ${boards.flatMap(({ panels }) => panels).filter(({ type }) => type !== 'row').length} panels, ${found.length} problems`);
process.exit(found.length ? 1 : 0);
