import type { Fingerprint } from '@parley/text';

/** The members that hear a message, its speaker included; undefined: all of them. */
export type Audience = readonly string[] | undefined;

/** Who says a message, to which member (without a target: to all), and who hears it. */
export interface Directed {
  readonly from: string;
  readonly target?: string | undefined;
  readonly audience: Audience;
}

/** A message that later ones are compared with. */
export interface Compared extends Directed {
  readonly fingerprint: Fingerprint;
}

export const audienceOf = (from: string, to: readonly string[] | undefined): Audience => to && [from, ...to];

/** Whether every member hears it. A message for some must have no effect that the others could notice. */
export const isForAll = (members: readonly string[], audience: Audience): boolean =>
  audience === undefined || members.every((name) => audience.includes(name));

/**
 * Whether equal words would be a repetition: said again to the same member, or said by the member to whom they were said. A
 * member that gives several others the same answer, or that asks what another has asked, repeats nothing.
 */
const canRepeat = (message: Directed, earlier: Directed): boolean =>
  message.target === undefined ||
  earlier.target === undefined ||
  earlier.target === message.from ||
  (earlier.from === message.from && earlier.target === message.target);

/**
 * The earlier messages that this one may repeat. Every one of its hearers has heard them: its likeness to any other would
 * reveal what was said to some members only.
 */
export const comparableTo = (
  message: Directed,
  members: readonly string[],
  earlier: readonly Compared[],
): Fingerprint[] =>
  earlier
    .filter((one) => canRepeat(message, one) && isForAll(message.audience ?? members, one.audience))
    .map(({ fingerprint }) => fingerprint);
