import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConversationView } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { expectWhole } from '../harness/whole-conversation.ts';
import { type AgentView, type ConversationPage, Deployment, deadlineMs } from './deployment.ts';

type Timed = ConversationView & { readonly startedAt: number; readonly endedAt: number };

const crowd = ['crowd-1', 'crowd-2', 'crowd-3', 'crowd-4', 'crowd-5'];
const hasEnded = ({ status }: ConversationView) => status === 'ended';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.create('parley-test-crowd');
  deployment.up(['crowd', 'host'], '--scale', 'crowd=5');
});
afterAll(() => deployment[Symbol.asyncDispose]());

test('replicas of one service register under names of their own', async () => {
  const { agents } = await deployment.get<{ agents: AgentView[] }>('/v1/agents');
  expect(agents.map(({ name, replicas }) => `${name} ${replicas}`).sort()).toEqual(
    [...crowd, 'host'].map((name) => `${name} 1`),
  );
});

test('one host holds a conversation with each of them at the same time', async () => {
  const all = await until(
    'five conversations have ended',
    async () => {
      const { conversations } = await deployment.get<{ conversations: Timed[] }>('/v1/conversations');
      return conversations.length === crowd.length && conversations.every(hasEnded) && conversations;
    },
    deadlineMs,
  );
  expect(all.map(({ members }) => members.join(' ')).sort()).toEqual(crowd.map((name) => `${name} host`));
  const lastStart = Math.max(...all.map(({ startedAt }) => startedAt));
  const firstEnd = Math.min(...all.map(({ endedAt }) => endedAt));
  expect(lastStart).toBeLessThan(firstEnd);
  for (const { id, by } of all) {
    const { entries } = await deployment.get<ConversationPage>(`/v1/conversations/${id}`);
    expectWhole(entries, { turns: 40, circle: [by, 'host'] });
  }
});
