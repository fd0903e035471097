import { lastTaken } from './answers.ts';
import { type Command, type Decision, refuse } from './command.ts';
import type { Conversation } from './conversation.ts';

/** The agent that a command comes from; undefined for the acts of operators and of the router. */
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

/** An answer that was taken before its member left is told so again. */
const isRepeated = (state: Conversation, command: Command): boolean =>
  (command.type === 'say' || command.type === 'pass' || command.type === 'bid') &&
  command.turn !== undefined &&
  lastTaken(state, command.from)?.turn === command.turn;

/**
 * Why an agent that is not a member is refused; undefined when it is none, or may go on. Asked first, so that the refusal says
 * nothing about the conversation: not its turns, and not how it ended.
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
