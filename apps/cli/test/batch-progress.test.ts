import type { Ending } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { BatchProgress } from '../src/batch/batch-progress.ts';
import type { Outcome } from '../src/batch/batch-state.ts';
import { batchReport, batchSummary } from '../src/batch/batch-summary.ts';
import { cellsOf } from '../src/batch/cells.ts';
import { StatusLine } from '../src/terminal/status-line.ts';
import { FakeScreen } from './screens.ts';

const outcome = (ending: Ending, cost = 0, turns = 4, cell = 'seed=1'): Outcome => ({
  cell,
  conversation: 'c',
  ending,
  turns,
  tokens: 100 * turns,
  cost,
});

describe('the progress of a batch', () => {
  it('the progress has the rate, the time that is left, the money and the failures by reason', () => {
    const progress = new BatchProgress(10, 2, [], 0);
    expect(progress.text(0)).toBe('0/10 runs · $0.00 of $2.00');
    for (const ending of ['max-turns', 'failed', 'absent', 'failed'] as const) {
      progress.began();
      progress.ended(outcome(ending, 0.25));
    }
    progress.began();
    expect(progress.text(60_000)).toBe(
      '4/10 runs · 1 running · 4.0/min · 1:30 left · $1.00 of $2.00 · failed: 2 failed, 1 absent',
    );
  });

  it('runs of an earlier command count as done, and not for the rate', () => {
    const progress = new BatchProgress(
      10,
      Number.POSITIVE_INFINITY,
      [outcome('agreed'), outcome('operator')],
      0,
    );
    expect(progress.text(60_000)).toBe('2/10 runs · failed: 1 operator');
    progress.began();
    progress.ended(outcome('agreed'));
    expect(progress.text(30_000)).toBe('3/10 runs · 2.0/min · 3:30 left · failed: 1 operator');
  });
});

describe('the line of progress in a terminal', () => {
  it('a line that stays is written above the line that is drawn again', () => {
    const screen = new FakeScreen({ columns: 30 });
    const lines = new StatusLine(screen);
    lines.status('1/3 runs');
    lines.line('first run: agreed');
    lines.status(`2/3 runs · ${'x'.repeat(40)}`);
    expect(screen.shown[0]).toBe('first run: agreed');
    expect(screen.shown[1]).toMatch(/^2\/3 runs · x+…$/);
    expect(screen.shown[1]).toHaveLength(29);
    lines.clear();
    expect(screen.shown).toEqual(['first run: agreed', '']);
  });

  it('a pipe gets only the lines that stay', () => {
    const screen = new FakeScreen({ live: false });
    const lines = new StatusLine(screen);
    lines.status('1/3 runs');
    lines.line('first run: agreed');
    lines.clear();
    expect(screen.text).toBe('first run: agreed\n');
  });
});

describe('the summary of a batch', () => {
  const cells = cellsOf(2, 1, []);
  const outcomes = new Map(
    cells.map(({ name }, place) => [
      name,
      outcome(place === 0 ? 'agreed' : 'max-turns', 0, 4 + 2 * place, name),
    ]),
  );

  it('the summary has the mean and the spread of the runs', () => {
    const text = batchSummary(new FakeScreen({ live: false }), cells, outcomes);
    expect(text).toMatch(/^as written +2 +5\.0 ±1\.4 +500 ±141 +\$0\.00 +agreed 1, max-turns 1$/m);
    expect(text).toContain('2 of 2 runs · $0.00 in all');
  });

  it('the report for programs has the same numbers and every run', () => {
    expect(batchReport(cells, outcomes)).toMatchObject({
      settings: [
        { settings: 'as written', runs: 2, turns: { mean: 5 }, endings: { agreed: 1, 'max-turns': 1 } },
      ],
      runs: [{ ending: 'agreed' }, { ending: 'max-turns' }],
      planned: 2,
    });
  });
});
