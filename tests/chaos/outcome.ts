import type { Entry } from '@parley/protocol';
import { checkHistories } from '../history-checker/check.ts';
import type { ChaosResult } from './chaos.ts';
import type { ClusterChaosResult } from './cluster/cluster-chaos.ts';

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

/**
 * How long a call may take from the grant that pays for it to the model server: a router, an agent or the link between them may be
 * stopped meanwhile. Calls of a window that is so much shorter were paid for in one minute.
 */
const underWayMs = 20_000;

/** The largest number of moments in any window. `moments` are in order. */
export const mostWithin = (moments: readonly number[], windowMs: number): number => {
  let most = 0;
  let first = 0;
  for (const [last, moment] of moments.entries()) {
    while ((moments[first] as number) <= moment - windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
};

/** The same for several routers: their local copies do not differ, and the pool of the model was kept. */
export const clusterFaultsOf = (
  result: ClusterChaosResult,
  { turns, callsPerMinute }: { readonly turns: number; readonly callsPerMinute: number },
): string[] => {
  const faults = faultsOf(result, turns);
  const most = mostWithin(result.calls, 60_000 - underWayMs);
  if (most > callsPerMinute) faults.push(`${most} calls in 40 s, where a minute has ${callsPerMinute}`);
  if (result.exits > 0) faults.push(`${result.exits} exits of routers that were told nothing`);
  return faults;
};
