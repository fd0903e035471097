/** What happens when a name is registered that a connection of the same dialect has already. */
export const duplicateRules = ['replicas', 'reject', 'takeover'] as const;
export type DuplicateRule = (typeof duplicateRules)[number];

export type Dialect = 'plain' | 'v1';

/** Why a name may not be registered now: a connection of the other dialect has it, or the rule rejects a duplicate. */
export type NameConflict = 'used-by-plain-client' | 'used-by-agent' | 'duplicate';

/** When and with which dialect a connection was registered. All routers sort by this, so they agree on the order. */
export interface Joined {
  /** Unique among the connections of all routers. */
  readonly id: string;
  /** Ms since 1970. Later than the registration of every connection of the name that its router knew. */
  readonly at: number;
  readonly dialect: Dialect;
}

/** Why a connection must be closed that was registered while another router registered the same name. */
export type Loss = 'taken-over' | NameConflict;

/** The order of registrations. The ids decide where two were made in the same millisecond. */
export const wasBefore = (one: Joined, other: Joined): boolean =>
  one.at === other.at ? one.id < other.id : one.at < other.at;

/**
 * The connections of one name that have to end, by id. Two routers may register a name before either knows of the other's
 * registration. Each applies this function to what it knows, and closes its own losing connections. With equal knowledge the
 * results are equal: one dialect stays, with one connection unless the rule allows replicas.
 */
export const lossesAmong = (all: readonly Joined[], rule: DuplicateRule): ReadonlyMap<string, Loss> => {
  const losses = new Map<string, Loss>();
  const [first, ...later] = all.toSorted((one, other) => (wasBefore(one, other) ? -1 : 1));
  let stays = first;
  for (const one of later) {
    if (!stays || one.dialect !== stays.dialect)
      losses.set(one.id, stays?.dialect === 'plain' ? 'used-by-plain-client' : 'used-by-agent');
    else if (rule === 'reject') losses.set(one.id, 'duplicate');
    else if (rule === 'takeover' || one.dialect === 'plain') {
      losses.set(stays.id, 'taken-over');
      stays = one;
    }
  }
  return losses;
};
