import type { Closing } from '@parley/protocol';
import { type Dialect, type DuplicateRule, type Loss, lossesAmong, type NameConflict } from './duplicates.ts';
import { Elsewhere } from './elsewhere.ts';
import { RecentNames } from './recent-names.ts';
import { latestOf, Registrations } from './registrations.ts';
import type { PlainClient, Replica, WorkingTurn } from './replica.ts';
import { Targets } from './targets.ts';

/** A change of who is connected. A takeover is a `left` of the old connection and a `joined` of the new one. */
export type PresenceChange =
  | { readonly type: 'replica-joined'; readonly replica: Replica; readonly working: readonly WorkingTurn[] }
  | { readonly type: 'replica-left'; readonly replica: Replica }
  | { readonly type: 'plain-joined'; readonly client: PlainClient }
  /** `orderly`: the client closed the connection itself. */
  | { readonly type: 'plain-left'; readonly client: PlainClient; readonly orderly: boolean }
  /** Other routers have reported a change of the connections of this name. */
  | { readonly type: 'elsewhere-changed'; readonly name: string };

export type PresenceFollower = (change: PresenceChange) => void;

type Connected =
  | { readonly dialect: 'v1'; readonly replicas: Set<Replica> }
  | { readonly dialect: 'plain'; readonly client: PlainClient };

export interface PresenceOptions {
  readonly duplicates: DuplicateRule;
  /** A steady time. */
  readonly now: () => number;
  /** Where there are several routers: the time in ms since 1970. */
  readonly several?: { readonly wall: () => number } | undefined;
}

/** Connections of this router and of others. Only where there are several routers. */
interface Union {
  readonly elsewhere: Elsewhere;
  readonly registrations: Registrations;
}

interface Joining {
  /** The name that the agent is set to address, where its token allows it. */
  readonly target?: string | undefined;
  readonly working?: readonly WorkingTurn[] | undefined;
}

/** Names of each dialect that are remembered when they have disconnected. */
const maxRemembered = 10_000;
const noReplicas: ReadonlySet<Replica> = new Set();

const closingFor: Readonly<Record<Loss, Closing>> = {
  'taken-over': 'taken-over',
  // Temporary. When the client registers again, every router knows all connections, and refuses the name permanently if it has to.
  duplicate: 'busy',
  'used-by-agent': 'unavailable',
  'used-by-plain-client': 'unavailable',
};

