import type { Entry } from '@parley/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Transcript } from '../../src/memory/transcript.ts';
import { TranscriptCache } from '../../src/memory/transcript-cache.ts';
import { openedEntry, saidEntry } from '../turn-contexts.ts';

describe('a transcript', () => {
  it('a transcript is the same whatever the order of the entries is and however often they come', () => {
    const entries = [
      openedEntry(),
      ...Array.from({ length: 12 }, (_, i) => saidEntry(i + 2, i % 2 ? 'bob' : 'alice', `line ${i}`)),
    ];
    const plain = new Transcript(10_000);
    plain.merge(entries);
    fc.assert(
      fc.property(fc.shuffledSubarray([...entries, ...entries], { minLength: 26 }), (shuffled) => {
        const transcript = new Transcript(10_000);
        for (const entry of shuffled) transcript.merge([entry]);
        expect(transcript.lines).toEqual(plain.lines);
        expect(transcript.opening).toEqual(plain.opening);
      }),
      { seed: 6 },
    );
  });

  it('a transcript drops its oldest lines but not the opening, and stays bounded', () => {
    const transcript = new Transcript(1_000);
    transcript.merge([openedEntry()]);
    for (let seq = 2; seq < 5_000; seq++)
      transcript.merge([saidEntry(seq, 'alice', `line ${seq} ${'x'.repeat(90)}`)]);
    expect(transcript.lines.length).toBeLessThanOrEqual(21);
    expect(transcript.lines.at(-1)?.seq).toBe(4_999);
    expect(transcript.opening?.seq).toBe(2);
  });

  it('a transcript keeps the last line even when this line alone exceeds the limit', () => {
    const transcript = new Transcript(10);
    transcript.merge([saidEntry(2, 'alice', 'x'.repeat(30)), saidEntry(3, 'bob', 'y'.repeat(30))]);
    expect(transcript.lines.map(({ seq }) => seq)).toEqual([3]);
  });

  it('a transcript has the members, the joined members and those that have left', () => {
    const transcript = new Transcript(1_000);
    transcript.merge([
      openedEntry(),
      { type: 'joined', seq: 2, at: 0, who: 'cy' },
      { type: 'left', seq: 3, at: 0, who: 'bob', floor: [] },
    ]);
    expect(transcript.members).toEqual(['alice', 'bob', 'cy']);
    expect(transcript.left).toEqual(['bob']);
    expect(transcript.lines).toEqual([
      { kind: 'came', seq: 2, who: 'cy' },
      { kind: 'went', seq: 3, who: 'bob' },
    ]);
  });
});

describe('what a transcript knows beside the lines', () => {
  const lapse = (seq: number, turn: number, cause: 'empty-reply' | 'gone'): Entry => ({
    type: 'lapsed',
    seq,
    at: 0,
    turn,
    from: 'alice',
    cause,
  });
  const entries: Entry[] = [
    openedEntry(undefined, { cast: [{ name: 'alice', persona: 'A judge.', model: 'm1' }] }),
    { type: 'summarised', seq: 2, at: 0, who: 'alice', through: 1, text: 'Old.' },
    { type: 'recast', seq: 3, at: 0, by: 'op', role: { name: 'alice', model: 'm2' } },
    { type: 'noted', seq: 4, at: 0, by: 'op', to: ['alice'], kind: 'whisper', text: 'Psst.' },
    { type: 'summarised', seq: 5, at: 0, who: 'alice', through: 4, text: 'New.' },
    lapse(6, 3, 'gone'),
    lapse(7, 4, 'empty-reply'),
    lapse(8, 4, 'gone'),
    { ...saidEntry(9, 'bob', 'Enough.'), to: ['alice'], done: true } as Entry,
  ];

  it('the roles, limits and lapses in a transcript are the same whatever the order of the entries is and however often they come', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...entries, ...entries], { minLength: 2 * entries.length }),
        (shuffled) => {
          const transcript = new Transcript(10_000);
          for (const entry of shuffled) transcript.merge([entry]);
          expect(transcript.roleOf('alice')).toEqual({ name: 'alice', persona: 'A judge.', model: 'm2' });
          expect(transcript.roleOf('bob')).toEqual({});
          expect(transcript.summary).toEqual({ through: 4, text: 'New.' });
          expect(transcript.noted).toBe(true);
          expect([transcript.lapsesOf(3), transcript.lapsesOf(4)]).toEqual([[], ['empty-reply', 'gone']]);
          expect(transcript.lines).toEqual([
            { kind: 'note', seq: 4, about: 'whisper', text: 'Psst.' },
            { kind: 'said', seq: 9, from: 'bob', text: 'Enough.', to: ['alice'], done: true },
          ]);
        },
      ),
      { seed: 7 },
    );
  });
});

