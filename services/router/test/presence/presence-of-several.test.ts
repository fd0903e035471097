import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DuplicateRule } from '../../src/presence/duplicates.ts';
import type { NameReport } from '../../src/presence/elsewhere.ts';
import { Presence, type PresenceChange } from '../../src/presence/presence.ts';
import type { PlainClient, Replica } from '../../src/presence/replica.ts';
import { FakeConnection } from '../router-harness.ts';

type Fake<T> = T & { readonly connection: FakeConnection };

/** The presence of one of several routers, and what it would tell the others. */
class Place {
  readonly id: string;
  readonly presence: Presence;
  readonly changes: PresenceChange[] = [];
  clock = 1_000;

  constructor(id: string, duplicates: DuplicateRule = 'replicas') {
    this.id = id;
    this.presence = new Presence({ duplicates, now: () => 0, several: { wall: () => this.clock } });
    this.presence.follow((change) => this.changes.push(change));
  }

  get union() {
    if (!this.presence.union) throw new Error('this router is alone');
    return this.presence.union;
  }

  agent(name: string, target?: string): Fake<Replica> {
    const replica = { name, capacity: 1, model: `model of ${this.id}`, connection: new FakeConnection() };
    this.presence.joinAgent(replica, { target });
    return replica;
  }

  client(name: string): Fake<PlainClient> {
    const client = { name, acks: false, connection: new FakeConnection() };
    this.presence.joinPlain(client);
    return client;
  }

  /** What this router tells now. */
  get names(): NameReport {
    const { registrations } = this.union;
    const told = [...registrations.names()].map((name) => [
      name,
      registrations.of(name).map(({ connection: _, ...joined }) => ({
        ...joined,
        ...{ capacity: 1, active: 0, breaker: 'closed', turns: 0, faults: 0, model: `model of ${this.id}` },
      })),
    ]);
    return Object.fromEntries(told);
  }

  hears(other: Place, names = other.names): void {
    const { elsewhere } = this.union;
    this.presence.elsewhereChanged(elsewhere.alive(other.id, true));
    this.presence.elsewhereChanged(elsewhere.report(other.id, '0', names));
  }

  loses(other: Place): void {
    this.presence.elsewhereChanged(this.union.elsewhere.alive(other.id, false));
  }
}

const places = (rule?: DuplicateRule) => [new Place('A', rule), new Place('B', rule)] as const;

/** Each hears of the other until nothing changes. */
const exchange = (...all: readonly Place[]): void => {
  for (let round = 0; round < 4; round++)
    for (const one of all) for (const other of all) if (one !== other) one.hears(other);
};

