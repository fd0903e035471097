import { parse } from 'yaml';

interface Dashboard {
  readonly panels: readonly object[];
}

/** Every query of every panel. */
export const dashboardExpressions = ({ panels }: Dashboard): string[] =>
  panels.flatMap((panel) =>
    'targets' in panel ? (panel.targets as { expr: string }[]).map(({ expr }) => expr) : [],
  );

/** The recorded names with their expressions. */
export const recordings = (yaml: string): ReadonlyMap<string, string> =>
  new Map(
    parse(yaml).groups.flatMap((group: { rules: { record: string; expr: string }[] }) =>
      group.rules.map(({ record, expr }) => [record, expr]),
    ),
  );

export const alertExpressions = (yaml: string): string[] =>
  parse(yaml).groups.flatMap((group: { rules: { expr: string }[] }) => group.rules.map(({ expr }) => expr));

const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const braces = /{([^}]*)}/g;

/** The names of the metrics that an expression asks for. Ours are the only words of PromQL with no bracket behind. */
export const metricsIn = (expression: string): string[] => {
  const bare = expression
    .replace(braces, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(grouping, '');
  return [...bare.matchAll(/\b[a-z_][a-z0-9_:]*\b(?!\s*\()/g)]
    .map(([word]) => word)
    .filter((word) => !['and', 'or', 'unless', 'sum', 'count', 'avg', 'max', 'min', 'e'].includes(word));
};

/** The names of the labels that an expression matches or groups by. */
export const labelsIn = (expression: string): string[] => [
  ...[...expression.matchAll(braces)].flatMap(([, matchers = '']) =>
    [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!),
  ),
  ...[...expression.matchAll(grouping)].flatMap(([, labels = '']) => labels.split(/\s*,\s*/).filter(Boolean)),
];

/** Where the brackets of `text` are closed, from left to right: the characters that no bracket, brace or quote encloses. */
const isOutside = (text: string): boolean[] => {
  let depth = 0;
  let quoted = false;
  return [...text].map((character) => {
    if (character === '"') quoted = !quoted;
    if (quoted) return false;
    if ('([{'.includes(character)) depth++;
    const outside = depth === 0;
    if (')]}'.includes(character)) depth--;
    return outside;
  });
};

const operators = /\b(?:and|or|unless)\b(?:\s+(?:on|ignoring)\s*\([^)]*\))?|[<>]=?|[!=]=/g;

/**
 * The operands of an alert: what stands between its set operators and comparisons. Each of them gives data also while all is
 * well; the alert itself does not. `absent(…)` is left out, because it gives data only when something is wrong.
 */
export const operandsOf = (expression: string): string[] => {
  const text = expression.trim();
  const outside = isOutside(text);
  if (text.startsWith('(') && !outside.includes(true)) return operandsOf(text.slice(1, -1));
  const splits = [...text.matchAll(operators)].filter(({ index }) => outside[index]);
  if (splits.length === 0) return text.startsWith('absent(') || /^-?[\d.e]+$/.test(text) ? [] : [text];
  const ends = [...splits.map(({ index }) => index), text.length];
  const starts = [0, ...splits.map(({ index, 0: operator }) => index + operator.length)];
  return starts.flatMap((start, at) => operandsOf(text.slice(start, ends[at])));
};

/** An expression as Grafana would send it, with every choice at the top of the page left at "All". */
export const asGrafanaSends = (expression: string, window: string): string =>
  expression.replaceAll(/\$__(rate_interval|range)/g, window).replaceAll(/\$(router|model)\b/g, '.*');
