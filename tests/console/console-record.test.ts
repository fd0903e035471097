import type { Entry, Limits } from '@parley/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

// The page is JavaScript that no build step touches, so it is loaded as the browser loads it.
const { evolve, Transcript } = await import(new URL('../../apps/console/record.js', import.meta.url).href);
const { stateOf } = await import(new URL('../../apps/console/page.js', import.meta.url).href);

type Known = { status: string; floor: string[] };
const limits: Limits = {
  ...{
    maxTurns: 4,
    maxDurationMs: 0,
    stopPhrases: [],
    maxAttempts: 3,
    onFailure: 'end',
    turnDeadlineMs: 1_000,
  },
};
const usage = { inputTokens: 10, outputTokens: 2 };
const entries: Entry[] = [
  {
    type: 'opened',
    seq: 1,
    at: 1_000,
    by: 'a',
    members: ['a', 'b'],
    policy: 'addressed',
    limits,
    floor: ['a'],
  },
  { type: 'said', seq: 2, at: 3_000, turn: 1, from: 'a', text: 'one', usage, floor: ['b'] },
  { type: 'lapsed', seq: 3, at: 4_000, turn: 2, from: 'b', cause: 'empty-reply', usage, cost: 0.5 },
  { type: 'passed', seq: 4, at: 5_000, turn: 2, from: 'b', reason: 'declined', usage, floor: ['a'] },
  { type: 'joined', seq: 5, at: 6_000, who: 'c' },
  { type: 'paused', seq: 6, at: 7_000, by: 'operator' },
  { type: 'resumed', seq: 7, at: 8_000, by: 'operator' },
  { type: 'said', seq: 8, at: 9_000, turn: 3, from: 'a', text: 'two', usage, floor: ['b'] },
  { type: 'left', seq: 9, at: 10_000, who: 'b', floor: ['c'] },
  { type: 'ended', seq: 10, at: 11_000, reason: 'operator', detail: 'enough' },
];

describe('what the console knows of a conversation', () => {
  it('follows from its entries', () => {
    const states = entries.map((_, index) =>
      entries.slice(0, index + 1).reduce<Known>((known, entry) => evolve(known, 'id', entry), undefined!),
    );
    expect(states.map(({ status }) => status)).toEqual([
      ...Array(5).fill('running'),
      'paused',
      ...Array(3).fill('running'),
      'ended',
    ]);
    expect(states.map(({ floor }) => floor.join())).toEqual([
      'a',
      'b',
      'b',
      'a',
      'a',
      'a',
      'a',
      'b',
      'c',
      '',
    ]);
    expect(states.at(-1)).toMatchObject({
      ...{ id: 'id', by: 'a', members: ['a', 'c'], turns: 3, seq: 10, startedAt: 1_000, endedAt: 11_000 },
      usage: { inputTokens: 40, outputTokens: 8, cost: 0.5 },
      ending: { reason: 'operator', detail: 'enough' },
    });
  });

  it('is not changed by an entry that is known, and is unknown after one that is missing', () => {
    const [opened, said, lapsed] = entries;
    const two = evolve(evolve(undefined, 'id', opened), 'id', said);
    expect(evolve(two, 'id', said)).toBe(two);
    expect(evolve(two, 'id', opened)).toBe(two);
    expect(evolve(evolve(undefined, 'id', opened), 'id', lapsed)).toBeUndefined();
    expect(evolve(undefined, 'id', said)).toBeUndefined();
  });
});

describe('the transcript of the console', () => {
  it('is in the order of the ledger, once each, however the entries come', () => {
    const shuffled = fc.shuffledSubarray([...entries, ...entries], { minLength: 2 * entries.length });
    fc.assert(
      fc.property(shuffled, (coming) => {
        const transcript = new Transcript();
        for (const entry of coming) transcript.add(entry);
        expect(transcript.entries).toEqual(entries);
        expect(transcript.complete).toBe(entries.length);
      }),
      { seed: 1 },
    );
  });

  it('knows up to where it is complete', () => {
    const transcript = new Transcript();
    for (const seq of [1, 2, 4]) transcript.add(entries[seq - 1]);
    expect(transcript.complete).toBe(2);
    transcript.add(entries[2]);
    expect(transcript.complete).toBe(4);
  });

  it('knows what a reply took', () => {
    const transcript = new Transcript();
    for (const entry of entries) transcript.add(entry);
    expect(entries.map((entry) => transcript.tookMs(entry))).toEqual([
      undefined,
      2_000,
      ...Array(5).fill(undefined),
      1_000,
      undefined,
      undefined,
    ]);
    expect(transcript.meanReplyMs).toBe(1_500);
  });

  it('holds what is being written until the turn is over, and no longer', () => {
    const transcript = new Transcript();
    transcript.write({ turn: 1, from: 'a', text: 'on' });
    transcript.write({ turn: 1, from: 'a', text: 'e' });
    transcript.write({ turn: 2, from: 'b', text: 't' });
    expect([...transcript.drafts]).toEqual([
      [1, { from: 'a', text: 'one' }],
      [2, { from: 'b', text: 't' }],
    ]);
    transcript.add(entries[1]);
    expect([...transcript.drafts.keys()]).toEqual([2]);
    transcript.add(entries[2]);
    expect(transcript.drafts.size).toBe(0);
  });
});

describe('members with the names of properties that every object has', () => {
  const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'];

  it.each(names)('has %s do what it does, and no more', (name) => {
    // As the router's JSON comes to the page: plain objects.
    const conversation = (more: object) => ({ floor: [name], waiting: {}, seats: {}, votes: [], ...more });
    expect(stateOf(conversation({}), name)).toBe('has the floor');
    expect(stateOf(conversation({ floor: [] }), name)).toBe('');
    const waiting = JSON.parse(`{"${name}":"absent"}`);
    expect(stateOf(conversation({ waiting }), name)).toBe('waits: not connected');
    expect(stateOf(conversation({ waiting: { [name]: 'toString' } }), name)).toBe('waits: toString');
    const seats = JSON.parse(`{"${name}":"operator"}`);
    expect(stateOf(conversation({ seats }), name)).toBe('has the floor · operator speaks for it');
  });

  it.each(names)('takes and gives back the seat of %s', (name) => {
    const opened = evolve(undefined, 'id', { ...entries[0], members: ['a', name] });
    expect(Object.hasOwn(opened.seats, name)).toBe(false);
    const seated = evolve(opened, 'id', { type: 'seated', seq: 2, at: 0, who: name, by: 'op' });
    expect(Object.entries(seated.seats)).toEqual([[name, 'op']]);
    const given = evolve(seated, 'id', { type: 'unseated', seq: 3, at: 0, who: name, by: 'op' });
    expect(Object.entries(given.seats)).toEqual([]);
  });
});
