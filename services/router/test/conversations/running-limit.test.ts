import { describe, expect, it } from 'vitest';
import type { RunningLimits } from '../../src/conversations/running-limit.ts';
import { Control } from '../../src/http/handlers/control.ts';
import { limits } from '../core/talk.ts';
import { RouterBench } from '../router-harness.ts';

const boundedTo = (runningLimits: Partial<RunningLimits>) =>
  new RouterBench({ runningLimits: { total: 0, perOpener: 0, ...runningLimits } });
const end = (bench: RouterBench, id: string) => bench.submit(id, { type: 'end', by: 'ops' });
const fromAnn = { members: ['ann', 'bob'] };
const fromBob = { members: ['bob', 'ann'] };

describe('conversations that run at once', () => {
  it('the number of running conversations is limited in all, and the end of one allows another', async () => {
    const bench = boundedTo({ total: 2 });
    await bench.open('c1', fromAnn);
    await bench.open('c2', fromBob);
    expect(await bench.open('c3', fromAnn)).toMatchObject({
      kind: 'refused',
      code: 'unavailable',
      message: '2 conversations are running: wait until some have ended',
    });
    expect(bench.types('c3')).toEqual([]);
    await end(bench, 'c1');
    expect(await bench.open('c3', fromAnn)).toMatchObject({ kind: 'done' });
  });

  it('the number of running conversations of one opener is limited, and other openers still open theirs', async () => {
    const bench = boundedTo({ perOpener: 1 });
    await bench.open('c1', fromAnn);
    expect(await bench.open('c2', fromAnn)).toMatchObject({
      kind: 'refused',
      code: 'rate-limited',
      message: 'ann has 1 conversations running',
    });
    expect(await bench.open('c3', fromBob)).toMatchObject({ kind: 'done' });
    await end(bench, 'c1');
    expect(await bench.open('c4', fromAnn)).toMatchObject({ kind: 'done' });
  });

  it('running conversations are counted when they are opened, so that a burst cannot exceed the limit', async () => {
    const bench = boundedTo({ total: 3 });
    const opened = await Promise.all(Array.from({ length: 10 }, (_, i) => bench.open(`c${i}`)));
    expect(opened.filter(({ kind }) => kind === 'done')).toHaveLength(3);
    expect(bench.router.conversations.count).toBe(3);
  });

  it('paused conversations count for the limit, also after a restart', async () => {
    const bench = boundedTo({ total: 1 });
    await bench.open('c1');
    await bench.submit('c1', { type: 'pause', by: 'ops' });
    bench.restart();
    expect(await bench.open('c2')).toMatchObject({ code: 'unavailable' });
    await end(bench, 'c1');
    expect(await bench.open('c2')).toMatchObject({ kind: 'done' });
  });

  it('conversations that could not be written, or that ended with their opening, do not count for the limit', async () => {
    const bench = boundedTo({ total: 1 });
    bench.ledger.isFull = true;
    expect(await bench.open('c1')).toMatchObject({ message: 'the ledger cannot be written' });
    bench.ledger.isFull = false;
    await bench.open('c2', { opening: 'one line is enough', limits: limits({ maxTurns: 1 }) });
    expect(bench.types('c2').at(-1)).toBe('ended');
    expect(await bench.open('c3')).toMatchObject({ kind: 'done' });
  });

  it('forks and openings of operators over HTTP count for the limit, and a refused request may be repeated', async () => {
    const bench = boundedTo({ perOpener: 1 });
    const control = new Control(bench.router, limits());
    await bench.open('c1', fromAnn);
    const open = {
      action: 'open',
      id: '',
      body: { members: ['ann', 'bob'] },
      by: 'ops',
      key: 'k',
    } as const;
    const fork = { action: 'fork', id: 'c1', body: { at: 1 }, by: 'ops', key: undefined } as const;
    const refused = { status: 503, body: expect.stringContaining('"code":"rate-limited"') };
    expect(await control.handle(open)).toMatchObject(refused);
    await end(bench, 'c1');
    expect(await control.handle(open)).toMatchObject({ status: 201 });
    expect(await control.handle(fork)).toMatchObject({ status: 201 });
    expect(await control.handle(fork)).toMatchObject(refused);
  });

  it('the number of running conversations has no limit when none is set', async () => {
    const bench = boundedTo({});
    for (let i = 0; i < 50; i++) expect(await bench.open(`c${i}`)).toMatchObject({ kind: 'done' });
  });
});