describe('the remembered conversations', () => {
  it('the cache of transcripts is bounded in number, and the least recently used one is evicted first', () => {
    const cache = new TranscriptCache(1_000);
    const conversations = cache.of('alice', { most: 2, keepLength: 100 });
    const a = conversations.use('a');
    conversations.use('b');
    expect(conversations.use('a')).toBe(a);
    conversations.use('c');
    expect([conversations.peek('a'), conversations.peek('b')]).toEqual([a, undefined]);
    expect(cache.size).toBe(2);
  });

  it('the cache of transcripts is bounded in length, whatever their number is, and the one in use stays', () => {
    const conversations = new TranscriptCache(250).of('alice', { most: 9, keepLength: 1_000 });
    const grown = (id: string, length: number) =>
      conversations.use(id).merge([saidEntry(2, 'alice', 'x'.repeat(length))]);
    grown('a', 100);
    grown('b', 100);
    grown('c', 100);
    conversations.use('d');
    expect(['a', 'b', 'c', 'd'].filter((id) => conversations.peek(id))).toEqual(['b', 'c', 'd']);
    grown('d', 900);
    conversations.use('d');
    expect(['b', 'c', 'd'].filter((id) => conversations.peek(id))).toEqual(['d']);
  });
});

describe('the conversations of several agents of one process', () => {
  const said = (seq: number) => saidEntry(seq, 'alice', 'x'.repeat(100));

  it('two agents of one conversation have a transcript each, and one that forgets it changes nothing for the other', () => {
    const cache = new TranscriptCache(1_000);
    const [ann, ben] = ['ann', 'ben'].map((name) => cache.of(name, { most: 2, keepLength: 100 }));
    ann!.use('c').merge([said(2)]);
    expect(ben!.peek('c')).toBeUndefined();
    ben!.use('c');
    ann!.forget('c');
    expect([ann!.peek('c'), ben!.peek('c')?.length]).toEqual([undefined, 0]);
  });

  it('all agents share one bound, and what an agent does not use is free for the others', () => {
    const cache = new TranscriptCache(450);
    const [ann, ben] = ['ann', 'ben'].map((name) => cache.of(name, { most: 3, keepLength: 1_000 }));
    for (const id of ['a', 'b', 'c', 'd']) ann!.use(id).merge([said(2)]);
    expect(['a', 'b', 'c', 'd'].filter((id) => ann!.peek(id))).toHaveLength(4);
    ben!.use('a').merge([said(2)]);
    ben!.use('b');
    expect(['a', 'b', 'c', 'd'].filter((id) => ann!.peek(id))).toEqual(['b', 'c', 'd']);
  });
});

describe('a grant that leaves entries out', () => {
  const omitted = {
    since: 2,
    through: 90,
    members: ['alice', 'cy'],
    role: { name: 'alice', persona: 'a judge' },
  };
  const grant: Entry[] = [
    openedEntry(),
    saidEntry(2, 'alice', 'the first'),
    saidEntry(91, 'cy', 'the newest'),
  ];

  it('a grant that leaves entries out marks the gap in the transcript and gives the present members', () => {
    const transcript = new Transcript(10_000);
    transcript.merge(grant, omitted);
    expect(transcript.lines.map(({ kind, seq }) => `${kind} ${seq}`)).toEqual([
      'said 2',
      'gap 90',
      'said 91',
    ]);
    expect(transcript.opening?.seq).toBe(2);
    expect(transcript.members).toEqual(['alice', 'bob', 'cy']);
    expect(transcript.left).toEqual(['bob']);
    expect(transcript.roleOf('alice').persona).toBe('a judge');
  });

  it('a grant that leaves out entries which the agent already has marks no gap', () => {
    const transcript = new Transcript(10_000);
    transcript.merge([
      ...grant.slice(0, 2),
      ...Array.from({ length: 88 }, (_, i) => saidEntry(i + 3, 'cy', 'x')),
    ]);
    transcript.merge(grant, omitted);
    expect(transcript.lines.map(({ kind }) => kind)).not.toContain('gap');
  });
});
