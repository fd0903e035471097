import { conversationId, count, name } from '../entry.ts';
import { maxMembers } from '../limits.ts';
import { flag, list, number, object, oneOf, optional, type Static, text } from '../shape.ts';
import { endings } from '../words.ts';

/** Branches in one answer. */
export const maxBranches = 200;

/** One conversation of a tree of forks. */
const branch = object({
  id: conversationId,
  /** From which conversation it was forked, and the last entry that they share. Missing for the first one. */
  parent: optional(object({ conversation: conversationId, seq: count })),
  status: oneOf(['running', 'paused', 'ended']),
  ending: optional(oneOf(endings)),
  turns: count,
  startedAt: number(0, Number.MAX_SAFE_INTEGER),
  /** The models that the conversation gives to members. */
  models: list(object({ name, model: text({ max: 200 }) }), { max: maxMembers }),
});
export type Branch = Static<typeof branch>;

/** A conversation, all that were forked from it, and so on: a parent stands before its forks. */
export const branchTree = object({
  branches: list(branch, { max: maxBranches }),
  /** There are more branches than one answer holds. */
  more: flag,
});
export type BranchTree = Static<typeof branchTree>;
