import { describe, expect, it } from 'vitest';
import type { DuplicateRule } from '../../src/presence/duplicates.ts';
import { Presence, type PresenceChange } from '../../src/presence/presence.ts';
import type { PlainClient, Replica } from '../../src/presence/replica.ts';
import { FakeConnection } from '../router-harness.ts';

const start = (duplicates: DuplicateRule) => {
  const presence = new Presence({ duplicates, now: () => 0 });
  const changes: PresenceChange[] = [];
  presence.follow((change) => changes.push(change));
  return { presence, types: () => changes.splice(0).map(({ type }) => type) };
};

const replica = (name: string, capacity = 1): Replica & { readonly connection: FakeConnection } => ({
  ...{ name, capacity, model: undefined },
  connection: new FakeConnection(),
});

const client = (name: string): PlainClient & { readonly connection: FakeConnection } => ({
  ...{ name, acks: false },
  connection: new FakeConnection(),
});

describe('presence', () => {
  it('an agent is connected as long as one of its replicas is', () => {
    const { presence, types } = start('replicas');
    const [first, second] = [replica('ann'), replica('ann', 3)];
    presence.joinAgent(first);
    presence.joinAgent(second);
    expect([...presence.replicasOf('ann')]).toEqual([first, second]);
    presence.leaveAgent(first);
    expect([presence.isAgent('ann'), presence.count]).toEqual([true, 1]);
    presence.leaveAgent(second);
    expect([presence.isConnected('ann'), presence.isOrWasAgent('ann'), presence.count]).toEqual([
      false,
      true,
      0,
    ]);
    expect(types()).toEqual(['replica-joined', 'replica-joined', 'replica-left', 'replica-left']);
  });

  it('a name that one dialect uses is refused to the other, whatever the rule for duplicates', () => {
    for (const rule of ['replicas', 'reject', 'takeover'] as const) {
      const { presence } = start(rule);
      presence.joinAgent(replica('ann'));
      presence.joinPlain(client('pat'));
      expect(presence.conflict('ann', 'plain')).toBe('used-by-agent');
      expect(presence.conflict('pat', 'v1')).toBe('used-by-plain-client');
      expect(() => presence.joinAgent(replica('pat'))).toThrow('plain client');
      expect(() => presence.joinPlain(client('ann'))).toThrow('agent');
    }
  });

  it('a second connection of a name is a conflict only where the rule is reject', () => {
    const conflicts = (['replicas', 'reject', 'takeover'] as const).map((rule) => {
      const { presence } = start(rule);
      presence.joinAgent(replica('ann'));
      return presence.conflict('ann', 'v1');
    });
    expect(conflicts).toEqual([undefined, 'duplicate', undefined]);
  });

  it('a takeover by an agent ends its earlier connections before the new one joins', () => {
    const { presence, types } = start('takeover');
    const [first, second] = [replica('ann'), replica('ann')];
    presence.joinAgent(first);
    presence.joinAgent(second);
    expect([...presence.replicasOf('ann')]).toEqual([second]);
    expect(first.connection.closedBy).toBe('taken-over');
    expect(types()).toEqual(['replica-joined', 'replica-left', 'replica-joined']);
    // The closed connection reports its end later.
    presence.leaveAgent(first);
    expect([types(), presence.isAgent('ann')]).toEqual([[], true]);
  });

  it('a plain client has one connection: a later one takes the name over, and the end of the earlier one changes nothing', () => {
    const { presence, types } = start('replicas');
    const [first, second] = [client('pat'), client('pat')];
    presence.joinPlain(first);
    presence.joinPlain(second);
    expect(first.connection.closedBy).toBe('taken-over');
    presence.leavePlain(first, true);
    expect(presence.plainClient('pat')).toBe(second);
    expect(types()).toEqual(['plain-joined', 'plain-left', 'plain-joined']);
  });

  it('a name that connects as a plain client is no former agent any more', () => {
    const { presence } = start('replicas');
    const ann = replica('ann');
    presence.joinAgent(ann);
    presence.leaveAgent(ann);
    presence.joinPlain(client('ann'));
    expect([presence.isAgent('ann'), presence.isOrWasAgent('ann'), presence.wasConnected('ann')]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('a connection that never joined, such as that of an observer, leaves without an effect', () => {
    const { presence, types } = start('replicas');
    presence.leaveAgent(replica('watcher'));
    expect(types()).toEqual([]);
  });
});
