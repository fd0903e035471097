import type { Conversation } from './conversation.ts';

interface Opening {
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

/** Whether a conversation was opened so, and all of whom it was opened with are still there. A fork was not opened. */
export const wasOpenedSo = ({ by, named, members, parent }: Conversation, opening: Opening): boolean =>
  by === opening.by &&
  parent === undefined &&
  isSameOpening({ by, members: named }, opening) &&
  named.every((name) => members.includes(name));
