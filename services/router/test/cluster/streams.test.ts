import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dividedStreams, type ShardStream, streamOf, streamsIn } from '../../src/cluster/streams.ts';

const stream = (name: string, weight = 1): ShardStream => ({ name, weight, url: `https://${name}.example` });
const chosen = (conversation: string, ...streams: ShardStream[]) => streamOf(conversation, streams)?.name;
const ids = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`);
/** How many of these ids go to the stream. */
const countOf = (name: string, count: number, ...streams: ShardStream[]) =>
  ids(count).filter((id) => chosen(id, ...streams) === name).length;

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const weight = fc.integer({ min: 1, max: 999 });

describe('the stream of a new conversation', () => {
  it('is the same one at each router, whatever the order of the list', () => {
    fc.assert(
      fc.property(id, weight, weight, (one, a, b) => {
        expect(chosen(one, stream('A', a), stream('B', b))).toBe(chosen(one, stream('B', b), stream('A', a)));
      }),
    );
  });

  it('two streams get conversations in proportion to their weights', () => {
    expect(countOf('A', 10_000, stream('A'), stream('B')) / 10_000).toBeCloseTo(1 / 2, 1);
    expect(countOf('B', 10_000, stream('A', 1), stream('B', 3)) / 10_000).toBeCloseTo(3 / 4, 1);
    expect(countOf('B', 10_000, stream('A', 90), stream('B', 10)) / 10_000).toBeCloseTo(1 / 10, 1);
  });

  it('a stream with weight 0 gets none, and ids of the others stay where they were', () => {
    fc.assert(
      fc.property(id, weight, weight, (one, a, b) => {
        const before = chosen(one, stream('A', a), stream('B', b));
        expect(chosen(one, stream('A', 0), stream('B', b))).toBe('B');
        if (before === 'B') expect(chosen(one, stream('A', 0), stream('B', b), stream('C', 0))).toBe('B');
      }),
    );
    expect(chosen('c1', stream('A', 0), stream('B', 0))).toBeUndefined();
  });

  it('when a stream is added, ids move to it only, and about as many as its part', () => {
    fc.assert(
      fc.property(id, weight, weight, weight, (one, a, b, c) => {
        const two = [stream('A', a), stream('B', b)];
        const after = chosen(one, ...two, stream('C', c));
        expect([chosen(one, ...two), 'C']).toContain(after);
      }),
    );
    expect(countOf('B', 10_000, stream('A'), stream('B')) / 10_000).toBeCloseTo(0.5, 1);
    expect(countOf('C', 10_000, stream('A'), stream('B'), stream('C')) / 10_000).toBeCloseTo(1 / 3, 1);
  });

  it('when a stream gets more weight, ids move to it only', () => {
    fc.assert(
      fc.property(id, weight, weight, weight, (one, a, b, more) => {
        if (chosen(one, stream('A', a), stream('B', b)) === 'A')
          expect(chosen(one, stream('A', a + more), stream('B', b))).toBe('A');
      }),
    );
  });
});

describe('ROUTER_NATS_STREAMS', () => {
  it('names each stream with the address of its routers, and perhaps a weight', () => {
    expect(streamsIn('PARLEY_A=https://a.example, PARLEY_B*20=http://10.0.0.1:8765/')).toEqual([
      { name: 'PARLEY_A', weight: 1, url: 'https://a.example' },
      { name: 'PARLEY_B', weight: 20, url: 'http://10.0.0.1:8765' },
    ]);
  });

  it.each([
    ['A', /expected NAME=URL/],
    ['A=https://a.example,', /expected NAME=URL/],
    ['A=ftp://a.example', /expected NAME=URL/],
    ['A=https://a.example/path', /expected NAME=URL/],
    ['A=https://user:pass@a.example', /expected NAME=URL/],
    ['A*1000=https://a.example', /expected NAME=URL/],
    ['A=https://a.example,A=https://b.example', /A is there twice/],
    ['A*0=https://a.example', /no stream takes new conversations/],
  ])('%s is refused', (text, problem) => {
    expect(streamsIn(text)).toMatchObject({ problem: expect.stringMatching(problem) });
    expect(() => dividedStreams({ natsStream: 'A', natsStreams: text })).toThrow('ROUTER_NATS_STREAMS');
  });

  it('must have the stream of the router itself', () => {
    const natsStreams = 'A=https://a.example,B=https://b.example';
    expect(dividedStreams({ natsStream: 'B', natsStreams })?.own).toBe('B');
    expect(() => dividedStreams({ natsStream: 'C', natsStreams })).toThrow(
      'ROUTER_NATS_STREAMS: has no C, which is the stream of this router (ROUTER_NATS_STREAM)',
    );
    expect(dividedStreams({ natsStream: 'C', natsStreams: undefined })).toBeUndefined();
  });
});
