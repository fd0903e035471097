import type { Entry } from '@parley/protocol';
import { checkHistories } from '../history-checker/check.ts';
import type { ChaosResult } from './chaos.ts';

const isSaid = (entry: Entry): entry is Extract<Entry, { type: 'said' }> => entry.type === 'said';

/** Everything that is not as it must be after chaos; empty when all is well. */
export const faultsOf = ({ conversations, histories, receipts }: ChaosResult, turns: number): string[] => {
  const faults = checkHistories(histories, receipts).map(
    ({ kind, conversation, detail }) => `${conversation}: ${kind}: ${detail}`,
  );
  for (const { id, ending, members } of conversations) {
    if (ending?.reason !== 'max-turns') faults.push(`${id}: ended by ${ending?.reason}`);
    const said = histories.find(({ conversation }) => conversation === id)?.entries.filter(isSaid) ?? [];
    if (said.length !== turns) faults.push(`${id}: ${said.length} lines of ${turns}`);
    const astray = said.findIndex(({ from }, index) => from !== members[index % members.length]);
    if (astray !== -1)
      faults.push(`${id}: line ${astray + 1} is by ${said[astray]?.from}, whose turn it was not`);
  }
  return faults;
};
