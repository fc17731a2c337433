// Types: each dashboard as a TypeScript literal, compiled in memory against types.ts.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const HERE = fileURLToPath(new URL('.', import.meta.url)).slice(0, -1);

/** Messages of the compiler, for each dashboard those of its own. */
export function types(dashboards) {
  const options = {
    strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const files = new Map(dashboards.map((dashboard, i) => [
    `${HERE}/dashboard-${i}.ts`,
    `import type { Dashboard } from './types';\nexport const dashboard: Dashboard = ${JSON.stringify(dashboard, null, 1)};\n`,
  ]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...more) =>
    files.has(name) ? ts.createSourceFile(name, files.get(name), ts.ScriptTarget.ES2022) : getSourceFile(name, ...more);
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  const program = ts.createProgram([...files.keys(), `${HERE}/types.ts`], options, host);
  const broken = ts.getPreEmitDiagnostics(program).filter(({ file }) => !files.has(file?.fileName));
  if (broken.length) throw new Error(ts.formatDiagnostics(broken, { ...host, getNewLine: () => '\n' }));
  return [...files.keys()].map((name) => {
    const file = program.getSourceFile(name);
    return ts.getPreEmitDiagnostics(program, file).map((problem) => {
      const line = file.getLineAndCharacterOfPosition(problem.start).line - 1;
      return `line ${line + 1}: ${ts.flattenDiagnosticMessageText(problem.messageText, '\n  ')}`;
    });
  });
}
