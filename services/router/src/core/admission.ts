import { type Command, type Decision, refuse } from './command.ts';
import type { Conversation } from './conversation.ts';
import { lastTaken } from './floor/held-turn.ts';

/** The agent that gives a command; undefined for commands of operators and of the router. */
const agentOf = (command: Command): string | undefined => {
  switch (command.type) {
    case 'say':
      return command.as === undefined ? command.from : undefined;
    case 'pass':
    case 'bid':
      return command.from;
    case 'join':
      return command.as === undefined ? command.who : undefined;
    case 'leave':
    case 'summarise':
      return command.who;
    default:
      return undefined;
  }
};

/** Whether the command repeats an answer that was accepted before its member left. */
const isRepeated = (state: Conversation, command: Command): boolean =>
  (command.type === 'say' || command.type === 'pass' || command.type === 'bid') &&
  command.turn !== undefined &&
  lastTaken(state, command.from)?.turn === command.turn;

/**
 * Why a command of an agent that is not a member is refused; undefined for all other commands. Checked first, so that the
 * refusal reveals nothing of the conversation: neither its turns nor how it ended.
 */
export const refusedOutside = (state: Conversation, command: Command): Decision | undefined => {
  const agent = agentOf(command);
  if (agent === undefined || state.members.includes(agent) || isRepeated(state, command)) return undefined;
  if (command.type !== 'join') {
    if (state.status.state === 'ended') return refuse('conversation-ended', 'it has ended');
    return 'turn' in command && command.turn !== undefined
      ? refuse('not-your-turn', `turn ${command.turn} is not ${agent}'s`)
      : refuse('not-a-member', `${agent} is not a member`);
  }
  return state.admission === 'open'
    ? undefined
    : refuse(
        'forbidden',
        'an agent joins this conversation when a member addresses it or an operator invites it',
      );
};
