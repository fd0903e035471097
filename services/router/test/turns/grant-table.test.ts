import { describe, expect, it } from 'vitest';
import type { Lease, Pool } from '../../src/quota/pool.ts';
import type { Grant } from '../../src/turns/grants/grant.ts';
import { GrantTable } from '../../src/turns/grants/grant-table.ts';
import { FakeConnection, type FakeReplica } from '../router-harness.ts';

const replica = (name: string): FakeReplica => ({
  ...{ name, connection: new FakeConnection(), capacity: 2, model: undefined },
});
const [ann, bob] = [replica('ann'), replica('bob')];

const grant = (conversation: string, turn: number, more: Partial<Grant> = {}): Grant => ({
  ...{ conversation, turn, attempt: 1, isResumed: false, replica: ann, grantedAt: 0, deadline: 1_000 },
  ...{ seen: 0, lease: undefined },
  ...more,
});

/** A lease, and what the table tells its pool. */
const leased = () => {
  const told: unknown[][] = [];
  const tell =
    (what: string) =>
    (_lease: Lease, ...more: unknown[]) =>
      told.push([what, ...more]);
  const pool = {
    ...{ called: tell('called'), over: tell('over'), failed: tell('failed'), slowDown: tell('slowDown') },
  };
  return { told, lease: { pool: pool as unknown as Pool, at: 0, tokens: 0, state: 'open' } as Lease };
};

const table = () => new GrantTable({ now: () => 7 });

describe('the table of running grants', () => {
  it('the table finds a grant by its turn, its conversation and its replica, until it has ended', () => {
    const grants = table();
    const [first, second, third] = [grant('c1', 1), grant('c1', 2, { replica: bob }), grant('c2', 5)];
    for (const one of [first, second, third]) grants.add(one);
    expect(grants.at('c1', 2)).toBe(second);
    expect(grants.inConversation('c1')).toEqual([first, second]);
    expect([grants.countIn({ id: 'c1' }), grants.countIn({ id: 'c9' })]).toEqual([2, 0]);
    expect([...grants.ofReplica(ann)]).toEqual([first, third]);
    expect([grants.countOf(ann), grants.countOf(bob), grants.countOf(replica('cid'))]).toEqual([2, 1, 0]);
    expect([...grants.all()]).toEqual([first, second, third]);

    grants.end(first);
    expect(grants.at('c1', 1)).toBeUndefined();
    expect(grants.inConversation('c1')).toEqual([second]);
    expect([...grants.ofReplica(ann)]).toEqual([third]);
    expect([grants.count, grants.countOf(ann)]).toEqual([2, 1]);
  });

  it('the table names the turn that a replica holds in a conversation, and no turn of another', () => {
    const grants = table();
    for (const one of [grant('c1', 1), grant('c2', 5), grant('c3', 8, { replica: bob })]) grants.add(one);
    expect(grants.heldBy(ann, 'c1')).toBe(1);
    expect(grants.heldBy(ann, 'c2')).toBe(5);
    expect(grants.heldBy(ann, 'c3')).toBeUndefined();
    expect(grants.heldBy(replica('cid'), 'c1')).toBeUndefined();
  });

  it('a grant that another one has replaced ends without an effect on that one', () => {
    const grants = table();
    const [first, second] = [grant('c1', 1), grant('c1', 1, { attempt: 2, replica: bob })];
    grants.add(first);
    grants.end(first);
    grants.add(second);
    grants.end(first);
    expect(grants.at('c1', 1)).toBe(second);
    expect(grants.count).toBe(1);
  });

  it('who waits for the last grant is called once it has ended, and at once while none runs', async () => {
    const grants = table();
    await grants.whenNone();
    const [first, second] = [grant('c1', 1), grant('c2', 1)];
    grants.add(first);
    grants.add(second);
    const seen: string[] = [];
    const waiting = ['one', 'two'].map((name) => grants.whenNone().then(() => seen.push(name)));
    grants.end(first);
    await Promise.resolve();
    expect(seen).toEqual([]);
    grants.end(second);
    await Promise.all(waiting);
    expect(seen).toEqual(['one', 'two']);
  });
});

describe('the lease of a running grant', () => {
  it('a reply that streams means that the call was made, and only its replica can say so', () => {
    const grants = table();
    const { told, lease } = leased();
    grants.add(grant('c1', 1, { lease }));
    expect(grants.callBegan(bob, { conversation: 'c1', turn: 1 })).toBe(false);
    expect(grants.callBegan(ann, { conversation: 'c1', turn: 2 })).toBe(false);
    expect(told).toEqual([]);
    expect(grants.callBegan(ann, { conversation: 'c1', turn: 1 })).toBe(true);
    expect(told).toEqual([['called', 7]]);
  });

  it('a 429 slows the pool down when the replica holds the grant, and otherwise not', () => {
    const grants = table();
    const { told, lease } = leased();
    grants.add(grant('c1', 1, { lease }));
    grants.callRateLimited(bob, { conversation: 'c1', turn: 1 }, 500);
    grants.callRateLimited(ann, { conversation: 'c1', turn: 2 }, 500);
    expect(told).toEqual([]);
    grants.callRateLimited(ann, { conversation: 'c1', turn: 1 }, 500);
    expect(told).toEqual([['slowDown', 7, 500]]);
  });

  it('the lease is settled when its call has failed, when it is over, and at the latest when its grant ends', () => {
    const grants = table();
    const { told, lease } = leased();
    const one = grant('c1', 1, { lease });
    grants.add(one);
    grants.callFailed(one);
    grants.callOver(one, 40);
    grants.end(one);
    expect(told).toEqual([
      ['failed', 7],
      ['over', 7, 40],
      ['over', 7, undefined],
    ]);
  });

  it('a grant without a lease, for which no pool limits calls, runs and ends like others', () => {
    const grants = table();
    const one = grant('c1', 1);
    grants.add(one);
    expect(grants.callBegan(ann, one)).toBe(true);
    grants.callRateLimited(ann, one);
    grants.callFailed(one);
    grants.end(one);
    expect(grants.count).toBe(0);
  });
});
