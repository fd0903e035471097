import type { ControlAction, ControlBody } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import { type Identity, maySendTo } from '../../identity/identity.ts';
import { reachedWithoutTarget } from '../../sessions/permission.ts';

interface Act {
  readonly action: ControlAction;
  readonly body: unknown;
  /** The name of the operator in the ledger. */
  readonly by: string;
  /** The conversation, for `fork` as it was at the entry to fork at; undefined for `open`, and where it is unknown. */
  readonly state: Conversation | undefined;
}

/** The names to which something is said, or that get a turn or a role, by an act. */
const reachedBy = ({ action, body, by, state }: Act): readonly string[] => {
  const as = <A extends ControlAction>(_action: A) => body as ControlBody<A>;
  switch (action) {
    case 'open': {
      const { by: opener, members } = as(action);
      return opener === undefined ? members : [opener, ...members];
    }
    case 'say': {
      const { text, target, as: member, to } = as(action);
      const named = [...(target === undefined ? [] : [target]), ...(to ?? [])];
      if (!state || target !== undefined) return named;
      // In the seat of a member an operator answers for it.
      const isOwed = member !== undefined || to !== undefined;
      return [...named, ...reachedWithoutTarget(state, member ?? by, text, isOwed)];
    }
    case 'whisper':
      return as(action).to;
    case 'invite':
      return [as(action).who];
    case 'recast':
      return [as(action).role.name];
    case 'fork':
      return state?.members ?? [];
    case 'pause':
    case 'resume':
    case 'step':
    case 'end':
    case 'seat':
    case 'unseat':
      return [];
    default:
      return action satisfies never;
  }
};

/** Why the token of an operator does not allow the act (PROTOCOL §12.5); undefined when it does. */
export const whyActForbidden = (
  identity: Pick<Identity, 'send'> | undefined,
  act: Act,
): string | undefined => {
  if (identity?.send === undefined) return undefined;
  const { send } = identity;
  const stranger = reachedBy(act).find((name) => name !== act.by && !maySendTo({ send }, name));
  return stranger && `the token does not allow writing to ${stranger}`;
};
