import type { Fingerprint } from '@parley/text';

/** The members that hear a message, its speaker included; undefined: all of them. */
export type Audience = readonly string[] | undefined;

/** A message that later ones are compared with. */
export interface Compared {
  readonly fingerprint: Fingerprint;
  readonly audience: Audience;
}

export const audienceOf = (from: string, to: readonly string[] | undefined): Audience => to && [from, ...to];

/** Whether every member hears it. A message for some must have no effect that the others could notice. */
export const isForAll = (members: readonly string[], audience: Audience): boolean =>
  audience === undefined || members.every((name) => audience.includes(name));

/**
 * The earlier messages that every hearer of this one has heard. Its likeness to any other would reveal what was said to some
 * members only.
 */
export const heardByAllOf = (
  members: readonly string[],
  audience: Audience,
  earlier: readonly Compared[],
): Fingerprint[] =>
  earlier.filter((one) => isForAll(audience ?? members, one.audience)).map(({ fingerprint }) => fingerprint);
