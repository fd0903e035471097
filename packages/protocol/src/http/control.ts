import { labels, line, name, role, setting, someLimits } from '../entry.ts';
import { maxMembers } from '../limits.ts';
import { flag, integer, list, object, oneOf, optional, type Static, text } from '../shape.ts';
import { policyNames } from '../words.ts';

const names = list(name, { min: 1, max: maxMembers });
const cast = optional(list(role, { max: maxMembers }));
const lines = integer(1, 1_000);

/** Bodies of the actions of an operator: `POST /v1/conversations` (`open`) and `POST /v1/conversations/{id}/{action}`. */
export const controlBodies = {
  open: object({
    /** The member that opens it. Default: the first of `members`. */
    by: optional(name),
    members: names,
    first: optional(name),
    policy: optional(oneOf(policyNames)),
    ...setting,
    opening: optional(line),
    labels: optional(labels),
    limits: optional(someLimits),
  }),
  pause: object({}),
  resume: object({}),
  /** Resumes for this number of messages, then pauses again. Default: 1. */
  step: object({ lines: optional(lines) }),
  end: object({ detail: optional(text({ max: 1_000 })) }),
  /** A message of the operator, or, with `as`, of a member whose seat the operator has taken. */
  say: object({ text: line, target: optional(name), as: optional(name), to: optional(names) }),
  whisper: object({ to: names, text: line }),
  /** Makes an agent a member. `history`: whether it may read the earlier messages. */
  invite: object({ who: name, history: optional(flag) }),
  seat: object({ who: name }),
  unseat: object({ who: name }),
  recast: object({ role }),
  /** Opens another conversation that shares the entries of this one up to seq `at`. */
  fork: object({ at: integer(1, Number.MAX_SAFE_INTEGER), cast, limits: optional(someLimits) }),
} as const;

/** Minutes for which a share link is valid. */
export const defaultShareMinutes = 7 * 24 * 60;
export const maxShareMinutes = 365 * 24 * 60;

/** Bodies of the requests that make and revoke share links. They write no entry: an ended conversation can be shared, too. */
export const shareBodies = {
  /** Default: a week. */
  share: object({ minutes: optional(integer(1, maxShareMinutes)) }),
  unshare: object({ share: text({ min: 1, max: 64 }) }),
} as const;

export type ControlAction = keyof typeof controlBodies;
export type ControlBody<A extends ControlAction> = Static<(typeof controlBodies)[A]>;
