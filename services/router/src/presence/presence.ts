import { RecentNames } from './recent-names.ts';
import type { ClaimedTurn, PlainClient, Replica } from './replica.ts';
import { Targets } from './targets.ts';

/** What happens when a name is registered that a connection of the same dialect has already. */
export const duplicateRules = ['replicas', 'reject', 'takeover'] as const;
export type DuplicateRule = (typeof duplicateRules)[number];

export type Dialect = 'plain' | 'v1';

/** Why a name may not be registered now: a connection of the other dialect has it, or the rule rejects a duplicate. */
export type NameConflict = 'used-by-plain-client' | 'used-by-agent' | 'duplicate';

/** A change of who is connected. A takeover is a `left` of the old connection and a `joined` of the new one. */
export type PresenceChange =
  | { readonly type: 'replica-joined'; readonly replica: Replica; readonly working: readonly ClaimedTurn[] }
  | { readonly type: 'replica-left'; readonly replica: Replica }
  | { readonly type: 'plain-joined'; readonly client: PlainClient }
  /** `orderly`: the client closed the connection itself. */
  | { readonly type: 'plain-left'; readonly client: PlainClient; readonly orderly: boolean };

export type PresenceFollower = (change: PresenceChange) => void;

type Connected =
  | { readonly dialect: 'v1'; readonly replicas: Set<Replica> }
  | { readonly dialect: 'plain'; readonly client: PlainClient };

export interface PresenceOptions {
  readonly duplicates: DuplicateRule;
  /** The steady time at which the router started. */
  readonly startedAt: number;
}

interface Joining {
  /** The name that the agent is set to address, where its token allows it. */
  readonly target?: string | undefined;
  readonly working?: readonly ClaimedTurn[] | undefined;
}

/** Names of each dialect that are remembered when they have disconnected. */
const maxRemembered = 10_000;
const noReplicas: ReadonlySet<Replica> = new Set();

/**
 * Who is connected, on which dialect, with which capacity. The only definition of "connected": all other parts of the router
 * ask here. A name has replicas (`parley.v1`) or one plain client, never both.
 */
export class Presence {
  readonly targets: Targets;
  readonly #duplicates: DuplicateRule;
  readonly #connected = new Map<string, Connected>();
  /** Names whose latest connection was `parley.v1`. */
  readonly #agents = new RecentNames(maxRemembered);
  /** Names that have connected as plain clients since the router started. */
  readonly #plainClients = new RecentNames(maxRemembered);
  readonly #followers: PresenceFollower[] = [];

  constructor({ duplicates, startedAt }: PresenceOptions) {
    this.#duplicates = duplicates;
    this.targets = new Targets(startedAt);
  }

  /** Followers are told of each change after it is true, in the order in which they subscribed. */
  follow(follower: PresenceFollower): void {
    this.#followers.push(follower);
  }

  /** Undefined when the name may be registered on this dialect. To be asked before `joinAgent` or `joinPlain`. */
  conflict(name: string, dialect: Dialect): NameConflict | undefined {
    const connected = this.#connected.get(name);
    if (!connected) return undefined;
    if (connected.dialect !== dialect)
      return connected.dialect === 'plain' ? 'used-by-plain-client' : 'used-by-agent';
    return this.#duplicates === 'reject' ? 'duplicate' : undefined;
  }

  joinAgent(replica: Replica, { target, working = [] }: Joining = {}): void {
    const { name } = replica;
    if (this.plainClient(name)) throw new Error(`${name} is connected as a plain client`);
    if (this.#duplicates === 'takeover') this.#takeOver(name);
    const known = this.#connected.get(name);
    const replicas = known?.dialect === 'v1' ? known.replicas : new Set<Replica>();
    this.#connected.set(name, { dialect: 'v1', replicas: replicas.add(replica) });
    this.#agents.add(name);
    this.targets.registered(name, target);
    this.#tell({ type: 'replica-joined', replica, working });
  }

  /** An earlier connection of the client is taken over, whatever the rule: a plain client has only one. */
  joinPlain(client: PlainClient, { target }: Joining = {}): void {
    const { name } = client;
    if (this.isAgent(name)) throw new Error(`${name} is connected as an agent`);
    const earlier = this.plainClient(name);
    if (earlier) this.leavePlain(earlier, false);
    this.#connected.set(name, { dialect: 'plain', client });
    this.#agents.delete(name);
    this.#plainClients.add(name);
    this.targets.registered(name, target);
    this.#tell({ type: 'plain-joined', client });
    earlier?.connection.close('taken-over');
  }

  /** The connection is gone. Has no effect for a replica that did not join or was taken over. */
  leaveAgent(replica: Replica): void {
    const connected = this.#connected.get(replica.name);
    if (connected?.dialect !== 'v1' || !connected.replicas.delete(replica)) return;
    if (connected.replicas.size === 0) this.#connected.delete(replica.name);
    this.#tell({ type: 'replica-left', replica });
  }

  /** The same of a plain client. `orderly`: the client closed the connection itself. */
  leavePlain(client: PlainClient, orderly: boolean): void {
    if (this.plainClient(client.name) !== client) return;
    this.#connected.delete(client.name);
    this.#tell({ type: 'plain-left', client, orderly });
  }

  isConnected(name: string): boolean {
    return this.#connected.has(name);
  }

  /** Whether the name is connected on `parley.v1` now. */
  isAgent(name: string): boolean {
    return this.#connected.get(name)?.dialect === 'v1';
  }

  /** Whether the name is connected on `parley.v1`, or was when it was last connected. */
  isOrWasAgent(name: string): boolean {
    return this.isAgent(name) || this.#agents.has(name);
  }

  /** Whether the name has connected since the router started, as far as that is remembered. */
  wasConnected(name: string): boolean {
    return this.#agents.has(name) || this.#plainClients.has(name);
  }

  /** Empty when no replica of the name is connected. */
  replicasOf(name: string): ReadonlySet<Replica> {
    const connected = this.#connected.get(name);
    return connected?.dialect === 'v1' ? connected.replicas : noReplicas;
  }

  plainClient(name: string): PlainClient | undefined {
    const connected = this.#connected.get(name);
    return connected?.dialect === 'plain' ? connected.client : undefined;
  }

  /** How many names are connected. */
  get count(): number {
    return this.#connected.size;
  }

  names(): Iterable<string> {
    return this.#connected.keys();
  }

  *agentNames(): Iterable<string> {
    for (const [name, { dialect }] of this.#connected) if (dialect === 'v1') yield name;
  }

  #takeOver(name: string): void {
    for (const earlier of [...this.replicasOf(name)]) {
      this.leaveAgent(earlier);
      earlier.connection.close('taken-over');
    }
  }

  #tell(change: PresenceChange): void {
    for (const follower of this.#followers) follower(change);
  }
}
