import { type Decision, refuse } from '../command.ts';
import type { Conversation, Turn } from '../conversation.ts';

export const lastTaken = ({ taken }: Conversation, member: string) =>
  taken.find((one) => one.member === member);

/** An answer to a turn that its member does not have: it repeats the answer that was taken, or comes too late. */
export const staleTurn = (state: Conversation, from: string, turn: number): Decision => {
  const last = lastTaken(state, from);
  if (last?.turn === turn) return { kind: 'repeat', seq: last.seq, turn };
  return state.floor.some(({ number }) => number === turn)
    ? refuse('not-your-turn', `turn ${turn} is not ${from}'s`)
    : refuse('stale-turn', `turn ${turn} is not open`);
};

/**
 * Why an answer does not count for a turn that its member has: no grant of it was given, or the grant has ended meanwhile. A
 * late answer counts (`counts`) as long as the turn is open and the conversation is not paused. A late report of a failure is
 * answered with the outcome of the grant.
 */
export const notHeld = (
  state: Conversation,
  { number, member, attempts, lapsedAs }: Turn,
  attempt: number | undefined,
  late: 'counts' | 'is told what came of it',
): Decision | undefined => {
  if (state.seats.has(member)) return refuse('not-your-turn', `${member}'s seat is taken`);
  if (attempt === undefined)
    return refuse('not-your-turn', `turn ${number} was not granted to this connection`);
  if (attempt > attempts) return undefined;
  if (late === 'counts' && state.status.state === 'running') return undefined;
  if (late !== 'counts' && attempt === attempts && lapsedAs !== undefined)
    return { kind: 'repeat', seq: lapsedAs, turn: number };
  return refuse('stale-turn', `the grant of attempt ${attempt} at turn ${number} has ended`);
};
