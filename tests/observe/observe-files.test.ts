import { readFileSync } from 'node:fs';
import { agentMetrics, type MetricDefinition, routerMetrics } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboard } from '../../deploy/grafana/dashboard.ts';
import { program, run } from './programs.ts';
import { alertExpressions, dashboardExpressions, labelsIn, metricsIn, recordings } from './promql.ts';

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const definitions: MetricDefinition[] = [
  ...new Map(
    [routerMetrics, agentMetrics].flatMap((all) => Object.values(all)).map((one) => [one.name, one]),
  ),
].map(([, one]) => one as MetricDefinition);

const seriesOf = ({ kind, name }: MetricDefinition) =>
  kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`) : [name];

/** What Prometheus itself and prom-client's defaults are called; that those asked for exist is seen in a live run. */
const isGiven = (name: string) => /^(up|nodejs_\w+|process_\w+)$/.test(name);
const ownSeries = definitions.flatMap(seriesOf);
const knownLabels = ['job', 'instance', 'le', ...definitions.flatMap(({ labelNames }) => labelNames)];

const promtool = program('promtool');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly runbook_url: string };
}
const rules = (parse(file('deploy/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

const recorded = recordings(file('deploy/prometheus/recording.yml'));
/** What an expression asks the processes for, also by way of recorded figures. */
const askedFor = (expression: string): string[] =>
  metricsIn(expression).flatMap((name) => {
    const behind = recorded.get(name);
    return behind === undefined ? [name] : metricsIn(behind);
  });

interface AlertTest {
  readonly input_series: readonly { readonly series: string }[];
  readonly alert_rule_test?: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly object[];
  }[];
  readonly promql_expr_test?: readonly {
    readonly expr: string;
    readonly exp_samples: readonly { readonly labels: string }[];
  }[];
}

describe('metric names', () => {
  it('the names of metrics are unique and follow the conventions of Prometheus', () => {
    for (const { name, kind, help, labelNames, buckets } of definitions) {
      expect(name).toMatch(/^(parley|gen_ai)_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
      if (kind === 'histogram') expect(name).toMatch(/_(seconds|ratio)$/);
      expect(help).toMatch(/^[A-Z1].*\.$/);
      expect([...(buckets ?? [])].sort((a, b) => a - b)).toEqual(buckets ?? []);
      for (const label of labelNames) expect(label).toMatch(/^[a-z]+(_[a-z]+)*$/);
    }
  });

  it('the metrics never have a conversation or the name of a peer as a label, and an agent process names only its own agents', () => {
    const unbounded = /conversation|^name$|agent$|member|peer|text|^id$|_id$/;
    const found = (all: { [key: string]: MetricDefinition }) =>
      Object.values(all).flatMap(({ labelNames }) => labelNames.filter((label) => unbounded.test(label)));
    expect(found(routerMetrics)).toEqual([]);
    expect([...new Set(found(agentMetrics))]).toEqual(['agent']);
  });

  it('docs/metrics.md has all metrics and no others', () => {
    const rows = (all: { [key: string]: MetricDefinition }) =>
      Object.values(all).map(
        ({ name, kind, labelNames, help }) =>
          `| \`${name}\` | ${kind} | ${labelNames.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
      );
    const documented = file('docs/metrics.md')
      .split('\n')
      .filter((line) => /^\| `(parley|gen_ai)_/.test(line));
    expect(documented).toEqual([...rows(routerMetrics), ...rows(agentMetrics)]);
  });

  it('docs/metrics.md has the figures that Prometheus records of the metrics', () => {
    const documented = [...file('docs/metrics.md').matchAll(/^\| `(parley:[a-z0-9_:]+)` \|/gm)];
    expect(documented.map(([, name]) => name)).toEqual([...recorded.keys()]);
  });
});

