import { dollars } from '../terminal/ending-text.ts';
import { table } from '../terminal/table.ts';
import { paint, type Screen } from '../terminal/terminal.ts';
import type { Outcome } from './batch-state.ts';
import type { Cell } from './cells.ts';

interface Row {
  readonly group: string;
  readonly outcomes: readonly Outcome[];
}

const withoutSeed = ({ changes }: Cell): string =>
  changes
    .filter(({ path }) => path.join('.') !== 'seed')
    .map(({ path, value }) => `${path.join('.')}=${value}`)
    .join(' ') || 'as written';

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** The standard deviation of a sample: how far the runs are from their mean. */
const spread = (values: readonly number[]): number => {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
};

const rowsOf = (cells: readonly Cell[], outcomes: ReadonlyMap<string, Outcome>): Row[] =>
  [...Map.groupBy(cells, withoutSeed)].map(([group, own]) => ({
    group,
    outcomes: own.flatMap(({ name }) => outcomes.get(name) ?? []),
  }));

const measured = ({ outcomes }: Row, pick: (outcome: Outcome) => number) => {
  const values = outcomes.map(pick);
  return { mean: mean(values), spread: spread(values) };
};

const endingCounts = ({ outcomes }: Row): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { ending } of outcomes) counts.set(ending, (counts.get(ending) ?? 0) + 1);
  return counts;
};

const endingsOf = (row: Row): string =>
  [...endingCounts(row)]
    .sort(([, a], [, b]) => b - a)
    .map(([ending, count]) => `${ending} ${count}`)
    .join(', ');

/** The same as the table, and every run, for programs. */
export const batchReport = (cells: readonly Cell[], outcomes: ReadonlyMap<string, Outcome>) => ({
  settings: rowsOf(cells, outcomes).map((row) => ({
    settings: row.group,
    runs: row.outcomes.length,
    turns: measured(row, ({ turns }) => turns),
    tokens: measured(row, ({ tokens }) => tokens),
    cost: measured(row, ({ cost }) => cost),
    endings: Object.fromEntries(endingCounts(row)),
  })),
  runs: [...outcomes.values()],
  planned: cells.length,
});

/** A row for each combination with all its seeds: endings, lengths and costs. */
export const batchSummary = (
  screen: Screen,
  cells: readonly Cell[],
  outcomes: ReadonlyMap<string, Outcome>,
): string => {
  const rows = rowsOf(cells, outcomes);
  const of = (pick: (outcome: Outcome) => number, text: (value: number) => string) => (row: Row) => {
    const { mean: middle, spread: far } = measured(row, pick);
    return far > 0 ? `${text(middle)} ±${text(far)}` : text(middle);
  };
  const whole = (value: number) => Math.round(value).toLocaleString('en-US');
  const text = table(
    screen,
    [
      { title: 'SETTINGS', text: ({ group }) => group },
      { title: 'RUNS', text: ({ outcomes: { length } }) => String(length), right: true },
      {
        title: 'TURNS',
        text: of(
          ({ turns }) => turns,
          (value) => value.toFixed(1),
        ),
        right: true,
      },
      { title: 'TOKENS', text: of(({ tokens }) => tokens, whole), right: true },
      { title: 'COST', text: of(({ cost }) => cost, dollars), right: true },
      { title: 'ENDINGS', text: endingsOf },
    ],
    rows,
  );
  const all = [...outcomes.values()];
  const cost = all.reduce((sum, one) => sum + one.cost, 0);
  return `${text}${paint(screen, `${all.length} of ${cells.length} runs · ${dollars(cost)} in all · turns, tokens and cost: mean of a run ± spread`, 'dim')}\n`;
};
