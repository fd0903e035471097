import type { BranchTree } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { serveRouter } from '../socket/served-router.ts';
import { Operator } from './operator.ts';

describe('GET /v1/conversations/:id/branches', () => {
  it('GET branches gives the same tree for each branch: the first conversation, its forks, and their forks', async () => {
    const served = await serveRouter();
    const operator = new Operator(served);
    const cast = [{ name: 'bob', model: 'tiny-1' }];
    const root = await operator.open({ members: ['ann', 'bob'], opening: 'Hello.', cast });
    const fork = async (id: string, at: number, body: object = {}) =>
      (await operator.act(id, 'fork', { at, ...body })).body.conversation;
    const first = await fork(root, 2, { cast: [{ name: 'bob', model: 'tiny-2' }] });
    const second = await fork(root, 1);
    const third = await fork(first, 3);
    await operator.act(second, 'end');
    await operator.open({ members: ['ann', 'bob'] });
    for (const id of [root, first, second, third]) {
      const response = await fetch(`http://127.0.0.1:${served.port}/v1/conversations/${id}/branches`);
      const { branches, more } = (await response.json()) as BranchTree;
      expect(more).toBe(false);
      expect(branches).toMatchObject([
        { id: root, status: 'running', models: [{ name: 'bob', model: 'tiny-1' }] },
        { id: first, parent: { conversation: root, seq: 2 }, models: [{ name: 'bob', model: 'tiny-2' }] },
        { id: second, parent: { conversation: root, seq: 1 }, status: 'ended', ending: 'operator' },
        { id: third, parent: { conversation: first, seq: 3 } },
      ]);
      expect(branches[0]).not.toHaveProperty('parent');
    }
  });

  it('GET branches says when there are more branches than a response holds', async () => {
    const served = await serveRouter();
    const operator = new Operator(served);
    const root = await operator.open({ members: ['ann', 'bob'] });
    for (let i = 0; i < 201; i++) await operator.act(root, 'fork', { at: 1 });
    const response = await fetch(`http://127.0.0.1:${served.port}/v1/conversations/${root}/branches`);
    const { branches, more } = (await response.json()) as BranchTree;
    expect([branches.length, more]).toEqual([200, true]);
  });

  it('GET branches gives fewer branches where their models are many, and says that there are more', async () => {
    const served = await serveRouter();
    const operator = new Operator(served);
    const members = Array.from({ length: 250 }, (_, i) => `member-${i}`);
    const cast = members.map((name) => ({ name, model: 'm'.repeat(200) }));
    const root = await operator.open({ members, cast });
    for (let i = 0; i < 20; i++) await operator.act(root, 'fork', { at: 1 });
    const response = await fetch(`http://127.0.0.1:${served.port}/v1/conversations/${root}/branches`);
    const text = await response.text();
    const { branches, more } = JSON.parse(text) as BranchTree;
    // 512 KiB and one branch of 60 KB.
    expect(text.length).toBeLessThan(600_000);
    expect(branches.length).toBeGreaterThan(5);
    expect(more).toBe(true);
  });
});
