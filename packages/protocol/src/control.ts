import { line, name, role, setting, someLimits } from './entry.ts';
import { maxMembers } from './limits.ts';
import { flag, integer, list, object, oneOf, optional, type Static, text } from './shape.ts';
import { policyNames } from './words.ts';

const names = list(name, { min: 1, max: maxMembers });
const cast = optional(list(role, { max: maxMembers }));
const lines = integer(1, 1_000);

/** What an operator asks of a conversation over HTTP: `POST /v1/conversations` and `…/:id/:action`. */
export const controlBodies = {
  open: object({
    /** Who opens it; the first member when missing. */
    by: optional(name),
    members: names,
    first: optional(name),
    policy: optional(oneOf(policyNames)),
    ...setting,
    opening: optional(line),
    limits: optional(someLimits),
  }),
  pause: object({}),
  resume: object({}),
  /** Goes on for so many lines, then pauses. */
  step: object({ lines: optional(lines) }),
  end: object({ detail: optional(text({ max: 1_000 })) }),
  /** A line by the operator, or in the place of a member whose seat it has taken. */
  say: object({ text: line, target: optional(name), as: optional(name), to: optional(names) }),
  whisper: object({ to: names, text: line }),
  /** Makes an agent a member. `history`: whether it sees what was said before. */
  invite: object({ who: name, history: optional(flag) }),
  seat: object({ who: name }),
  unseat: object({ who: name }),
  recast: object({ role }),
  /** Another conversation that shares the entries up to `at`. */
  fork: object({ at: integer(1, Number.MAX_SAFE_INTEGER), cast, limits: optional(someLimits) }),
} as const;

export type ControlAction = keyof typeof controlBodies;
export type ControlBody<A extends ControlAction> = Static<(typeof controlBodies)[A]>;
