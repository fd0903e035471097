import type { AgentFault } from '@parley/protocol';
import { type Dialect, type Joined, wasBefore } from './duplicates.ts';

/** What routers report to each other about a connection. */
export interface ReplicaReport extends Joined {
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

interface ClientReport extends Joined {
  readonly dialect: 'plain';
  readonly target?: string | undefined;
  /** Messages wait for it, because it does not read. */
  readonly isBehind?: true | undefined;
}

export type ConnectionReport = ReplicaReport | ClientReport;

/** The connections of each name at one router, or of a part of the names. */
export type NameReport = Readonly<Record<string, readonly ConnectionReport[]>>;

/** A router that has connections of a name. */
export interface Holder {
  readonly router: string;
  readonly connections: readonly ConnectionReport[];
}

/**
 * The connections of one router. `parts`: a router reports its names in parts; a new part replaces the earlier one with its
 * key.
 */
interface Known {
  isAlive: boolean;
  readonly parts: Map<string, NameReport>;
}

const noHolders: readonly Holder[] = [];

/**
 * The names that are connected to other routers. Only reports of live routers count. The reports of a router are dropped when
 * it dies. A router that was declared dead by mistake reports again, because its earlier reports may be outdated.
 */
export class Elsewhere {
  readonly #routers = new Map<string, Known>();
  readonly #holders = new Map<string, readonly Holder[]>();

  /**
   * A router has reported a part of its names. Returns the names whose registrations have changed; other changes are frequent
   * and not returned.
   */
  report(router: string, part: string, names: NameReport): readonly string[] {
    const known = this.#known(router);
    const before = known.parts.get(part) ?? {};
    if (Object.keys(names).length === 0) known.parts.delete(part);
    else known.parts.set(part, names);
    if (!known.isAlive) return [];
    const all = new Set([...Object.keys(before), ...Object.keys(names)]);
    this.#update(router, all);
    return [...all].filter((name) => registrationsIn(before, name) !== registrationsIn(names, name));
  }

  /** Whether the reports of the router count. Returns the names whose connections appear or disappear as a result. */
  alive(router: string, isAlive: boolean): readonly string[] {
    const known = this.#known(router);
    if (known.isAlive === isAlive) return [];
    known.isAlive = isAlive;
    const names = new Set([...known.parts.values()].flatMap((part) => Object.keys(part)));
    if (!isAlive) known.parts.clear();
    this.#update(router, names);
    return [...names];
  }

  /** The routers that have connections of the name; the one with the earliest registration comes first. */
  holders(name: string): readonly Holder[] {
    return this.#holders.get(name) ?? noHolders;
  }

  connections(name: string): readonly ConnectionReport[] {
    return this.holders(name).flatMap(({ connections }) => connections);
  }

  /**
   * The dialect of the earliest registration. Two dialects of one name exist only until their routers have received each
   * other's reports.
   */
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
    const known = this.#routers.get(router) ?? { isAlive: false, parts: new Map<string, NameReport>() };
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

const connectionsIn = (names: NameReport, name: string): readonly ConnectionReport[] =>
  Object.hasOwn(names, name) ? (names[name] ?? []) : [];

const registrationsIn = (names: NameReport, name: string): string =>
  connectionsIn(names, name)
    .map(
      (one) => `${one.id} ${one.at} ${one.target ?? ''} ${one.dialect === 'plain' && one.isBehind === true}`,
    )
    .join('\n');

const earliestFirst = (one: Holder, other: Holder): number =>
  wasBefore(one.connections[0] as Joined, other.connections[0] as Joined) ? -1 : 1;
