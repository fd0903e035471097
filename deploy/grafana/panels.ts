/** The content of a panel. All other fields of Grafana's classic dashboard schema are set once, below. */
export interface Panel {
  /** The default is a line chart. */
  readonly kind?: 'stat' | 'lines' | 'stacked' | 'bars';
  readonly title: string;
  readonly about: string;
  /** A Grafana unit id. */
  readonly unit: string;
  /** PromQL by legend. */
  readonly queries: { readonly [legend: string]: string };
  /** The value from which a stat is orange. */
  readonly warnAt?: number;
}

interface Plan {
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  /** Variables at the top of the page with values from a query. */
  readonly variables: { readonly [name: string]: { readonly label: string; readonly query: string } };
  readonly rows: { readonly [title: string]: readonly Panel[] };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills this in
const datasource = { type: 'prometheus', uid: '${datasource}' };
const columns = 24;

/** Outcomes keep their colours from panel to panel. */
const colours = { said: 'green', passed: 'blue', lapsed: 'orange', wait: 'yellow', model: 'purple' };

const statOf = ({ warnAt }: Panel) => ({
  type: 'stat' as const,
  options: {
    colorMode: 'value',
    graphMode: 'area',
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  },
  defaults: {
    decimals: warnAt === undefined ? undefined : 0,
    color: { mode: 'thresholds' },
    thresholds: {
      mode: 'absolute',
      steps: [
        { color: 'green', value: null },
        ...(warnAt === undefined ? [] : [{ color: 'orange', value: warnAt }]),
      ],
    },
  },
});

const graphOf = ({ kind }: Panel) => ({
  type: 'timeseries' as const,
  options: {
    // Bars count a closed set of which most values are zero, so the largest come first.
    legend:
      kind === 'bars'
        ? {
            displayMode: 'table',
            placement: 'right',
            showLegend: true,
            calcs: ['max'],
            sortBy: 'Max',
            sortDesc: true,
          }
        : { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc', hideZeros: kind === 'bars' },
  },
  defaults: {
    min: 0,
    color: { mode: 'palette-classic' },
    custom: {
      drawStyle: kind === 'bars' ? 'bars' : 'line',
      fillOpacity: kind === 'bars' ? 80 : kind === 'stacked' ? 30 : 8,
      lineWidth: 1,
      showPoints: 'never',
      spanNulls: false,
      stacking: { group: 'A', mode: kind === 'bars' || kind === 'stacked' ? 'normal' : 'none' },
    },
  },
});

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const panelOf = (panel: Panel, id: number, gridPos: Place) => {
  const { type, options, defaults } = panel.kind === 'stat' ? statOf(panel) : graphOf(panel);
  return {
    id,
    type,
    title: panel.title,
    description: panel.about,
    datasource,
    gridPos,
    fieldConfig: {
      defaults: { ...defaults, unit: panel.unit },
      overrides: Object.entries(colours)
        .filter(([name]) => Object.keys(panel.queries).some((one) => one === name || one === '{{outcome}}'))
        .map(([name, fixedColor]) => ({
          matcher: { id: 'byName', options: name },
          properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
        })),
    },
    options,
    targets: Object.entries(panel.queries).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource,
      editorMode: 'code',
      range: true,
      expr,
      legendFormat,
    })),
  };
};

const headingOf = (title: string, id: number, gridPos: Place) => ({
  id,
  type: 'row' as const,
  title,
  collapsed: false,
  gridPos,
  panels: [],
});

/** Rows from top to bottom, panels from left to right: three to a line, or six numbers. */
const layOut = (rows: Plan['rows']) => {
  const placed: (ReturnType<typeof panelOf> | ReturnType<typeof headingOf>)[] = [];
  let y = 0;
  for (const [title, panels] of Object.entries(rows)) {
    placed.push(headingOf(title, placed.length + 1, { x: 0, y, w: columns, h: 1 }));
    y += 1;
    const stats = panels[0]?.kind === 'stat';
    const perLine = stats ? 6 : panels.length % 3 === 0 ? 3 : 2;
    const w = columns / perLine;
    const h = stats ? 4 : 8;
    for (const [index, panel] of panels.entries()) {
      const x = (index % perLine) * w;
      placed.push(panelOf(panel, placed.length + 1, { x, y: y + Math.floor(index / perLine) * h, w, h }));
    }
    y += Math.ceil(panels.length / perLine) * h;
  }
  return placed;
};

/** A dashboard in Grafana's classic JSON, which every Grafana since 10 reads. */
export const dashboardOf = ({ uid, title, about, variables, rows }: Plan) => ({
  uid,
  title,
  description: about,
  tags: ['parley'],
  schemaVersion: 39,
  editable: false,
  graphTooltip: 1,
  time: { from: 'now-15m', to: 'now' },
  refresh: '5s',
  timezone: 'browser',
  annotations: { list: [] },
  links: [],
  templating: {
    list: [
      { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', hide: 0 },
      ...Object.entries(variables).map(([name, { label, query }]) => ({
        name,
        label,
        type: 'query',
        datasource,
        definition: query,
        query: { query, refId: `variable-${name}` },
        refresh: 2,
        sort: 1,
        multi: true,
        includeAll: true,
        allValue: '.*',
        current: { text: ['All'], value: ['$__all'] },
      })),
    ],
  },
  panels: layOut(rows),
});
