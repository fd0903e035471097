import type { Entry, EntryOf } from '@parley/protocol';
import type { Command, Decision } from '../command.ts';
import type { Conversation } from '../conversation.ts';
import { evolve } from '../evolve.ts';
import { velocityPause } from './velocity.ts';

/** The commands whose entries may say what an answer took. */
const spends: readonly Command['type'][] = ['say', 'pass', 'bid', 'lapse'];

const after = (state: Conversation | undefined, entries: readonly Entry[]): Conversation | undefined => {
  let reached = state;
  for (const entry of entries) reached = evolve(reached, entry, state?.id ?? '');
  return reached;
};

/**
 * The members who were asked for an answer (they had the floor, or a message addressed them) and have given none in the whole
 * conversation. A turn that they lost because of a failure is no answer.
 */
const unanswered = (before: Conversation | undefined, last: Conversation): string[] => {
  const asked = new Set([
    ...[...(before?.floor ?? []), ...last.floor].map(({ member }) => member),
    ...last.taken.map(({ member }) => member),
    ...last.addressed.flatMap(({ targets }) => targets),
  ]);
  return last.members.filter((name) => asked.has(name) && !last.answered.includes(name));
};

const withUnanswered = (
  state: Conversation | undefined,
  entries: readonly Entry[],
  ended: EntryOf<'ended'>,
): Entry[] => {
  const others = entries.slice(0, -1);
  const last = after(state, others);
  const names = last ? unanswered(state, last) : [];
  return [...others, names.length > 0 ? { ...ended, unanswered: names } : ended];
};

/** What follows from decided entries, whichever command they are of: who never answered, and the pause after spending too fast. */
export const withAftermath = (
  state: Conversation | undefined,
  command: Command,
  decision: Decision,
  now: number,
): Decision => {
  if (decision.kind !== 'append') return decision;
  const { entries } = decision;
  const last = entries.at(-1);
  if (last?.type === 'ended') return { kind: 'append', entries: withUnanswered(state, entries, last) };
  if (!state || !spends.includes(command.type) || entries.length === 0) return decision;
  const { maxTokensPerMinute, maxCostPerMinute } = state.limits;
  if (!maxTokensPerMinute && !maxCostPerMinute) return decision;
  const reached = after(state, entries);
  const pause = reached && velocityPause(reached, now);
  return pause ? { kind: 'append', entries: [...entries, pause] } : decision;
};
