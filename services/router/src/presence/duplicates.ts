/** What happens when a name is registered that a connection of the same dialect has already. */
export const duplicateRules = ['replicas', 'reject', 'takeover'] as const;
export type DuplicateRule = (typeof duplicateRules)[number];

export type Dialect = 'plain' | 'v1';

/** Why a name may not be registered now: a connection of the other dialect has it, or the rule rejects a duplicate. */
export type NameConflict = 'used-by-plain-client' | 'used-by-agent' | 'duplicate';

/** When and as what a connection was registered. Several routers compare this, so each has the same order of them. */
export interface Joined {
  /** Known to no other connection of any router. */
  readonly id: string;
  /** Ms since 1970. Later than that of every connection of the name that its router knew of. */
  readonly at: number;
  readonly dialect: Dialect;
}

/** Why a connection has to end that was registered while another router registered the same name. */
export type Loss = 'taken-over' | NameConflict;

/** The order of registrations. The ids decide where two were made in the same millisecond. */
export const wasBefore = (one: Joined, other: Joined): boolean =>
  one.at === other.at ? one.id < other.id : one.at < other.at;

/**
 * The connections of one name that have to end, by id. Two routers may register a name before each has heard of the other's
 * registration: each applies this to what it knows, and ends those of its own. With the same knowledge they agree: one dialect stays, and
 * one connection unless the rule allows replicas.
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
