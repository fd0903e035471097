import type { Fingerprint } from '@parley/text';

/** Who hears a message, its speaker included; undefined when it is for everyone. */
export type Audience = readonly string[] | undefined;

/** A message that later ones are compared with. */
export interface Compared {
  readonly fingerprint: Fingerprint;
  readonly audience: Audience;
}

export const audienceOf = (from: string, to: readonly string[] | undefined): Audience => to && [from, ...to];

/** Whether every member hears it. What only some hear must not count where the others could notice it. */
export const isForAll = (members: readonly string[], audience: Audience): boolean =>
  audience === undefined || members.every((name) => audience.includes(name));

/**
 * The earlier messages that each hearer of this one has heard, too. Its likeness to others would tell its hearers what
 * was said aside.
 */
export const heardByAllOf = (
  members: readonly string[],
  audience: Audience,
  earlier: readonly Compared[],
): Fingerprint[] =>
  earlier.filter((one) => isForAll(audience ?? members, one.audience)).map(({ fingerprint }) => fingerprint);
