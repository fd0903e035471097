import type { Limits } from '@parley/protocol';
import type { Prices } from '../quota/prices.ts';
import type { Grants } from './grants.ts';

interface Asked {
  readonly members: readonly string[];
  /** The model that the conversation itself gives a member. */
  readonly modelOf: (member: string) => string | undefined;
  readonly limits: Limits;
  /** The agent that asks: the models of others are not for it to know. Missing for an operator. */
  readonly asker?: string;
}

/** Why a conversation may not be opened: it has a money cap, and a member that is here has a model without a price. */
export const missingPrice = (
  { grants, prices }: { readonly grants: Grants; readonly prices: Prices },
  { members, modelOf, limits, asker }: Asked,
): string | undefined => {
  for (const member of members) {
    const own = modelOf(member);
    const models = own === undefined ? [...grants.replicasOf(member)].map(({ model }) => model) : [own];
    for (const model of models) {
      const why = prices.unwatched(limits, model);
      if (why === undefined) continue;
      const isTold = asker === undefined || own !== undefined || member === asker;
      return isTold
        ? `${why}, with which ${member} speaks`
        : `there is a money cap and no price for the model with which ${member} speaks`;
    }
  }
  return undefined;
};
