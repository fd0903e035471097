import { describe, expect, it } from 'vitest';
import { Appending, type AppendingOptions } from '../../src/conversations/appending.ts';
import type { Work } from '../../src/conversations/deciding.ts';
import type { Appended, Batch } from '../../src/ledger/ledger.ts';

const work = (id: string): Work => ({
  ...{ id, before: undefined, entries: [], answers: [], gives: [], state: undefined },
});

/** Appends with a ledger that gives these results, on a clock that shows 100 and then 130. */
const appending = (append: (batches: readonly Batch[]) => Promise<readonly Appended[]>) => {
  const told = { took: [] as number[], failures: [] as unknown[] };
  const clock = [100, 130];
  const options = {
    ...{ ledger: { append }, checkpoints: { withEnd: (batch: Batch) => batch } },
    running: { get: () => undefined },
    now: () => clock.shift() ?? 0,
    onAppended: (ms: number) => told.took.push(ms),
    onFailure: (error: unknown) => told.failures.push(error),
  };
  return { told, appending: new Appending(options as unknown as AppendingOptions) };
};

describe('the entries of a round that are appended', () => {
  it('results come in the order of the ledger, and what was not appended comes last in its own order', async () => {
    const results = [
      { ok: false },
      { ok: true, position: 9 },
      { ok: false },
      { ok: true, position: 7 },
    ] as unknown as Appended[];
    const { told, appending: part } = appending(async () => results);
    const appended = await part.append(['a', 'b', 'c', 'd'].map(work));
    expect(appended?.map(({ work: { id } }) => id)).toEqual(['d', 'b', 'a', 'c']);
    expect(appended?.map(({ result }) => result)).toEqual([results[3], results[1], results[0], results[2]]);
    expect(told).toEqual({ took: [30], failures: [] });
  });

  it('a round without entries is not counted as an append', async () => {
    const { told, appending: part } = appending(async () => []);
    expect(await part.append([])).toEqual([]);
    expect(told.took).toEqual([]);
  });

  it('a ledger that cannot be written is told, and nothing is appended', async () => {
    const full = new Error('disk full');
    const { told, appending: part } = appending(() => Promise.reject(full));
    expect(await part.append([work('a')])).toBeUndefined();
    expect(told).toEqual({ took: [], failures: [full] });
  });
});
