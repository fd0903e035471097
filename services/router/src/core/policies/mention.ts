import type { Conversation } from '../conversation.ts';
import { handBack, type Line, type Policy, stillOwing } from './policy.ts';

/** The members that a line names with `@`, in the order in which it does. */
export const mentioned = (state: Conversation, line: Line): string[] => {
  const marks = (line.text ?? '').match(/@[A-Za-z0-9][A-Za-z0-9._-]{0,63}/g) ?? [];
  const names = marks.map((mark) =>
    mark
      .slice(1)
      .replace(/[._-]+$/, '')
      .toLowerCase(),
  );
  const members = names.map((name) => state.members.find((member) => member.toLowerCase() === name));
  return [...new Set(members)].filter((member) => member !== undefined && member !== line.from) as string[];
};

/** `@name` in a line gives that member the floor; a line that names nobody hands it back. */
export const mention: Policy = {
  free: true,
  floorAfter(state, line) {
    const named = line.target === undefined ? mentioned(state, line) : [line.target];
    const names = [...new Set([...stillOwing(state, line), ...named])];
    return { names: names.length > 0 ? names : [handBack(state, line)] };
  },
};
