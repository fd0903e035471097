import type { Entry, EntryOf } from '@parley/protocol';
import { expect } from 'vitest';

const isSaid = (entry: Entry): entry is EntryOf<'said'> => entry.type === 'said';

/**
 * What must hold of every conversation that ran to its last turn, whatever happened on the way: no gap, every
 * turn taken once and in order, every line by the next member of the circle, none twice, one opening, one ending.
 */
export const expectWhole = (
  entries: readonly Entry[],
  { turns, circle }: { turns: number; circle: readonly string[] },
): void => {
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted((a, b) => a - b));
  const said = entries.filter(isSaid);
  expect(said.map(({ turn }) => turn)).toEqual(said.map((_, index) => (said[0]?.turn ?? 0) + index));
  expect(said.map(({ from }) => from)).toEqual(
    Array.from({ length: turns }, (_, turn) => circle[turn % circle.length]),
  );
  expect(new Set(said.map(({ text }) => text)).size).toBe(turns);
  expect(entries.filter(({ type }) => type === 'opened')).toHaveLength(1);
  expect(entries[0]).toMatchObject({ type: 'opened', by: circle[0] });
  expect(entries.filter(({ type }) => type === 'ended')).toHaveLength(1);
  expect(entries.at(-1)).toMatchObject({ type: 'ended', reason: 'max-turns' });
};
