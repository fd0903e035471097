import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hasNats, type NatsServer, startNats } from '../../../../tests/harness/nats-servers.ts';
import type { NatsTable } from '../../src/cluster/nats/nats-table.ts';
import { openJetStreamLedger } from '../../src/ledger/jetstream/open-jetstream.ts';
import { JetStreamFolder, NatsObserver } from '../ledger/jetstream/jetstream-ledgers.ts';
import { shut } from '../ledger/ledger-contract.ts';
import { finished, lines, opened } from '../ledger/ledger-entries.ts';
import { joinRouter } from './joined-router.ts';

const patience = { timeout: 60_000, interval: 20 };
const until = (check: () => void) => vi.waitFor(check, patience);

describe.skipIf(!hasNats)('several routers on one stream of NATS', { timeout: 120_000 }, () => {
  let server: NatsServer;
  const folder = new JetStreamFolder();
  beforeAll(async () => {
    server = await startNats();
  }, 60_000);
  afterAll(async () => {
    await server.remove();
    folder.remove();
  });

  const two = async (leaseMs?: number) => {
    const options = folder.options(server.url);
    const a = await joinRouter(options, 'a', leaseMs);
    const b = await joinRouter(options, 'b', leaseMs);
    return { options, a, b };
  };

  it('routers know each other and what each has published, and are notified when one leaves', async () => {
    const { a, b } = await two();
    expect([...b.cluster.routers()].map(({ name }) => name)).toEqual(['b', 'a']);
    await until(() => expect([...a.cluster.routers()].map(({ name }) => name)).toEqual(['a', 'b']));
    a.cluster.publish('names', ['ann']);
    a.cluster.publish('names', ['ann', 'bob']);
    await until(() =>
      expect(b.changes.at(-1)).toMatchObject({
        type: 'changed',
        router: { id: a.cluster.self, name: 'a', parts: { names: ['ann', 'bob'] } },
      }),
    );
    const homes = ['c1', 'c2', 'c3', 'c4'].map((id) => [a, b].filter(({ cluster }) => cluster.isHome(id)));
    expect(homes.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
    await a.leave();
    await until(() => expect(b.changes.at(-1)).toMatchObject({ type: 'gone', how: 'left' }));
    expect(b.cluster.isAlive(a.cluster.self)).toBe(false);
    expect([...b.cluster.routers()]).toHaveLength(1);
  });

  it('a router whose lease has expired may do nothing and counts as dead, until it has renewed the lease', async () => {
    const { a, b } = await two(1_500);
    a.cluster.pause();
    await until(() => expect(b.changes.at(-1)).toMatchObject({ type: 'gone', how: 'died' }));
    await until(() => expect(a.ledger.trouble?.()).toBe('the lease of this router has run out'));
    await expect(
      a.ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened()] }]),
    ).rejects.toThrow('the lease of this router has run out');
    await b.ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened()] }]);
    await a.cluster.renew();
    expect(a.ledger.trouble?.()).toBeUndefined();
    // What was written meanwhile was read before the lease counted.
    expect(a.ledger.read('c1', 0, 9)).toEqual([opened()]);
    await until(() => expect(b.cluster.isAlive(a.cluster.self)).toBe(true));
  });

  it('one of several routers that claim one attempt at a turn gets it, and the others know which one until it is released', async () => {
    const { a, b } = await two();
    const claim = { conversation: 'c.1', turn: 3, attempt: 1, member: 'ann' };
    const made = await Promise.all([a, b].map(({ cluster }) => cluster.claims.make(claim, 60_000)));
    expect(made.filter((one) => one)).toEqual([true]);
    const [winner, loser] = made[0] ? [a, b] : [b, a];
    const known = { ...claim, router: winner.cluster.self };
    await until(() => expect(loser.cluster.claims.at('c.1', 3)).toEqual(known));
    expect([...loser.cluster.claims.others()]).toEqual([known]);
    loser.cluster.claims.release(claim);
    expect(winner.cluster.claims.at('c.1', 3)).toEqual(known);
    winner.cluster.claims.release(claim);
    expect(winner.cluster.claims.at('c.1', 3)).toBeUndefined();
    await until(() => expect(loser.claims.at(-1)).toEqual({ type: 'ended', claim: known }));
    expect(await loser.cluster.claims.make(claim, 60_000)).toBe(true);
    await until(() => expect(winner.cluster.claims.at('c.1', 3)?.router).toBe(loser.cluster.self));
  });

  it('a claim that was released a moment ago can be made again by the same router', async () => {
    const { a, b } = await two();
    const claim = { conversation: 'c1', turn: 1, attempt: 1, member: 'ann' };
    expect(await a.cluster.claims.make(claim, 60_000)).toBe(true);
    a.cluster.claims.release(claim);
    expect(await a.cluster.claims.make(claim, 60_000)).toBe(true);
    expect(await b.cluster.claims.make(claim, 60_000)).toBe(false);
    await until(() => expect(b.cluster.claims.at('c1', 1)?.router).toBe(a.cluster.self));
  });

  it('messages reach one router or all others, and not the sender', async () => {
    const { a, b } = await two();
    const heard: [string, unknown, string][] = [];
    for (const { cluster } of [a, b])
      cluster.messages.on('test', (payload, from) => heard.push([cluster.self, payload, from]));
    a.cluster.messages.send('test', 'all', { n: 1 });
    a.cluster.messages.send('test', b.cluster.self, { n: 2 });
    b.cluster.messages.send('test', a.cluster.self, { n: 3 });
    const [idA, idB] = [a.cluster.self, b.cluster.self];
    await until(() => expect(heard).toHaveLength(3));
    expect(heard.filter(([to]) => to === idB)).toEqual([
      [idB, { n: 1 }, idA],
      [idB, { n: 2 }, idA],
    ]);
    expect(heard.filter(([to]) => to === idA)).toEqual([[idA, { n: 3 }, idB]]);
  });

  it('a bucket that was lost and made again is followed from its beginning, also where the connection stayed', async () => {
    const { options, a, b } = await two();
    const claim = (turn: number) => ({ conversation: 'c1', turn, attempt: 1, member: 'ann' });
    for (const turn of [1, 2, 3]) expect(await a.cluster.claims.make(claim(turn), 60_000)).toBe(true);
    await until(() => expect(b.cluster.claims.at('c1', 3)).toBeDefined());
    const observer = await NatsObserver.of(server.url);
    await observer.manager.streams.delete(`KV_${options.stream}_claims`);
    await observer.close();
    await vi.waitFor(async () => expect(await a.cluster.claims.make(claim(4), 60_000)).toBe(true), patience);
    await until(() => expect(b.cluster.claims.at('c1', 4)?.router).toBe(a.cluster.self));
    await until(() => expect(b.cluster.claims.at('c1', 3)).toBeUndefined());
  });

  it('a table compares revisions, forgets deleted keys, and notifies every router of each change', async () => {
    const { a, b } = await two();
    const [one, other] = [a.cluster.table('pools'), b.cluster.table('pools')];
    const first = await one.create('k', { n: 1 });
    expect(first).toBeGreaterThan(0);
    expect(await other.create('k', { n: 2 })).toBeUndefined();
    expect(await other.get('k')).toEqual({ value: { n: 1 }, revision: first });
    const told: [string, unknown][] = [];
    await other.watch(({ key, entry }) => told.push([key, entry?.value]));
    expect(told).toEqual([['k', { n: 1 }]]);
    // The bucket keeps the newest value of a key only: an earlier one may be gone before it is read.
    const toldLast = (value: unknown) => until(() => expect(told.at(-1)).toEqual(['k', value]));
    const second = await other.update('k', { n: 3 }, first as number);
    await toldLast({ n: 3 });
    expect(await one.update('k', { n: 4 }, first as number)).toBeUndefined();
    expect(await one.delete('k', first)).toBe(false);
    expect(await one.delete('k', second)).toBe(true);
    expect(await one.get('k')).toBeUndefined();
    await toldLast(undefined);
    expect(await other.create('k', { n: 5 })).toBeGreaterThan(second as number);
    await toldLast({ n: 5 });
    expect(told.map(([, value]) => value)).toEqual([{ n: 1 }, { n: 3 }, undefined, { n: 5 }]);
  });

  it('a table that begins to be read again while it is read is read to its end, so that a router renews its lease', async () => {
    const { a } = await two();
    const table = a.cluster.table('pools') as NatsTable;
    // So much that the end of the table has not come with its first key.
    for (let n = 0; n < 20; n++) await table.create(`k${n}`, 'x'.repeat(100_000));
    let isAgain = false;
    let second: Promise<void> | undefined;
    const told: string[] = [];
    await table.watch(({ key }) => {
      told.push(key);
      if (isAgain && key === 'k0') second ??= table.refresh();
    });
    isAgain = true;
    await table.refresh();
    expect(second).toBeInstanceOf(Promise);
    await second;
    expect(told.slice(-20).toSorted()).toEqual(Array.from({ length: 20 }, (_, n) => `k${n}`).toSorted());
  });

  it('a listener that fails does not keep other listeners and later changes from being told', async () => {
    const failures: unknown[] = [];
    const options = { ...folder.options(server.url), onFailure: (error: unknown) => failures.push(error) };
    const a = await joinRouter(options, 'a');
    const table = a.cluster.table('pools');
    await table.watch(() => {
      throw new Error('a bug');
    });
    const told: unknown[] = [];
    await table.watch(({ entry }) => told.push(entry?.value));
    await table.put('k', 1);
    // The bucket keeps the newest value only: an earlier one may be gone before it is read.
    await until(() => expect(told).toEqual([1]));
    await table.put('k', 2);
    await until(() => expect(told).toEqual([1, 2]));
    expect(failures).toEqual([new Error('a bug'), new Error('a bug')]);
  });

  it('a message that is larger than the server takes is not sent, and ends nothing', async () => {
    const { a, b } = await two();
    const heard: unknown[] = [];
    b.cluster.messages.on('test', (payload) => heard.push(payload));
    a.cluster.messages.send('test', b.cluster.self, 'x'.repeat(2_000_000));
    a.cluster.messages.send('test', b.cluster.self, 'short');
    await until(() => expect(heard).toEqual(['short']));
  });

  it('a conversation that one router has removed and opened again is the new one at the others', async () => {
    const { a, b } = await two();
    const old = finished(4);
    await a.ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: old }]);
    await until(() => expect(b.ledger.read('c1', 0, 9)).toEqual(old));
    a.ledger.remove(['c1'], 9);
    await a.ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened(9_000)] }]);
    await until(() => expect(b.ledger.read('c1', 0, 9)).toEqual([opened(9_000)]));
    expect(
      await b.ledger.append([{ conversation: 'c1', expectedSeq: 1, entries: lines(2, 2) }]),
    ).toMatchObject([{ ok: true }]);
    expect(b.ledger.trouble?.()).toBeUndefined();
  });

  it('a router that works alone and several that work together refuse each other, and say what to set', async () => {
    const { options, a, b } = await two();
    const alone = { ...options, projection: `${options.projection}.alone`, name: 'alone' };
    await expect(openJetStreamLedger(alone)).rejects.toThrow(
      /ROUTER_NATS_ROUTERS: the router [ab] works with/,
    );
    await a.leave();
    await b.leave();
    const single = await openJetStreamLedger(alone);
    try {
      const impatient = { ...options, lease: { patienceMs: 0 } };
      await expect(joinRouter(impatient, 'c')).rejects.toThrow(
        /ROUTER_NATS_ROUTERS: the router alone works alone with the stream/,
      );
    } finally {
      await shut(single);
    }
  });
});

