import type { Entry } from '@parley/protocol';

type Said = Extract<Entry, { type: 'said' }>;

export interface AlignedTurn {
  readonly left: Said | undefined;
  readonly right: Said | undefined;
  /** The same speaker said the same text. */
  readonly same: boolean;
}

const isSaid = (entry: Entry): entry is Said => entry.type === 'said';

/** The messages of two conversations beside each other, and the number of equal ones from the beginning. */
export const align = (
  left: readonly Entry[],
  right: readonly Entry[],
): { readonly shared: number; readonly turns: readonly AlignedTurn[] } => {
  const [one, other] = [left.filter(isSaid), right.filter(isSaid)];
  const turns = Array.from({ length: Math.max(one.length, other.length) }, (_, i): AlignedTurn => {
    const [a, b] = [one[i], other[i]];
    return { left: a, right: b, same: a !== undefined && a.from === b?.from && a.text === b.text };
  });
  const different = turns.findIndex(({ same }) => !same);
  return { shared: different < 0 ? turns.length : different, turns };
};
