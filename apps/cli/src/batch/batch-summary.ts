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

const endingsOf = ({ outcomes }: Row): string => {
  const counts = new Map<string, number>();
  for (const { ending } of outcomes) counts.set(ending, (counts.get(ending) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([ending, count]) => `${ending} ${count}`)
    .join(', ');
};

/** A row for each combination with all its seeds: endings, lengths and costs. */
export const batchSummary = (
  screen: Screen,
  cells: readonly Cell[],
  outcomes: ReadonlyMap<string, Outcome>,
): string => {
  const groups = Map.groupBy(cells, withoutSeed);
  const rows = [...groups].map(
    ([group, own]): Row => ({
      group,
      outcomes: own.flatMap(({ name }) => outcomes.get(name) ?? []),
    }),
  );
  const of = (pick: (outcome: Outcome) => number) => (row: Row) => mean(row.outcomes.map(pick));
  const text = table(
    screen,
    [
      { title: 'SETTINGS', text: ({ group }) => group },
      { title: 'RUNS', text: ({ outcomes: { length } }) => String(length), right: true },
      { title: 'TURNS', text: (row) => of(({ turns }) => turns)(row).toFixed(1), right: true },
      {
        title: 'TOKENS',
        text: (row) => Math.round(of(({ tokens }) => tokens)(row)).toLocaleString('en-US'),
        right: true,
      },
      { title: 'COST', text: (row) => dollars(of(({ cost }) => cost)(row)), right: true },
      { title: 'ENDINGS', text: endingsOf },
    ],
    rows,
  );
  const all = [...outcomes.values()];
  const cost = all.reduce((sum, one) => sum + one.cost, 0);
  return `${text}${paint(screen, `${all.length} of ${cells.length} runs · ${dollars(cost)} in all · turns, tokens and cost are means of a run`, 'dim')}\n`;
};
