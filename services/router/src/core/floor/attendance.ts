import type { Conversation } from '../conversation.ts';

/** Bounds: former members of a conversation, and attendances of one name. Older ones are forgotten, so they see nothing any more. */
const maxFormer = 256;
const maxAttendances = 16;

type Attended = Conversation['attended'];

/** `history`: whether the new member sees earlier entries. */
export const withJoined = (attended: Attended, who: string, seq: number, history: boolean): Attended => {
  const next = new Map(attended);
  if (history) next.delete(who);
  else next.set(who, [...(attended.get(who) ?? []), { from: seq }].slice(-maxAttendances));
  return next;
};

export const withLeft = (
  attended: Attended,
  members: readonly string[],
  who: string,
  seq: number,
): Attended => {
  const open = attended.get(who) ?? [{ from: 1 }];
  const next = new Map(attended);
  next.delete(who);
  next.set(who, [...open.slice(0, -1), { from: open.at(-1)?.from ?? 1, through: seq }]);
  const former = [...next.keys()].filter((name) => name === who || !members.includes(name));
  for (const name of former.slice(0, Math.max(0, former.length - maxFormer))) next.delete(name);
  return next;
};
