import type { AgentFault } from '@parley/protocol';
import { type Dialect, type Joined, wasBefore } from './duplicates.ts';

/** What routers tell each other of a connection. */
export interface ToldReplica extends Joined {
  readonly dialect: 'v1';
  readonly target?: string | undefined;
  readonly capacity: number;
  readonly model?: string | undefined;
  readonly active: number;
  readonly breaker: 'closed' | 'open' | 'trial';
  readonly since?: number | undefined;
  readonly turns: number;
  readonly faults: number;
  readonly meanMs?: number | undefined;
  readonly lastFault?: AgentFault | undefined;
}

interface ToldClient extends Joined {
  readonly dialect: 'plain';
  readonly target?: string | undefined;
  /** Messages wait for it, because it does not read. */
  readonly isBehind?: true | undefined;
}

export type ToldConnection = ToldReplica | ToldClient;

/** The connections of each name at one router, or of a part of the names. */
export type ToldNames = Readonly<Record<string, readonly ToldConnection[]>>;

/** A router that has connections of a name. */
export interface Holder {
  readonly router: string;
  readonly connections: readonly ToldConnection[];
}

/** The connections of one router. `parts`: a router tells of its names in parts, each of which replaces the earlier one of its key. */
interface Known {
  isAlive: boolean;
  readonly parts: Map<string, ToldNames>;
}

const noHolders: readonly Holder[] = [];

/**
 * Who is connected to the other routers. Only what routers that are alive tell counts. What a router told is forgotten when it has died:
 * one that was only taken for dead tells it again, because by then it may be wrong.
 */
export class Elsewhere {
  readonly #routers = new Map<string, Known>();
  readonly #holders = new Map<string, readonly Holder[]>();

  /** A router told of a part of its names. Returns the names with another registration: what else it tells changes often. */
  told(router: string, part: string, names: ToldNames): readonly string[] {
    const known = this.#known(router);
    const before = known.parts.get(part) ?? {};
    if (Object.keys(names).length === 0) known.parts.delete(part);
    else known.parts.set(part, names);
    if (!known.isAlive) return [];
    const all = new Set([...Object.keys(before), ...Object.keys(names)]);
    this.#update(router, all);
    return [...all].filter((name) => registrationsIn(before, name) !== registrationsIn(names, name));
  }

  /** Whether what the router tells counts. Returns the names whose connections come or go with that. */
  alive(router: string, isAlive: boolean): readonly string[] {
    const known = this.#known(router);
    if (known.isAlive === isAlive) return [];
    known.isAlive = isAlive;
    const names = new Set([...known.parts.values()].flatMap((part) => Object.keys(part)));
    if (!isAlive) known.parts.clear();
    this.#update(router, names);
    return [...names];
  }

  /** The routers with connections of the name, the one with the earliest registration first. */
  holders(name: string): readonly Holder[] {
    return this.#holders.get(name) ?? noHolders;
  }

  connections(name: string): readonly ToldConnection[] {
    return this.holders(name).flatMap(({ connections }) => connections);
  }

  /** That of the earliest registration: two dialects of one name last only until their routers have heard of each other. */
  dialectOf(name: string): Dialect | undefined {
    return this.#holders.get(name)?.[0]?.connections[0]?.dialect;
  }

  has(name: string): boolean {
    return this.#holders.has(name);
  }

  names(): Iterable<string> {
    return this.#holders.keys();
  }

  #known(router: string): Known {
    const known = this.#routers.get(router) ?? { isAlive: false, parts: new Map<string, ToldNames>() };
    this.#routers.set(router, known);
    return known;
  }

  #update(router: string, names: Iterable<string>): void {
    const { isAlive, parts } = this.#known(router);
    for (const name of names) {
      const others = this.holders(name).filter((holder) => holder.router !== router);
      const connections = [...parts.values()].flatMap((part) => connectionsIn(part, name));
      connections.sort((one, other) => (wasBefore(one, other) ? -1 : 1));
      const holders = connections.length > 0 ? [...others, { router, connections }] : others;
      if (holders.length === 0) this.#holders.delete(name);
      else this.#holders.set(name, holders.sort(earliestFirst));
    }
    if (!isAlive && parts.size === 0) this.#routers.delete(router);
  }
}

const connectionsIn = (names: ToldNames, name: string): readonly ToldConnection[] =>
  Object.hasOwn(names, name) ? (names[name] ?? []) : [];

const registrationsIn = (names: ToldNames, name: string): string =>
  connectionsIn(names, name)
    .map(
      (one) => `${one.id} ${one.at} ${one.target ?? ''} ${one.dialect === 'plain' && one.isBehind === true}`,
    )
    .join('\n');

const earliestFirst = (one: Holder, other: Holder): number =>
  wasBefore(one.connections[0] as Joined, other.connections[0] as Joined) ? -1 : 1;