describe('presence of several routers', () => {
  it('a name is connected when it is connected to any router that is alive, and turns are given to the replicas of this router', () => {
    const [a, b] = places();
    a.agent('ann');
    const pat = a.client('pat');
    b.agent('ann');
    b.hears(a);
    expect([b.presence.isAgent('ann'), b.presence.isPlain('pat'), b.presence.isConnected('pat')]).toEqual([
      true,
      true,
      true,
    ]);
    expect([b.presence.replicasOf('ann').size, b.presence.plainClient('pat')]).toEqual([1, undefined]);
    expect([b.presence.count, b.presence.connected, [...b.presence.names()]]).toEqual([1, 2, ['ann', 'pat']]);
    expect([...b.presence.modelsOf('ann')]).toEqual(['model of B', 'model of A']);
    b.loses(a);
    expect([b.presence.isConnected('ann'), b.presence.isConnected('pat')]).toEqual([true, false]);
    expect(b.presence.wasConnected('pat')).toBe(true);
    b.hears(a);
    expect(b.presence.isPlain('pat')).toBe(true);
    a.presence.leavePlain(pat, true);
    b.hears(a);
    expect([b.presence.isConnected('pat'), b.presence.connected]).toEqual([false, 1]);
  });

  it('a name that is connected in one dialect at one router is refused in the other dialect at every router', () => {
    const [a, b] = places();
    a.agent('ann');
    a.client('pat');
    b.hears(a);
    expect(b.presence.conflict('ann', 'plain')).toBe('used-by-agent');
    expect(b.presence.conflict('pat', 'v1')).toBe('used-by-plain-client');
    expect(b.presence.conflict('pat', 'plain')).toBeUndefined();
  });

  it('under reject a name that is connected to one router is refused at each router', () => {
    const [a, b] = places('reject');
    a.agent('ann');
    a.client('pat');
    b.hears(a);
    expect([b.presence.conflict('ann', 'v1'), b.presence.conflict('pat', 'plain')]).toEqual([
      'duplicate',
      'duplicate',
    ]);
    b.loses(a);
    expect(b.presence.conflict('ann', 'v1')).toBeUndefined();
  });

  it('under takeover a later registration at another router ends the earlier one, also where the clock of that router is behind', () => {
    const [a, b] = places('takeover');
    a.clock = 60_000;
    const first = a.agent('ann');
    exchange(a, b);
    b.clock = 1_000;
    const second = b.agent('ann');
    exchange(a, b);
    expect([first.connection.closedBy, second.connection.closedBy]).toEqual(['taken-over', undefined]);
    expect([a.presence.replicasOf('ann').size, b.presence.replicasOf('ann').size]).toEqual([0, 1]);
    expect(a.presence.isAgent('ann')).toBe(true);
  });

  it('under reject the earlier of two concurrent registrations stays, and the client of the other one may reconnect', () => {
    const [a, b] = places('reject');
    b.clock = 2_000;
    const [first, second] = [a.agent('ann'), b.agent('ann')];
    exchange(a, b);
    expect([first.connection.closedBy, second.connection.closedBy]).toEqual([undefined, 'busy']);
  });

  it('a plain client that connects to another router has one connection, whatever the rule for agents is', () => {
    const [a, b] = places('replicas');
    const first = a.client('pat');
    exchange(a, b);
    const second = b.client('pat');
    exchange(a, b);
    expect([first.connection.closedBy, second.connection.closedBy]).toEqual(['taken-over', undefined]);
    expect(a.presence.isReadElsewhere('pat')).toBe(true);
    expect(b.presence.isReadElsewhere('pat')).toBe(false);
  });

  it('a router that was declared dead by mistake does not end connections that were registered meanwhile under reject', () => {
    const [a, b] = places('reject');
    const first = a.agent('ann');
    b.hears(a);
    b.loses(a);
    const second = b.agent('ann');
    a.union.registrations.renew();
    exchange(a, b);
    expect([first.connection.closedBy, second.connection.closedBy]).toEqual(['busy', undefined]);
  });

  it('the target of an agent is known at each router, so a ring of targets is the same everywhere', () => {
    const [a, b] = places();
    a.agent('ann', 'bob');
    b.agent('bob', 'ann');
    exchange(a, b);
    for (const { presence } of [a, b])
      expect(presence.targets.aimOf('ann', 'ann')).toEqual({ target: 'bob', ring: ['ann', 'bob'] });
  });

  it('followers are notified of a name when its registrations at other routers change, and not of each turn of a replica', () => {
    const [a, b] = places();
    a.agent('ann');
    b.hears(a);
    expect(b.changes.splice(0)).toEqual([{ type: 'elsewhere-changed', name: 'ann' }]);
    const busy = Object.fromEntries(
      Object.entries(a.names).map(([name, all]) => [
        name,
        all.map((one) => ({ ...one, active: 1, turns: 7 })),
      ]),
    );
    b.hears(a, busy);
    expect(b.changes).toEqual([]);
    expect(b.union.elsewhere.connections('ann')).toMatchObject([{ active: 1, turns: 7 }]);
  });

  it('concurrent registrations in any order lead to the same connections at each router, and to one alone where there are no replicas', () => {
    const step = fc.record({
      at: fc.nat(2),
      act: fc.constantFrom('agent', 'client', 'hear', 'leave'),
      other: fc.nat(2),
      clock: fc.integer({ min: 0, max: 3 }),
    });
    const rule = fc.constantFrom<DuplicateRule>('replicas', 'reject', 'takeover');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), rule, (steps, duplicates) => {
        const all = ['A', 'B', 'C'].map((id) => new Place(id, duplicates));
        for (const { at, act, other, clock } of steps) {
          const [one, another] = [all[at] as Place, all[other] as Place];
          one.clock = clock;
          const conflict = one.presence.conflict('ann', act === 'client' ? 'plain' : 'v1');
          if (act === 'hear' && one !== another) one.hears(another);
          else if (act === 'leave') {
            for (const replica of [...one.presence.replicasOf('ann')]) one.presence.leaveAgent(replica);
          } else if (act === 'agent' && !conflict) one.agent('ann');
          else if (act === 'client' && !conflict) one.client('ann');
        }
        exchange(...all);
        const here = all.flatMap(({ union }) => union.registrations.of('ann'));
        expect(new Set(here.map(({ dialect }) => dialect)).size).toBeLessThanOrEqual(1);
        if (duplicates !== 'replicas' || here[0]?.dialect === 'plain')
          expect(here.length).toBeLessThanOrEqual(1);
        for (const { presence } of all) {
          expect(presence.isConnected('ann')).toBe(here.length > 0);
          expect(presence.isAgent('ann')).toBe(here[0]?.dialect === 'v1');
        }
      }),
    );
  });
});
