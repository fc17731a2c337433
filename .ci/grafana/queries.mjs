// Queries: whether they parse, and which series they ask for.
import { parser as logql } from '@grafana/lezer-logql';
import { parser as promql } from '@prometheus-io/lezer-promql';

/** Macros and variables as Grafana would put them in: the parsers do not know them. */
export const filled = (text) =>
  text.replace(/\$__(rate_interval|range|auto)\b/g, '1m').replace(/\$\{?\w+(:\w+)?\}?/g, '1');

function nodes(parser, text) {
  const found = [];
  const enter = ({ name, type, from, to, node }) => {
    found.push({ name, error: type.isError, from, to, parent: node.parent?.name });
  };
  parser.parse(text).iterate({ enter });
  return found;
}

/** Where a query does not parse, or null. */
export function unparsable(kind, query) {
  const text = filled(query);
  const error = nodes(kind === 'loki' ? logql : promql, text).find((node) => node.error);
  return error ? `does not parse at "${text.slice(error.from, error.from + 20)}"` : null;
}

/** Every selector of a PromQL query, with the metric that it names, if it does. */
export function selectors(query) {
  const text = filled(query);
  const all = nodes(promql, text);
  const names = all.filter(({ name, parent }) => name === 'Identifier' && parent === 'VectorSelector');
  return all.filter(({ name }) => name === 'VectorSelector').map(({ from, to }) => {
    const name = names.find((each) => each.from >= from && each.to <= to);
    return { metric: name && text.slice(name.from, name.to), selector: text.slice(from, to) };
  });
}
