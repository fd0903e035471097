import { describe, expect, it } from 'vitest';
import { Conversations } from '../src/conversations/conversations.ts';
import type { Outcome } from '../src/conversations/outcome.ts';
import { RouterEvents } from '../src/delivery/router-events.ts';
import { type Fault, Faults } from '../src/faults.ts';
import { openMemoryLedger } from '../src/ledger/memory.ts';
import { limits } from './core/talk.ts';

const open = { type: 'open', by: 'ann', members: ['ann', 'bob'], policy: 'open', limits: limits() } as const;
const line = (text: string) => ({ type: 'say', from: 'ann', text, as: 'operator' }) as const;

const bench = () => {
  const told: Fault[] = [];
  const counted: string[] = [];
  const faults = new Faults(
    (place) => counted.push(place),
    (fault) => told.push(fault),
    () => 0,
  );
  const failures: unknown[] = [];
  const conversations = new Conversations(
    openMemoryLedger(),
    () => 1_000,
    (error) => failures.push(error),
    () => {},
    faults,
  );
  const submit = (id: string, command: Parameters<Conversations['submit']>[1]) =>
    new Promise<Outcome>((resolve) => conversations.submit(id, command, resolve));
  return { conversations, submit, faults, told, counted, failures };
};

describe('an unexpected error', () => {
  it('an unexpected error is counted each time and logged a few times in each period', () => {
    const { faults, told, counted } = bench();
    for (let i = 0; i < 1_000; i++) faults.caught('session', 'v1', new Error('a bug'));
    expect(counted).toHaveLength(1_000);
    expect(told).toHaveLength(10);
  });

  it('an unexpected error in a follower of a commit stops no other follower, and the commands are answered', async () => {
    const { conversations, submit, counted } = bench();
    const heard: string[] = [];
    conversations.follow('failing', ({ entries }) => {
      if (entries.some((entry) => entry.type === 'said' && entry.text === 'bad')) throw new Error('a bug');
    });
    conversations.follow('reader', ({ entries }) => heard.push(...entries.map(({ type }) => type)));
    await submit('c1', open);
    const answers = await Promise.all([submit('c1', line('bad')), submit('c1', line('good'))]);
    expect(answers.map(({ kind }) => kind)).toEqual(['done', 'done']);
    expect(await submit('c1', line('later'))).toMatchObject({ kind: 'done', seq: 4 });
    expect(heard).toEqual(['opened', 'said', 'said', 'said']);
    expect(counted).toEqual(['follower']);
    expect(conversations.takeMissed().map(({ after }) => after.id)).toEqual(['c1']);
    expect(conversations.takeMissed()).toEqual([]);
  });

  it('an unexpected error in a decision refuses only that command', async () => {
    const { conversations, submit, counted } = bench();
    conversations.limit({
      take: (_after, entries) => {
        if (entries.some((entry) => entry.type === 'said' && entry.text === 'bad')) throw new Error('a bug');
        return () => {};
      },
    });
    await submit('c1', open);
    const answers = await Promise.all([
      submit('c1', line('one')),
      submit('c1', line('bad')),
      submit('c1', line('two')),
      submit('c2', open),
    ]);
    expect(answers.map((answer) => (answer.kind === 'refused' ? answer.code : answer.seq))).toEqual([
      2,
      'unavailable',
      3,
      1,
    ]);
    expect(counted).toEqual(['decision']);
  });

  it('an unexpected error in the callback of one command does not affect the callbacks of others', async () => {
    const { conversations, submit, counted } = bench();
    conversations.submit('c1', open, () => {
      throw new Error('a bug');
    });
    expect(await submit('c1', line('one'))).toMatchObject({ kind: 'done' });
    expect(counted).toEqual(['answer']);
  });

  it('an unexpected error of one listener removes that listener, and the others stay', () => {
    const { faults, counted } = bench();
    const routerEvents = new RouterEvents(faults);
    let heard = 0;
    routerEvents.add(() => {
      throw new Error('a bug');
    });
    routerEvents.add(() => heard++);
    routerEvents.publish({ type: 'agents' });
    routerEvents.publish({ type: 'agents' });
    expect(heard).toBe(2);
    expect(counted).toEqual(['follower']);
  });

  it('an unexpected error in the follow-up work of a running conversation ends that conversation with a reason', async () => {
    const { conversations, submit, counted } = bench();
    await submit('c1', open);
    conversations.attempt('c1', () => {
      throw new Error('a bug');
    });
    await conversations.settled();
    expect(conversations.find('c1')?.status).toMatchObject({ state: 'ended', reason: 'failed' });
    expect(counted).toEqual(['follower']);
  });
});
