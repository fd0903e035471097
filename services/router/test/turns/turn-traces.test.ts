import { spanNames } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { SeveralRouters } from '../cluster/several-routers.ts';
import { limits } from '../core/talk.ts';
import { recordedTraces } from '../recorded-traces.ts';
import { RouterBench } from '../router-harness.ts';

const benchOf = () => {
  const traces = recordedTraces();
  return { ...traces, bench: new RouterBench({ tracing: traces.tracing }) };
};

describe('the traces of a router', () => {
  it('there is one trace for each turn, from the floor to the commit, linked to the turn before', async () => {
    const { bench, named } = benchOf();
    const ann = bench.connect('ann');
    const bob = bench.connect('bob');
    await bench.open('c');
    bench.now += 700;
    await bench.answer(ann);
    bench.now += 900;
    await bench.answer(bob);
    const [first, second, third] = named('turn');
    expect(first).toMatchObject({ parent: undefined, links: [], startedAt: 1_000_000 });
    expect(first?.endedAt).toBeGreaterThanOrEqual(1_000_700);
    expect(first?.attributes).toMatchObject({
      conversation: 'c',
      [spanNames.member]: 'ann',
      [spanNames.turn]: 1,
      [spanNames.outcome]: 'said',
      [spanNames.entry]: 2,
    });
    expect(second?.links).toEqual([first?.traceparent]);
    expect(third?.links).toEqual([second?.traceparent]);
    expect(third?.endedAt).toBeUndefined();
    expect(named('ledger append').map(({ parent }) => parent)).toEqual([
      first?.traceparent,
      second?.traceparent,
    ]);
  });

  it('the trace of a turn is named to the agent in its grant, and again when the turn is granted again', async () => {
    const { bench, named } = benchOf();
    const ann = bench.connect('ann');
    await bench.open('c');
    await bench.answer(ann, { reason: 'model-unavailable' });
    await bench.pass(60_000);
    const [turn] = named('turn');
    expect(bench.turns(ann).map(({ trace, attempt }) => [trace, attempt])).toEqual([
      [turn?.traceparent, 1],
      [turn?.traceparent, 2],
    ]);
    expect(turn?.events.map(({ name }) => name)).toEqual(['granted', 'lapsed', 'granted']);
    expect(turn?.events[1]?.attributes).toEqual({ [spanNames.lapseCause]: 'model-unavailable' });
  });

  it('the traces end with the conversation, with its ending', async () => {
    const { bench, named, spans } = benchOf();
    const ann = bench.connect('ann');
    await bench.open('c', { limits: limits({ maxTurns: 1 }) });
    await bench.answer(ann);
    await bench.open('d', { limits: limits() });
    await bench.submit('d', { type: 'end', by: 'op' });
    const [said, stopped] = named('turn');
    expect(said?.attributes).toMatchObject({ [spanNames.outcome]: 'said', [spanNames.ending]: 'max-turns' });
    expect(stopped?.attributes).toMatchObject({
      [spanNames.outcome]: 'ended',
      [spanNames.ending]: 'operator',
    });
    expect(spans.filter(({ endedAt }) => endedAt === undefined)).toEqual([]);
  });

  it('the newest turn of a conversation is known for the log, also at the ending', async () => {
    const { bench, named } = benchOf();
    const ann = bench.connect('ann');
    const told: unknown[] = [];
    bench.router.conversations.follow('log', ({ after }) => told.push(bench.router.traces?.idsOf(after.id)));
    await bench.open('c', { limits: limits({ maxTurns: 1 }) });
    await bench.answer(ann);
    expect(told).toEqual([named('turn')[0]?.ids, named('turn')[0]?.ids]);
  });

  it('the trace of an open turn goes on after a restart, linked to the turn before the restart', async () => {
    const { bench, named } = benchOf();
    await bench.open('c');
    await bench.answer(bench.connect('ann'));
    const [first, open] = named('turn');
    bench.restart();
    const bob = bench.connect('bob');
    const again = named('turn').at(-1);
    expect(again).not.toBe(open);
    expect(again?.attributes).toMatchObject({ [spanNames.turn]: 2, [spanNames.member]: 'bob' });
    expect(again?.traceparent).toBe(open?.traceparent);
    expect(again?.links).toEqual([first?.traceparent]);
    expect(bench.turns(bob)[0]?.trace).toBe(open?.traceparent);
    await bench.answer(bob);
    expect(named('turn').at(-1)?.links).toEqual([open?.traceparent]);
  });

  it('the first turn of a fork is linked to the last turn that it shares, also in a fork of a fork', async () => {
    const { bench, named } = benchOf();
    const [ann, bob] = [bench.connect('ann'), bench.connect('bob')];
    await bench.open('c');
    for (const member of [ann, bob]) await bench.answer(member);
    const [, second] = named('turn');
    const { conversations } = bench.router;
    const fork = (id: string, parent = conversations.find('c')) =>
      parent && bench.submit(id, { type: 'fork', by: 'op', parent, limits: limits() });
    const then = conversations.find('c');
    await bench.answer(ann);
    await fork('d', then);
    await fork('e', conversations.find('d'));
    const firstOf = (id: string) => named('turn').find(({ attributes }) => attributes.conversation === id);
    expect(firstOf('d')?.links).toEqual([second?.traceparent]);
    expect(firstOf('e')?.links).toEqual([second?.traceparent]);
  });

  it('of several routers one sends the span of a turn, and all know its trace', async () => {
    const routers = new SeveralRouters();
    const [one, other] = [recordedTraces(), recordedTraces()];
    const a = await routers.start('a', { tracing: one.tracing });
    const b = await routers.start('b', { tracing: other.tracing });
    const ann = a.connect('ann');
    const bob = b.connect('bob');
    await a.open('c', { limits: limits({ maxTurns: 2 }) });
    await routers.until('ann has the floor', () => a.turns(ann).length === 1);
    await a.answer(ann);
    await routers.until('bob has the floor', () => b.turns(bob).length === 1);
    await b.answer(bob);
    await routers.until('both have the ending', () => [...a.router.conversations.running()].length === 0);
    const turns = (of: typeof one) => of.named('turn').map(({ traceparent }) => traceparent);
    const sent = ({ named }: typeof one) =>
      named('turn').flatMap(({ endedAt, attributes }) =>
        endedAt === undefined ? [] : [attributes[spanNames.turn]],
      );
    expect(turns(one)).toEqual(turns(other));
    expect([sent(one), sent(other)]).toEqual([[1], [2]]);
    expect([one.named('ledger append').length, other.named('ledger append').length]).toEqual([1, 1]);
    expect(b.turns(bob)[0]?.trace).toBe(one.named('turn')[1]?.traceparent);
  });

  it('no frame has a trace context while traces are off', async () => {
    const bench = new RouterBench();
    const ann = bench.connect('ann');
    await bench.open('c');
    expect(bench.turns(ann)).toHaveLength(1);
    expect(bench.turns(ann)[0]).not.toHaveProperty('trace');
  });
});
