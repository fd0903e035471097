import { defined, type EntryOf, maxMembers } from '@parley/protocol';
import { append, type CommandOf, type Decision, refuse } from './command.ts';
import type { Conversation } from './conversation.ts';
import { evolve } from './evolve.ts';
import { giving } from './floor/next-floor.ts';
import { policies } from './policies/policies.ts';
import { nextInOrder } from './policies/policy.ts';
import { say } from './say.ts';

export interface Opening {
  readonly by: string;
  readonly members: readonly string[];
}

/** Whether two openings are by the same opener with the same set of members. */
export const isSameOpening = (one: Opening, other: Opening): boolean => {
  if (one.by !== other.by) return false;
  const names = new Set([one.by, ...one.members]);
  const others = new Set([other.by, ...other.members]);
  return names.size === others.size && [...names].every((name) => others.has(name));
};

/** Whether a conversation was opened so, and all the members of its opening are still in it. A fork was not opened. */
export const wasOpenedSo = ({ by, named, members, parent }: Conversation, opening: Opening): boolean =>
  parent === undefined &&
  isSameOpening({ by, members: named }, opening) &&
  named.every((name) => members.includes(name));

export const open = (command: CommandOf<'open'>, now: number): Decision => {
  const { type: _, by, members: others, policy, limits, first: wanted, opening, ...more } = command;
  const members = [...new Set([by, ...others])];
  if (members.length < 2) return refuse('bad-target', 'a conversation needs two members');
  if (members.length > maxMembers) return refuse('bad-target', `more than ${maxMembers} members`);
  const first = wanted ?? policies[policy].opensWith(command);
  const { moderator, cast = [], hears = [] } = more;
  const named = [
    first,
    ...(moderator === undefined ? [] : [moderator]),
    ...cast.map(({ name }) => name),
    ...hears.flatMap(({ from, to }) => [from, ...to]),
  ];
  // A frame may name 60,000 hearers.
  const known = new Set(members);
  const stranger = named.find((name) => !known.has(name));
  if (stranger !== undefined) return refuse('not-a-member', `${stranger} is not a member`);
  const opened: EntryOf<'opened'> = {
    ...{ type: 'opened', seq: 1, at: now, by, members, policy },
    ...defined(more),
    ...{ limits, floor: [first] },
  };
  if (opening === undefined) return append(opened);
  const message = { type: 'say', from: first, turn: 1, attempt: 1, text: opening } as const;
  const said = say(evolve(undefined, opened, ''), message, now);
  return said.kind === 'append' ? append(opened, ...said.entries) : said;
};

export const fork = ({ by, parent, cast, limits, request }: CommandOf<'fork'>, now: number): Decision => {
  const stranger = cast?.find(({ name }) => !parent.members.includes(name));
  if (stranger) return refuse('not-a-member', `${stranger.name} is not a member`);
  const names = parent.floor.map(({ member }) => member);
  // The parent ended here; in the fork the next member goes on.
  if (names.length === 0) names.push(nextInOrder(parent.members, parent.lastSpeaker ?? parent.by));
  return append({
    ...{ type: 'forked', seq: parent.seq + 1, at: now, by },
    parent: { conversation: parent.id, seq: parent.seq },
    ...(cast && { cast }),
    limits,
    ...(request !== undefined && { request }),
    ...giving({ names, ...(parent.floor.some(({ wanted }) => wanted === 'bid') && { bidding: true }) }),
  });
};
