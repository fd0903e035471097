import { type AgentFault, type Entry, isFailure } from '@parley/protocol';
import type { Commit } from '../conversations/commit.ts';
import type { Presence, PresenceChange } from '../presence/presence.ts';
import type { Replica } from '../presence/replica.ts';
import type { GrantTable } from '../turns/grants/grant-table.ts';

/** Names of which a record is kept. Of more, the records that changed least recently are dropped. */
const maxNames = 2_000;
/** The share of the newest turn in the mean. */
const newestShare = 0.2;

/** What an agent, or one of its replicas, has done since the router started. */
export interface AgentRecord {
  /** Turns that it has answered with a message or a pass that is no failure. */
  readonly turns: number;
  readonly faults: number;
  /** From grant to answer: a moving average; undefined before the first answer. */
  readonly meanMs?: number;
  readonly lastFault?: AgentFault;
  /** Of a replica: when it registered. Of a name: when its last connection was lost; undefined while it has one. */
  readonly since?: number | undefined;
}

/** Changed in place, because it changes with each turn. */
class GrowingRecord implements AgentRecord {
  turns = 0;
  faults = 0;
  meanMs?: number;
  lastFault?: AgentFault;
  since: number | undefined;

  answered(tookMs: number | undefined): void {
    this.turns++;
    if (tookMs === undefined) return;
    this.meanMs = this.meanMs === undefined ? tookMs : this.meanMs + newestShare * (tookMs - this.meanMs);
  }

  failed(fault: AgentFault): void {
    this.faults++;
    this.lastFault = fault;
  }
}

const nothing: AgentRecord = { turns: 0, faults: 0 };

const faultOf = (conversation: string, entry: Entry): AgentFault | undefined => {
  const cause =
    entry.type === 'lapsed'
      ? entry.cause
      : entry.type === 'passed' && isFailure(entry.reason)
        ? entry.reason
        : undefined;
  if (cause === undefined) return undefined;
  const detail = 'detail' in entry ? entry.detail : undefined;
  return { at: entry.at, cause, conversation, ...(detail !== undefined && { detail }) };
};

/** What agents do, for operators. Lost when the router stops; the ledger has it all but the times. */
export class AgentRecords {
  readonly #presence: Presence;
  readonly #grants: GrantTable;
  readonly #now: () => number;
  readonly #wall: () => number;
  readonly #byName = new Map<string, GrowingRecord>();
  readonly #byReplica = new WeakMap<Replica, GrowingRecord>();

  /** `now`: the steady clock. */
  constructor(of: {
    readonly presence: Presence;
    readonly grants: GrantTable;
    readonly now: () => number;
    readonly wall: () => number;
  }) {
    this.#presence = of.presence;
    this.#grants = of.grants;
    this.#now = of.now;
    this.#wall = of.wall;
  }

  ofName(name: string): AgentRecord {
    return this.#byName.get(name) ?? nothing;
  }

  ofReplica(replica: Replica): AgentRecord {
    return this.#byReplica.get(replica) ?? nothing;
  }

  /** Names that were connected and are not now, as far as they are remembered. */
  *away(): Iterable<string> {
    for (const name of this.#byName.keys()) if (!this.#presence.isConnected(name)) yield name;
  }

  onPresence(change: PresenceChange): void {
    const { name } = 'replica' in change ? change.replica : 'client' in change ? change.client : change;
    this.#recordOf(name).since = this.#presence.isConnected(name) ? undefined : this.#wall();
    if (change.type !== 'replica-joined') return;
    const record = new GrowingRecord();
    record.since = this.#wall();
    this.#byReplica.set(change.replica, record);
  }

  /** Must be called before the grants that the entries answer have ended. */
  onCommit({ after, entries }: Commit): void {
    for (const entry of entries) {
      if (entry.type !== 'said' && entry.type !== 'passed' && entry.type !== 'lapsed') continue;
      if (entry.turn === undefined) continue;
      const grant = this.#grants.at(after.id, entry.turn);
      const fault = faultOf(after.id, entry);
      // An answer without a grant is that of a plain client, of another router, or of a person in the member's seat.
      const tookElsewhere = 'tookMs' in entry ? entry.tookMs : undefined;
      const isAnswer = grant ?? fault ?? tookElsewhere ?? this.#presence.isPlain(entry.from);
      if (isAnswer === undefined || isAnswer === false) continue;
      const took = grant ? this.#now() - grant.grantedAt : tookElsewhere;
      for (const record of [this.#recordOf(entry.from), grant && this.#byReplica.get(grant.replica)])
        if (fault) record?.failed(fault);
        else record?.answered(took);
    }
  }

  /** The record of a name, which is now the one that changed most recently. */
  #recordOf(name: string): GrowingRecord {
    const record = this.#byName.get(name) ?? new GrowingRecord();
    this.#byName.delete(name);
    this.#byName.set(name, record);
    if (this.#byName.size > maxNames) this.#byName.delete(this.#byName.keys().next().value as string);
    return record;
  }
}
