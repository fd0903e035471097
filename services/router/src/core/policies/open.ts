import { aimedOrGiver } from './aim.ts';
import { addressees, mentioned } from './mention.ts';
import { definePolicy, stillOwing } from './policy.ts';

/** People and programs together: an addressee owes a reply, every member may speak, no member has to. */
export const open = definePolicy({
  allowsUnsolicited: true,
  followsTargets: true,
  mentionsGiveTurns: true,
  /** A message may address no one. An agent that is set to address a member goes on with the conversation. */
  addressee: (state, message, turn) =>
    message.aim && turn && mentioned(state, message).length === 0
      ? aimedOrGiver(state, message, turn)
      : undefined,
  floorAfter: (state, contribution) => ({
    names: [...new Set([...stillOwing(state, contribution), ...addressees(state, contribution)])],
  }),
});
