import type { Entry } from '@parley/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Transcript } from '../src/model/transcript.ts';

const said = (seq: number, turn: number): Entry => ({
  ...{ type: 'said', seq, at: seq * 1_000, turn, from: 'a', text: `text ${seq}`, floor: ['b'] },
});
const bid = (seq: number, from: string): Entry => ({ type: 'bid', seq, at: seq, turn: seq, from, score: 5 });

describe('The transcript of the console', () => {
  it('the transcript has each entry once at its place, in whatever order they come', () => {
    const entries = Array.from({ length: 12 }, (_, i) => said(i + 1, i + 1));
    const shuffled = fc.shuffledSubarray([...entries, ...entries], { minLength: 24 });
    fc.assert(
      fc.property(shuffled, (coming) => {
        const transcript = new Transcript();
        for (const entry of coming) transcript.add(entry);
        expect(transcript.count).toBe(12);
        expect(
          entries.every(
            (entry) => transcript.entry(entry.seq) === coming.find(({ seq }) => seq === entry.seq),
          ),
        ).toBe(true);
      }),
      { seed: 1 },
    );
  });

  it('the transcript finds the narrowest missing range', () => {
    const transcript = new Transcript();
    transcript.count = 10;
    for (const seq of [1, 2, 5, 9]) transcript.add(said(seq, seq));
    expect(transcript.missing(1, 10)).toEqual({ first: 3, last: 10 });
    expect(transcript.missing(1, 5)).toEqual({ first: 3, last: 4 });
    expect(transcript.missing(1, 2)).toBeUndefined();
    expect(transcript.missing(11, 20)).toBeUndefined();
  });

  it('the transcript puts the bids of a round into the row of the first one', () => {
    const transcript = new Transcript();
    for (const entry of [said(1, 1), bid(2, 'a'), bid(3, 'b'), said(4, 2), bid(5, 'b')])
      transcript.add(entry);
    expect([1, 2, 3, 4, 5].map((seq) => transcript.bidsFrom(seq)?.length)).toEqual([
      undefined,
      2,
      undefined,
      undefined,
      1,
    ]);
  });

  it('the transcript keeps a reply until its turn is over, and marks one without its beginning', () => {
    const transcript = new Transcript();
    transcript.write({ turn: 1, from: 'a', text: 'on' });
    transcript.write({ turn: 1, from: 'a', text: 'e' });
    transcript.write({ turn: 2, from: 'b', text: 'second half', offset: 12 });
    expect(transcript.drafts).toEqual([
      { turn: 1, from: 'a', text: 'one', cut: false },
      { turn: 2, from: 'b', text: 'second half', cut: true },
    ]);
    transcript.add(said(1, 1));
    expect(transcript.drafts.map(({ turn }) => turn)).toEqual([2]);
  });

  it('the transcript has a complete reply when the router sends it from the beginning, once or twice', () => {
    const transcript = new Transcript();
    transcript.write({ turn: 1, from: 'a', text: 'lost', offset: 9 });
    transcript.write({ turn: 1, from: 'a', text: 'from the lost', offset: 0 });
    transcript.write({ turn: 1, from: 'a', text: 'lost and found', offset: 9 });
    expect(transcript.drafts).toEqual([{ turn: 1, from: 'a', text: 'from the lost and found', cut: false }]);
  });
});