/**
 * Who is connected, on which dialect, with which capacity. The only definition of "connected": all other parts of the router
 * ask here. A name has replicas (`parley.v1`) or one plain client, never both. With several routers a name is connected when it is
 * connected to any of them, and turns and messages are given to the connections of this one.
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
  /** Undefined where there is one router. */
  readonly union: Union | undefined;

  constructor({ duplicates, now, several }: PresenceOptions) {
    this.#duplicates = duplicates;
    this.targets = new Targets(now);
    if (!several) return;
    const elsewhere = new Elsewhere();
    this.union = { elsewhere, registrations: new Registrations({ elsewhere, wall: several.wall }) };
  }

  /** Followers are called after each change has taken effect, in the order of their subscription. */
  follow(follower: PresenceFollower): void {
    this.#followers.push(follower);
  }

  /** Undefined when the name may be registered on this dialect. To be asked before `joinAgent` or `joinPlain`. */
  conflict(name: string, dialect: Dialect): NameConflict | undefined {
    const used = this.#dialectOf(name);
    if (!used) return undefined;
    if (used !== dialect) return used === 'plain' ? 'used-by-plain-client' : 'used-by-agent';
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
    this.union?.registrations.add(replica, 'v1', target);
    this.#notify({ type: 'replica-joined', replica, working });
  }

  /** An earlier connection of the client is taken over, whatever the rule: a plain client has only one. */
  joinPlain(client: PlainClient, { target }: Joining = {}): void {
    const { name } = client;
    if (this.replicasOf(name).size > 0) throw new Error(`${name} is connected as an agent`);
    const earlier = this.plainClient(name);
    if (earlier) this.leavePlain(earlier, false);
    this.#connected.set(name, { dialect: 'plain', client });
    this.#agents.delete(name);
    this.#plainClients.add(name);
    this.targets.registered(name, target);
    this.union?.registrations.add(client, 'plain', target);
    this.#notify({ type: 'plain-joined', client });
    earlier?.connection.close('taken-over');
  }

  /** The connection is gone. Has no effect for a replica that did not join or was taken over. */
  leaveAgent(replica: Replica): void {
    const connected = this.#connected.get(replica.name);
    if (connected?.dialect !== 'v1' || !connected.replicas.delete(replica)) return;
    if (connected.replicas.size === 0) this.#connected.delete(replica.name);
    this.union?.registrations.remove(replica);
    this.#notify({ type: 'replica-left', replica });
  }

  /** The same of a plain client. `orderly`: the client closed the connection itself. */
  leavePlain(client: PlainClient, orderly: boolean): void {
    if (this.plainClient(client.name) !== client) return;
    this.#connected.delete(client.name);
    this.union?.registrations.remove(client);
    this.#notify({ type: 'plain-left', client, orderly });
  }

  /** The connections of these names at other routers have changed. */
  elsewhereChanged(names: Iterable<string>): void {
    for (const name of names) this.#elsewhereChanged(name);
  }

  /** The plain client has connected to another router. */
  takenElsewhere(name: string): boolean {
    const client = this.plainClient(name);
    if (client) this.#lose(client, 'taken-over');
    return client !== undefined;
  }

  isConnected(name: string): boolean {
    return this.#connected.has(name) || (this.union?.elsewhere.has(name) ?? false);
  }

  /** Whether the name is connected on `parley.v1` now. */
  isAgent(name: string): boolean {
    return this.#dialectOf(name) === 'v1';
  }

  /** Whether the name is connected as a plain client now. */
  isPlain(name: string): boolean {
    return this.#dialectOf(name) === 'plain';
  }

  /** Whether another router delivers to the plain client, and the client reads what it is sent there. */
  isReadElsewhere(name: string): boolean {
    if (!this.union || this.#connected.has(name)) return false;
    const latest = latestOf(this.union.elsewhere.connections(name));
    return latest?.dialect === 'plain' && !latest.isBehind;
  }

  /** Whether the name is connected on `parley.v1`, or was when it was last connected. */
  isOrWasAgent(name: string): boolean {
    return this.isAgent(name) || this.#agents.has(name);
  }

  /** Whether the name has connected since the router started, as far as that is remembered. */
  wasConnected(name: string): boolean {
    return this.#agents.has(name) || this.#plainClients.has(name);
  }

  /** The replicas that are connected to this router. */
  replicasOf(name: string): ReadonlySet<Replica> {
    const connected = this.#connected.get(name);
    return connected?.dialect === 'v1' ? connected.replicas : noReplicas;
  }

  /** The connection of a plain client to this router. */
  plainClient(name: string): PlainClient | undefined {
    const connected = this.#connected.get(name);
    return connected?.dialect === 'plain' ? connected.client : undefined;
  }

  /** The models that the replicas of the name say they use. */
  *modelsOf(name: string): Iterable<string | undefined> {
    for (const { model } of this.replicasOf(name)) yield model;
    for (const one of this.union?.elsewhere.connections(name) ?? [])
      if (one.dialect === 'v1') yield one.model;
  }

  /** How many names are connected to this router. */
  get count(): number {
    return this.#connected.size;
  }

  /** How many names are connected, here or elsewhere. */
  get connected(): number {
    let count = this.#connected.size;
    for (const name of this.union?.elsewhere.names() ?? []) if (!this.#connected.has(name)) count++;
    return count;
  }

  /** The names that are connected, here or elsewhere. */
  *names(): Iterable<string> {
    yield* this.#connected.keys();
    for (const name of this.union?.elsewhere.names() ?? []) if (!this.#connected.has(name)) yield name;
  }

  /** The names that are connected to this router. */
  namesHere(): Iterable<string> {
    return this.#connected.keys();
  }

  /** Those of them with replicas. */
  *agentNamesHere(): Iterable<string> {
    for (const [name, { dialect }] of this.#connected) if (dialect === 'v1') yield name;
  }

  #dialectOf(name: string): Dialect | undefined {
    return this.#connected.get(name)?.dialect ?? this.union?.elsewhere.dialectOf(name);
  }

  #elsewhereChanged(name: string): void {
    if (!this.union) return;
    const { elsewhere, registrations } = this.union;
    const there = elsewhere.connections(name);
    const here = registrations.of(name);
    for (const { dialect } of there) {
      if (dialect === 'plain') this.#plainClients.add(name);
      if (here.length > 0) continue;
      if (dialect === 'v1') this.#agents.add(name);
      else this.#agents.delete(name);
    }
    const latest = latestOf([...here, ...there]);
    if (latest) this.targets.registered(name, latest.target);
    const losses = lossesAmong([...here, ...there], this.#duplicates);
    for (const { id, connection } of here) {
      const loss = losses.get(id);
      if (loss) this.#lose(connection, loss);
    }
    this.#notify({ type: 'elsewhere-changed', name });
  }

  #lose(connection: Replica | PlainClient, loss: Loss): void {
    if ('acks' in connection) this.leavePlain(connection, false);
    else this.leaveAgent(connection);
    connection.connection.close(
      closingFor[loss],
      loss === 'taken-over' ? undefined : `${connection.name} is registered by another connection`,
    );
  }

  #takeOver(name: string): void {
    for (const earlier of [...this.replicasOf(name)]) {
      this.leaveAgent(earlier);
      earlier.connection.close('taken-over');
    }
  }

  #notify(change: PresenceChange): void {
    for (const follower of this.#followers) follower(change);
  }
}
