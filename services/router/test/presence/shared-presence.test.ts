import { describe, expect, it } from 'vitest';
import { Presence } from '../../src/presence/presence.ts';
import { SharedPresence } from '../../src/presence/shared-presence.ts';
import { type MemoryCluster, MemoryNetwork } from '../cluster/memory-cluster.ts';
import { FakeConnection } from '../router-harness.ts';

/** One of several routers that share their presence. Its timers run when the test says so. */
class Place {
  readonly presence = new Presence({ duplicates: 'replicas', now: () => 0, several: { wall: () => 1_000 } });
  readonly cluster: MemoryCluster;
  readonly shared: SharedPresence;
  readonly failures: unknown[] = [];
  readonly #timers = new Set<() => void>();
  active = 0;
  model: string | undefined;

  constructor(network: MemoryNetwork, name: string) {
    this.cluster = network.join(name);
    const { union } = this.presence;
    if (!union) throw new Error('this router is alone');
    this.shared = new SharedPresence({
      ...union,
      cluster: this.cluster,
      table: network.table('presence'),
      presence: this.presence,
      describe: ({ connection: _, ...joined }) => ({
        ...joined,
        dialect: 'v1',
        ...{ capacity: 2, active: this.active, breaker: 'closed', turns: 0, faults: 0, model: this.model },
      }),
      onFailure: (error) => this.failures.push(error),
      later: (act) => {
        this.#timers.add(act);
        return () => this.#timers.delete(act);
      },
    });
    this.presence.follow((change) => this.shared.onPresence(change));
  }

  runTimers(): void {
    for (const act of [...this.#timers]) {
      this.#timers.delete(act);
      act();
    }
  }

  agent(name: string) {
    const replica = { name, capacity: 2, model: undefined, connection: new FakeConnection() };
    this.presence.joinAgent(replica);
    return replica;
  }
}

const start = async (...names: readonly string[]) => {
  const network = new MemoryNetwork();
  const table = network.table('presence');
  const places = names.map((name) => new Place(network, name));
  for (const place of places) await place.shared.start();
  const arrived = async () => {
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const settled = async () => {
    for (let i = 0; i < 3; i++) {
      await arrived();
      for (const place of places) place.runTimers();
    }
    await arrived();
  };
  return { network, table, settled, a: places[0] as Place, b: places[1] as Place };
};

describe('presence that routers share', () => {
  it('a router that starts knows who is connected to the others before it listens', async () => {
    const { network, settled, a } = await start('A');
    a.agent('ann');
    await settled();
    const late = new Place(network, 'B');
    await late.shared.start();
    expect(late.presence.isAgent('ann')).toBe(true);
  });

  it('a new connection and its end are known to the other routers', async () => {
    const { settled, a, b } = await start('A', 'B');
    const ann = a.agent('ann');
    await settled();
    expect(b.presence.isAgent('ann')).toBe(true);
    a.presence.leaveAgent(ann);
    await settled();
    expect(b.presence.isConnected('ann')).toBe(false);
  });

  it('changes that are made at nearly the same time are written together', async () => {
    const { table, settled, a, b } = await start('A', 'B');
    for (let i = 0; i < 200; i++) a.agent('ann');
    await settled();
    expect(b.presence.union?.elsewhere.connections('ann')).toHaveLength(200);
    expect(table.writes).toBeLessThanOrEqual(2);
  });

  it('however many connections a peer opens, and whatever it says about them, all names are reported in messages that the server accepts', async () => {
    const { table, settled, a, b } = await start('A', 'B');
    const sizes: number[] = [];
    const { put } = table;
    table.put = (key, value) => {
      sizes.push(Buffer.byteLength(JSON.stringify(value)));
      return put.call(table, key, value);
    };
    a.model = '\u20ac'.repeat(200);
    for (let i = 0; i < 2_000; i++) a.agent('many');
    for (let i = 0; i < 10_000; i++) a.agent(`agent-${i}`);
    await settled();
    expect(Math.max(...sizes)).toBeLessThan(1_000_000);
    expect(b.presence.connected).toBe(10_001);
    // Of one name not all connections need to be reported.
    expect(b.presence.union?.elsewhere.connections('many')).toHaveLength(256);
  });

  it('values that change with each turn are reported once a second, and only when they have changed', async () => {
    const { table, settled, a, b } = await start('A', 'B');
    a.agent('ann');
    await settled();
    const { writes } = table;
    a.active = 1;
    a.shared.tick(5_000);
    a.active = 2;
    a.shared.tick(5_100);
    await settled();
    expect(b.presence.union?.elsewhere.connections('ann')).toMatchObject([{ active: 1 }]);
    a.shared.tick(6_000);
    a.shared.tick(7_000);
    a.shared.tick(8_000);
    await settled();
    expect(b.presence.union?.elsewhere.connections('ann')).toMatchObject([{ active: 2 }]);
    expect(table.writes - writes).toBe(2);
  });

  it('the connections of a dead router end with its lease, and its reports are deleted', async () => {
    const { network, table, settled, a, b } = await start('A', 'B');
    a.agent('ann');
    await settled();
    a.shared.stop();
    network.leave('A');
    await settled();
    expect(b.presence.isConnected('ann')).toBe(false);
    await settled();
    expect(table.keys()).toEqual([]);
  });

  it('a router that was declared dead by mistake reports all its connections again, with later registrations', async () => {
    const { network, settled, a, b } = await start('A', 'B');
    a.agent('ann');
    await settled();
    const [before] = b.presence.union?.elsewhere.connections('ann') ?? [];
    network.leave('A');
    a.cluster.isDeaf = false;
    await settled();
    expect(b.presence.isConnected('ann')).toBe(false);
    network.revive('A');
    await settled();
    const [after] = b.presence.union?.elsewhere.connections('ann') ?? [];
    expect(b.presence.isConnected('ann')).toBe(true);
    expect(after?.at).toBeGreaterThan(before?.at ?? Number.POSITIVE_INFINITY);
  });

  it('the reports of an unknown router are deleted from the table half a minute after the start', async () => {
    const { table, settled, a } = await start('A');
    await table.put('old.3', {});
    await settled();
    a.shared.tick(1_000);
    await settled();
    expect(table.keys()).toEqual(['old.3']);
    a.shared.tick(31_000);
    await settled();
    expect(table.keys()).toEqual([]);
  });

  it('changes that could not be written while NATS was not reachable are written when it is back', async () => {
    const { table, settled, a, b } = await start('A', 'B');
    table.isAway = true;
    a.agent('ann');
    await settled();
    expect([b.presence.isConnected('ann'), a.failures.length > 0]).toEqual([false, true]);
    table.isAway = false;
    await settled();
    expect(b.presence.isConnected('ann')).toBe(true);
  });

  it('an invalid part in the table is ignored, and does not hide the other parts', async () => {
    const { table, settled, a, b } = await start('A', 'B');
    await table.put('A.1', { ann: 'here', bob: [{ id: 7 }], cid: [{ id: 'x', at: 1, dialect: 'v9' }] });
    await table.put('A.2', [null]);
    a.agent('dan');
    await settled();
    expect([...b.presence.names()]).toEqual(['dan']);
  });
});
