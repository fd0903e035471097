import { randomUUID } from 'node:crypto';
import { type Dialect, type Joined, wasBefore } from './duplicates.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { PlainClient, Replica } from './replica.ts';

/** A connection of this router, with the facts of its registration that other routers need. */
export interface Registered extends Joined {
  readonly connection: Replica | PlainClient;
  readonly target: string | undefined;
}

export interface RegistrationsOptions {
  readonly elsewhere: Elsewhere;
  /** Ms since 1970. */
  readonly wall: () => number;
}

const none: ReadonlyMap<Replica | PlainClient, Registered> = new Map();

/** The registrations of this router in the order that all routers share. Only where there are several routers. */
export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #byName = new Map<string, Map<Replica | PlainClient, Registered>>();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  add(connection: Replica | PlainClient, dialect: Dialect, target: string | undefined): void {
    const { name } = connection;
    const registered = { id: randomUUID(), at: this.#next(name), dialect, target, connection };
    const known = this.#byName.get(name) ?? new Map<Replica | PlainClient, Registered>();
    this.#byName.set(name, known.set(connection, registered));
  }

  remove(connection: Replica | PlainClient): void {
    const known = this.#byName.get(connection.name);
    known?.delete(connection);
    if (known?.size === 0) this.#byName.delete(connection.name);
  }

  of(name: string): readonly Registered[] {
    return [...(this.#byName.get(name) ?? none).values()];
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /**
   * Other routers declared this one dead and accepted other connections of its names. From now on the registrations of this
   * router count as the newest ones; where duplicates are rejected, they do not displace those connections.
   */
  renew(): void {
    for (const [name, known] of this.#byName)
      for (const [connection, registered] of known)
        known.set(connection, { ...registered, id: randomUUID(), at: this.#next(name) });
  }

  /** The clocks of routers differ, so a registration is dated after all known ones, whatever the clock says. */
  #next(name: string): number {
    const known = [...this.of(name), ...this.#options.elsewhere.connections(name)];
    return known.reduce((at, one) => Math.max(at, one.at + 1), Math.floor(this.#options.wall()));
  }
}

/** The newest registration, at this router or at another one. */
export const latestOf = <T extends Joined>(all: readonly T[]): T | undefined =>
  all.reduce<T | undefined>((latest, one) => (latest && wasBefore(one, latest) ? latest : one), undefined);