describe('the dashboard and the alerts', () => {
  const expressions = [
    ...dashboardExpressions(dashboard),
    ...alertExpressions(file('deploy/prometheus/alerts.yml')),
    ...recorded.values(),
  ];

  it('the dashboard and the alerts use only metrics and labels that exist', () => {
    for (const expression of expressions) {
      for (const name of metricsIn(expression))
        if (!isGiven(name) && !recorded.has(name)) expect(ownSeries, expression).toContain(name);
      for (const label of labelsIn(expression)) expect(knownLabels, expression).toContain(label);
    }
  });

  it('docs/runbooks.md has a section for each alert, to which the alert links', () => {
    const sections = [...file('docs/runbooks.md').matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(rules.map(({ alert }) => alert));
    for (const { alert, annotations } of rules)
      expect(annotations.runbook_url.split('#')[1]).toBe(alert.toLowerCase());
  });

  it('the dashboard and the alerts use every metric that a process exposes', () => {
    const shown = new Set(expressions.flatMap(metricsIn));
    expect(definitions.filter((one) => !seriesOf(one).some((name) => shown.has(name)))).toEqual([]);
  });
});

describe('the dashboard', () => {
  const [source] = dashboard.templating.list;
  const panels = dashboard.panels.filter((panel) => panel.type !== 'row');

  it('the dashboard is what deploy/grafana/dashboard.ts writes (npm run dashboard)', () => {
    expect(JSON.parse(file('deploy/grafana/dashboards/parley.json'))).toEqual(
      JSON.parse(JSON.stringify(dashboard)),
    );
  });

  it('the dashboard lets the reader choose the data source, which provisioning names', () => {
    expect(source).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(parse(file('deploy/grafana/provisioning/datasources/prometheus.yml'))).toMatchObject({
      datasources: [{ uid: 'prometheus', type: 'prometheus', isDefault: true }],
    });
    for (const panel of panels) expect(panel.datasource.uid).toBe(`\${${source!.name}}`);
  });

  it('the dashboard gives every panel an id, a title, a description and a unit, and every query a refId and a legend', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const panel of panels) {
      expect(panel.title).not.toBe('');
      expect(panel.description).toMatch(/\.$/);
      expect(['short', 'ops', 's', 'bytes', 'percentunit', 'currencyUSD']).toContain(
        panel.fieldConfig.defaults.unit,
      );
      expect(new Set(panel.targets.map(({ refId }) => refId)).size).toBe(panel.targets.length);
      for (const { legendFormat } of panel.targets) expect(legendFormat).not.toBe('');
    }
  });

  it('the dashboard has no overlapping panels', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  it('the dashboard lets Grafana choose the window of every rate, and rates every counter', () => {
    expect(
      dashboardExpressions(dashboard)
        .join()
        .match(/\[\$__rate_interval\]/g)?.length,
    ).toBeGreaterThan(5);
    for (const expression of dashboardExpressions(dashboard)) {
      for (const [, window] of expression.matchAll(/\[([^\]]*)\]/g)) {
        expect(['$__rate_interval', '$__range'], expression).toContain(window);
      }
      for (const [, before] of expression.matchAll(/(.{0,9})\b\w+_(?:total|bucket|count|sum)[{[]/g)) {
        expect(before, expression).toMatch(/(rate|increase)\($/);
      }
    }
  });

  it('the dashboard shows data of the chosen routers and models only', () => {
    expect(
      dashboardExpressions(dashboard)
        .join()
        .match(/parley_(?!agent_|build_)/g)?.length,
    ).toBeGreaterThan(5);
    for (const expression of dashboardExpressions(dashboard)) {
      for (const [series] of expression.matchAll(
        /\b(?:parley_(?!agent_|build_)|gen_ai_client)\w+(?:{[^}]*})?/g,
      )) {
        expect(series, expression).toMatch(/=~"\$(router|model)"/);
      }
    }
  });
});

describe.skipIf(!promtool)('promtool', () => {
  const cwd = new URL('../../deploy/prometheus/', import.meta.url);
  const accepts = async (...args: string[]) => {
    const { code, output } = await run(promtool!, args, { cwd });
    expect(code, output).toBe(0);
  };

  it('promtool accepts the configuration', () => accepts('check', 'config', 'prometheus.yml'));
  it('promtool accepts the alerts and the recorded figures without a warning', () =>
    accepts('check', 'rules', '--lint=all', '--lint-fatal', 'alerts.yml', 'recording.yml'));
  it('promtool finds that every alert fires when it must, and none otherwise', () =>
    accepts('test', 'rules', 'alerts.test.yml'));

  it('promtool finds labels and annotations for every alert', () => {
    for (const { labels, annotations } of rules) {
      expect(['critical', 'warning', 'info']).toContain(labels.severity);
      expect(Object.keys(annotations)).toEqual(['runbook_url', 'summary', 'description']);
    }
  });
});

describe('the unit tests of the alerts', () => {
  const { tests } = parse(file('deploy/prometheus/alerts.test.yml')) as { tests: AlertTest[] };
  const [allWell, ...troubles] = tests;

  it('the unit tests of the alerts make every alert fire', () => {
    const fired = troubles.flatMap(({ alert_rule_test = [], promql_expr_test = [] }) => [
      ...alert_rule_test.filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname),
      ...promql_expr_test
        .flatMap(({ exp_samples }) => exp_samples)
        .map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1]),
    ]);
    expect(rules.map(({ alert }) => alert).filter((alert) => !fired.includes(alert))).toEqual([]);
  });

  it('the unit tests of the alerts keep every alert silent on existing series', () => {
    expect(allWell!.promql_expr_test).toMatchObject([{ expr: 'ALERTS', exp_samples: [] }]);
    const given = allWell!.input_series.map(({ series }) => /^\w+/.exec(series)?.[0]);
    for (const { alert, expr } of rules)
      for (const metric of askedFor(expr)) expect(given, alert).toContain(metric);
  });
});
