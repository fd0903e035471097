/** What a router publishes about itself. */
export interface RouterDocument {
  /** Random; new after each start of the process. */
  readonly id: string;
  /** For people: the name of the machine. */
  readonly name: string;
  /** Wall time at which the router started. */
  readonly startedAt: number;
  /** By name. The code that publishes a part also validates that part when it reads it from another router. */
  readonly parts: Readonly<Record<string, unknown>>;
}

/**
 * `changed`: the document of a router that is alive, the first time and after each change. `gone`: a router has shut down
 * properly (`left`), or its lease has expired (`died`).
 */
export type RouterChange =
  | { readonly type: 'changed'; readonly router: RouterDocument }
  | { readonly type: 'gone'; readonly router: RouterDocument; readonly how: 'left' | 'died' };

/** One attempt at one turn. */
export interface AttemptPlace {
  readonly conversation: string;
  readonly turn: number;
  readonly attempt: number;
}

/** The right of one router to grant one attempt at a turn. */
export interface Claim extends AttemptPlace {
  /** The id of the router that has it. */
  readonly router: string;
  readonly member: string;
}

export type ClaimChange = { readonly type: 'made' | 'ended'; readonly claim: Claim };

/**
 * Which router grants which attempt at a turn. A claim only avoids needless model calls. It is not a lock: turns are safe
 * because the ledger compares each append.
 */
export interface TurnClaims {
  /**
   * Resolves with true when this router has the claim, and with false when another router has it, or when NATS did not answer
   * whose it is. The claim expires after `ttlMs`.
   */
  make(claim: AttemptPlace & { readonly member: string }, ttlMs: number): Promise<boolean>;
  /** Ends a claim of this router. No effect for another one. */
  release(place: AttemptPlace): void;
  /** The claim of the newest known attempt at the turn. Its router may be this one or another one, which may be dead. */
  at(conversation: string, turn: number): Claim | undefined;
  /** All claims in a conversation that are known. */
  inConversation(conversation: string): Iterable<Claim>;
  /** All claims of this router. */
  own(): Iterable<Claim>;
  /** All claims of other routers that are known. */
  others(): Iterable<Claim>;
  /** Listeners are called for claims of other routers only, after the change is visible. */
  follow(listener: (change: ClaimChange) => void): void;
}

/** Messages between routers, delivered at most once: a message to a disconnected router is lost. */
export interface RouterMessages {
  /** `to`: the id of a router, or `all` others. `topic`: lower-case ASCII words joined by hyphens. */
  send(topic: string, to: string, payload: unknown): void;
  /** `from`: the id of the router that sent it. A payload comes from the wire, so the listener checks its shape. */
  on(topic: string, listener: (payload: unknown, from: string) => void): void;
}

export interface TableEntry {
  readonly value: unknown;
  /** Grows with each change of any key of the table. */
  readonly revision: number;
}

/** `entry` is undefined when the key was deleted. */
export interface TableChange {
  readonly key: string;
  readonly entry: TableEntry | undefined;
}

/**
 * A durable map from keys to JSON values that all routers share. Every operation rejects when NATS is not reachable. Then it is
 * unknown whether the change was made.
 */
export interface SharedTable {
  /** A table that was lost and made again has another one. */
  incarnation(): Promise<string>;
  /** The newest value, read from the leader. */
  get(key: string): Promise<TableEntry | undefined>;
  /** The revision of the new entry; undefined when the key exists. `ttlMs`: the entry expires after that time. */
  create(key: string, value: unknown, ttlMs?: number): Promise<number | undefined>;
  /** The new revision; undefined when the entry is not at `revision` any more. */
  update(key: string, value: unknown, revision: number, ttlMs?: number): Promise<number | undefined>;
  /** Writes without a comparison. */
  put(key: string, value: unknown): Promise<number>;
  /** False when the entry is not at `revision` any more. Without `revision` it is not compared. */
  delete(key: string, revision?: number): Promise<boolean>;
  /** Calls the listener for all existing entries, then resolves; afterwards for each change, including those of this router. */
  watch(listener: (change: TableChange) => void): Promise<void>;
}

/** The tables of routers. Their names are in the permissions that a router needs of NATS. */
export const sharedTables = ['pools', 'marks', 'presence', 'shares', 'requests'] as const;
export type SharedTableName = (typeof sharedTables)[number];

/**
 * The other routers that work with the same ledger. Undefined where one router has the ledger alone: then nothing waits for a
 * network.
 */
export interface Cluster {
  readonly self: string;
  /**
   * Whether a router is alive, as far as this one knows: its lease is held. The answer may be wrong, so no safety may depend on
   * it.
   */
  isAlive(router: string): boolean;
  /** The routers that are alive, this one included. */
  routers(): Iterable<RouterDocument>;
  /** Replaces one part of this router's document. It is written soon, at most ten times a second. */
  publish(part: string, value: unknown): void;
  /** Listeners are called for other routers only, after the change is visible. */
  follow(listener: (change: RouterChange) => void): void;
  /** Whether this router acts first where every router may act: on the deadline of a conversation, or for a dead router. */
  isHome(conversation: string): boolean;
  readonly claims: TurnClaims;
  readonly messages: RouterMessages;
  table(name: SharedTableName): SharedTable;
}
