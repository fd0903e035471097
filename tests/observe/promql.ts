import { parse } from 'yaml';

interface Dashboard {
  readonly panels: readonly object[];
}

/** Every query of every panel. */
export const dashboardExpressions = ({ panels }: Dashboard): string[] =>
  panels.flatMap((panel) =>
    'targets' in panel ? (panel.targets as { expr: string }[]).map(({ expr }) => expr) : [],
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
  return [...bare.matchAll(/\b[a-z_]+\b(?!\s*\()/g)]
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

/** An expression as Grafana would send it, with every choice at the top of the page left at "All". */
export const asGrafanaSends = (expression: string, window: string): string =>
  expression.replaceAll(/\$__(rate_interval|range)/g, window).replaceAll(/\$(router|model)\b/g, '.*');
