import { makeLogger } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { LifeLog } from '../../src/delivery/life-log.ts';
import { RouterBench } from '../router-harness.ts';

/** A moderated conversation of ann (the moderator), bob and cyd, on a router that logs. */
const moderated = async (members = ['ann', 'bob', 'cyd']) => {
  const bench = new RouterBench();
  const logged: Record<string, unknown>[] = [];
  const log = makeLogger('router', 'info', {}, { write: (line) => void logged.push(JSON.parse(line)) });
  const life = new LifeLog(
    log,
    () => [],
    () => bench.now,
  );
  bench.router.conversations.follow('life', (commit) => life.onCommit(commit));
  await bench.open('c1', { members, policy: 'moderator', moderator: 'ann' });
  const say = async (more: object = {}) => {
    const turn = bench.router.conversations.get('c1')?.floor[0];
    await bench.submit('c1', {
      ...{ type: 'say', from: turn?.member ?? '', turn: turn?.number ?? 0, attempt: 1, text: 'Go on.' },
      ...more,
    });
  };
  const metric = 'parley_moderator_fallbacks_total';
  const count = async () => {
    const text = await bench.router.metrics.registry.getSingleMetricAsString(metric);
    return Number(text.split('\n').at(-1)?.split(' ')[1]);
  };
  const lines = () => logged.filter(({ msg }) => String(msg).startsWith('the moderator named no member'));
  return { say, count, lines };
};

describe('the fallback of a moderator', () => {
  it('a message of the moderator that names no member is counted and logged with the member that is next', async () => {
    const { say, count, lines } = await moderated();
    await say();
    expect(await count()).toBe(1);
    expect(lines()).toMatchObject([{ level: 'info', conversation: 'c1', moderator: 'ann', next: 'bob' }]);
  });

  it('a message of the moderator with a target, and messages of other members, are no fallback', async () => {
    const { say, count, lines } = await moderated();
    await say({ target: 'cyd' });
    await say();
    expect([await count(), lines()]).toEqual([0, []]);
  });

  it('a vote of the moderator, and a conversation of two members, have no fallback', async () => {
    const voting = await moderated();
    await voting.say({ done: true });
    const two = await moderated(['ann', 'bob']);
    await two.say();
    expect([await voting.count(), await two.count()]).toEqual([0, 0]);
  });
});
