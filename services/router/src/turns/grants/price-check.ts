import type { Limits } from '@parley/protocol';
import type { Presence } from '../../presence/presence.ts';
import type { Prices } from '../../quota/prices.ts';

interface OpeningRequest {
  readonly members: readonly string[];
  /** The model that the conversation itself gives a member. */
  readonly modelOf: (member: string) => string | undefined;
  readonly limits: Limits;
  /** The agent that opens: it may not learn the models of others. Missing for an operator. */
  readonly asker?: string;
}

/** Why a conversation may not be opened: it has a money cap, and a connected member uses a model without a price. */
export const missingPrice = (
  { presence, prices }: { readonly presence: Presence; readonly prices: Prices },
  { members, modelOf, limits, asker }: OpeningRequest,
): string | undefined => {
  for (const member of members) {
    const own = modelOf(member);
    const models = own === undefined ? [...presence.modelsOf(member)] : [own];
    for (const model of models) {
      const why = prices.missingFor(limits, model);
      if (why === undefined) continue;
      const mayKnow = asker === undefined || own !== undefined || member === asker;
      return mayKnow
        ? `${why}, with which ${member} speaks`
        : `there is a money cap and no price for the model with which ${member} speaks`;
    }
  }
  return undefined;
};
