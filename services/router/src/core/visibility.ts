import { type Entry, type EntryOf, type LapseCause, lapseCauses } from '@parley/protocol';
import type { Conversation } from './conversation.ts';

/** Who reads: an overseer of all conversations (observer, operator), or an agent with its name. */
export type Reader = { readonly kind: 'overseer' } | { readonly kind: 'agent'; readonly name: string };

export const overseer: Reader = { kind: 'overseer' };
export const agentReader = (name: string): Reader => ({ kind: 'agent', name });

export type Membership = 'member' | 'former member' | 'outsider';

export const membershipOf = (
  { members, attended }: Pick<Conversation, 'members' | 'attended'>,
  name: string,
): Membership => (members.includes(name) ? 'member' : attended.has(name) ? 'former member' : 'outsider');

/**
 * The entries that say who the members are and what the conversation is about. They are visible also from before a member
 * joined.
 */
const isFrame = ({ type }: Entry): boolean =>
  type === 'opened' || type === 'forked' || type === 'joined' || type === 'left';

const isInTime = (state: Conversation, name: string, entry: Entry): boolean => {
  const parts = state.attended.get(name);
  switch (membershipOf(state, name)) {
    case 'outsider':
      return false;
    case 'member':
      if (!parts || isFrame(entry)) return true;
      break;
    case 'former member':
      if (isFrame(entry)) return entry.seq <= (parts?.at(-1)?.through ?? 0);
  }
  return parts?.some(({ from, through = Infinity }) => from <= entry.seq && entry.seq <= through) ?? false;
};

/** What an answer cost, with which model, and how long it took, is visible only to its own member. */
const withoutCost = <E extends EntryOf<'said'> | EntryOf<'passed'>>({
  usage: _,
  cost: __,
  tookMs: ___,
  ...entry
}: E) => entry;

/** The digest of the request is only for those who may send requests. */
const withoutRequest = <E extends EntryOf<'opened'> | EntryOf<'forked'>>({ request: _, ...entry }: E) =>
  entry;

/** Labels are the operators': they may tell a member which side of an experiment it is on. */
const withoutLabels = ({ labels: _, ...entry }: EntryOf<'opened'>) => entry;

const passedOf = (entry: EntryOf<'passed'>): Entry => {
  const { detail: _, ...rest } = withoutCost(entry);
  return rest;
};

const isCause = (word: string | undefined): word is LapseCause => lapseCauses.some((cause) => cause === word);

/** That a turn of a member failed is for all members; the words of its model server are not. */
const failedOf = ({ detail, ...entry }: EntryOf<'ended'>): Entry => {
  const { by } = entry;
  const cause = by !== undefined && detail?.startsWith(`${by}: `) ? detail.slice(by.length + 2) : undefined;
  const word = cause?.split(',', 1)[0];
  return isCause(word) ? { ...entry, detail: `${by}: ${word}` } : entry;
};

/** Who never answered may have been addressed in private. */
const endedOf = (name: string, { unanswered: _, ...entry }: EntryOf<'ended'>): Entry =>
  entry.reason !== 'failed' || entry.by === name ? entry : failedOf(entry);

/** How much the members spend is visible to operators only. */
const pausedOf = ({ detail: _, ...entry }: EntryOf<'paused'>): Entry => entry;

const toMember = (name: string, entry: Entry): Entry | undefined => {
  switch (entry.type) {
    case 'opened':
      return {
        ...withoutRequest(withoutLabels(entry)),
        ...(entry.cast && { cast: entry.cast.filter((role) => role.name === name) }),
        ...(entry.hears && {
          hears: entry.hears.filter(({ from, to }) => from === name || to.includes(name)),
        }),
      };
    case 'forked':
      return {
        ...withoutRequest(entry),
        ...(entry.cast && { cast: entry.cast.filter((role) => role.name === name) }),
      };
    case 'recast':
      return entry.role.name === name ? entry : undefined;
    case 'noted':
      return entry.to.includes(name) ? entry : undefined;
    case 'summarised':
      return entry.who === name ? entry : undefined;
    case 'bid':
    case 'lapsed':
      return entry.from === name ? entry : undefined;
    case 'said':
      if (entry.from === name) return entry;
      return !entry.to || entry.to.includes(name) ? withoutCost(entry) : undefined;
    case 'passed':
      return entry.from === name ? entry : passedOf(entry);
    case 'ended':
      return endedOf(name, entry);
    case 'paused':
      return pausedOf(entry);
    case 'joined':
    case 'left':
    case 'seated':
    case 'unseated':
    case 'resumed':
      return entry;
    default:
      return entry satisfies never;
  }
};

/**
 * What a reader may see of an entry, field by field; undefined: nothing (PROTOCOL §10.3). Every path on which entries leave the
 * router calls this function, and no other code decides it. `state` is the conversation at that entry or later. A member
 * sees what it may hear, a former member what it saw until it left, an outsider nothing.
 */
export const visible = (state: Conversation, reader: Reader, entry: Entry): Entry | undefined => {
  if (reader.kind === 'overseer') return entry;
  if (!isInTime(state, reader.name, entry)) return undefined;
  const shown = toMember(reader.name, entry);
  if (shown?.type !== 'said' || !state.attended.has(reader.name)) return shown;
  // The likeness compares with messages from a time when the reader was no member.
  const { likeness: _, ...rest } = shown;
  return rest;
};