describe.skipIf(!hasNats)('several routers whose engine restarts', { timeout: 180_000 }, () => {
  it('routers continue together after the server was killed and has lost their claims', async () => {
    const server = await startNats();
    const folder = new JetStreamFolder();
    try {
      const options = folder.options(server.url);
      const a = await joinRouter(options, 'a', 4_000);
      const b = await joinRouter(options, 'b', 4_000);
      const claim = { conversation: 'c1', turn: 1, attempt: 1, member: 'ann' };
      expect(await a.cluster.claims.make(claim, 60_000)).toBe(true);
      await until(() => expect(b.cluster.claims.at('c1', 1)).toBeDefined());
      await server.kill();
      await server.start();
      await until(() => expect([a.ledger.trouble?.(), b.ledger.trouble?.()]).toEqual([undefined, undefined]));
      await until(() => expect(b.cluster.claims.at('c1', 1)).toBeUndefined());
      const next = { ...claim, turn: 2 };
      await vi.waitFor(async () => expect(await b.cluster.claims.make(next, 60_000)).toBe(true), patience);
      await until(() => expect(a.cluster.claims.at('c1', 2)?.router).toBe(b.cluster.self));
      await Promise.all([a.leave(), b.leave()]);
    } finally {
      await server.remove();
      folder.remove();
    }
  });
});
