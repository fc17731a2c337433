// Queries: whether they parse, and which metrics they name.
import { parser as promql } from '@prometheus-io/lezer-promql';
import { parser as logql } from '@grafana/lezer-logql';

/** Macros and variables as Grafana would put them in: the parsers do not know them. */
export const filled = (text) =>
  text.replace(/\$__(rate_interval|range|auto)\b/g, '1m').replace(/\$\{?\w+(:\w+)?\}?/g, '1');

function nodes(parser, text) {
  const found = [];
  parser.parse(text).iterate({ enter: (node) => void found.push({ name: node.name, error: node.type.isError, from: node.from, to: node.to, parent: node.node.parent?.name }) });
  return found;
}

/** Where a query does not parse, or null. */
export function unparsable(kind, query) {
  const text = filled(query);
  const error = nodes(kind === 'loki' ? logql : promql, text).find(({ error }) => error);
  return error ? `does not parse at "${text.slice(error.from, error.from + 20)}"` : null;
}

/** Every series that a PromQL query asks for: the metric's name, and the selector as it stands. */
export function selectors(query) {
  const text = filled(query);
  const all = nodes(promql, text);
  return all.filter(({ name }) => name === 'VectorSelector').map(({ from, to }) => {
    const name = all.find((node) => node.name === 'Identifier' && node.parent === 'VectorSelector' && node.from >= from && node.to <= to);
    return { metric: name ? text.slice(name.from, name.to) : null, selector: text.slice(from, to) };
  });
}
