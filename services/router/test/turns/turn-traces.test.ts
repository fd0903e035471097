import { spanNames } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
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

  it('the traces cover a turn that was open when the router started', async () => {
    const { bench, named } = benchOf();
    await bench.open('c');
    bench.restart();
    const ann = bench.connect('ann');
    const [, second] = named('turn');
    expect(second?.attributes).toMatchObject({ [spanNames.turn]: 1, [spanNames.member]: 'ann' });
    expect(bench.turns(ann)[0]?.trace).toBe(second?.traceparent);
  });

  it('no frame has a trace context while traces are off', async () => {
    const bench = new RouterBench();
    const ann = bench.connect('ann');
    await bench.open('c');
    expect(bench.turns(ann)).toHaveLength(1);
    expect(bench.turns(ann)[0]).not.toHaveProperty('trace');
  });
});
