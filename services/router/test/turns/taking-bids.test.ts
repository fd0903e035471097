import { describe, expect, it } from 'vitest';
import type { Commit, Conversations, OnResult, Outcome } from '../../src/conversations/conversations.ts';
import { type Answer, Bids } from '../../src/turns/bids.ts';

const bid = (more: Partial<Answer> = {}): Answer =>
  ({ type: 'bid', from: 'bob', turn: 2, attempt: 1, score: 5, ...more }) as Answer;

/** Bids for a conversation `c1` in which bob and cid are to bid, and the commands that are submitted. */
const bidding = (more: { floor?: object[]; seats?: string[] } = {}) => {
  const state = {
    id: 'c1',
    seats: new Set(more.seats),
    floor: more.floor ?? [
      { number: 2, member: 'bob', wanted: 'bid' },
      { number: 3, member: 'cid', wanted: 'bid' },
    ],
  };
  const submitted: { readonly id: string; readonly command: Answer; readonly onResult: OnResult }[] = [];
  const conversations = {
    get: (id: string) => (id === 'c1' ? state : undefined),
    submit: (id: string, command: Answer, onResult: OnResult) => submitted.push({ id, command, onResult }),
  };
  const bids = new Bids(conversations as unknown as Conversations);
  const told: (readonly [string, Outcome])[] = [];
  const take = (answer: Answer, conversation = 'c1') =>
    bids.take(conversation, answer, (outcome) => told.push([answer.from, outcome]));
  const commit = () => bids.onCommit({ after: state } as unknown as Commit);
  return { state, bids, take, commit, submitted, told };
};
const done = { kind: 'done', seq: 9, turn: 2 } as unknown as Outcome;

describe('an answer that bids take', () => {
  it('a bid of a member that is to bid is taken, and so is a pass that is no failure', () => {
    const passed = { type: 'pass', reason: 'nothing-to-say' } as Partial<Answer>;
    for (const answer of [bid(), bid(passed), bid({ from: 'cid', turn: 3 })])
      expect(bidding().take(answer)).toBe(true);
  });

  it.each<[string, Answer, Parameters<typeof bidding>[0]?, string?]>([
    ['without a grant', bid({ attempt: undefined })],
    ['of a member in whose seat an operator sits', bid(), { seats: ['bob'] }],
    ['that is a failure', bid({ type: 'pass', reason: 'model-unavailable' } as Partial<Answer>)],
    ['for the turn of another member', bid({ turn: 3 })],
    ['for a turn that is not open', bid({ turn: 7 })],
    ['of a member that has no turn', bid({ from: 'eve' })],
    ['in a conversation that is not known', bid(), {}, 'c9'],
    ['to a turn that wants a message', bid(), { floor: [{ number: 2, member: 'bob' }] }],
  ])('an answer %s is not taken, and nothing of it is held', (_what, answer, more, conversation) => {
    const { bids, take, submitted, told } = bidding(more);
    expect(take(answer, conversation)).toBe(false);
    expect(bids.holds(conversation ?? 'c1', answer.turn as number)).toBe(false);
    expect([submitted, told]).toEqual([[], []]);
  });

  it('no bid is taken after the router has begun to stop', () => {
    const { bids, take } = bidding();
    bids.leave();
    expect(take(bid())).toBe(false);
  });
});

describe('a bid that is taken', () => {
  it('the first bid of the floor is submitted at once, and a later one is held until those before it are there', () => {
    const { bids, take, submitted, told } = bidding();
    take(bid({ from: 'cid', turn: 3 }));
    expect([submitted.length, bids.holds('c1', 3), bids.holds('c1', 2)]).toEqual([0, true, false]);
    take(bid());
    expect(submitted.map(({ id, command }) => [id, command.from])).toEqual([
      ['c1', 'bob'],
      ['c1', 'cid'],
    ]);
    submitted[0]?.onResult(done);
    expect([bids.holds('c1', 2), bids.holds('c1', 3)]).toEqual([false, true]);
    submitted[1]?.onResult(done);
    expect(bids.holds('c1', 3)).toBe(false);
    expect(told.map(([name]) => name)).toEqual(['bob', 'cid']);
  });

  it('a later bid replaces one that is held, which is told so, and none that is submitted', () => {
    const { take, submitted, told } = bidding();
    take(bid({ from: 'cid', turn: 3, score: 1 }));
    expect(take(bid({ from: 'cid', turn: 3, score: 2 }))).toBe(true);
    const message = 'a later answer has replaced this one';
    expect(told).toEqual([['cid', { kind: 'refused', code: 'stale-turn', message }]]);
    take(bid());
    expect(take(bid({ from: 'cid', turn: 3, score: 3 }))).toBe(false);
    expect(submitted.map(({ command }) => 'score' in command && command.score)).toEqual([5, 2]);
  });

  it('a commit submits each bid once: those whose turn is over, and those that are the first now', () => {
    const { state, take, commit, submitted } = bidding();
    take(bid({ from: 'cid', turn: 3 }));
    commit();
    expect(submitted).toEqual([]);
    state.floor = [{ number: 3, member: 'cid', wanted: 'bid' }];
    commit();
    commit();
    expect(submitted.map(({ command }) => command.from)).toEqual(['cid']);
    const over = bidding();
    over.take(bid({ from: 'cid', turn: 3 }));
    over.state.floor = [{ number: 2, member: 'bob', wanted: 'bid' }];
    over.commit();
    expect(over.submitted.map(({ command }) => command.from)).toEqual(['cid']);
  });

  it('a commit of a conversation without held bids submits nothing, also after all of its bids were written', () => {
    const { take, commit, submitted, bids } = bidding();
    commit();
    take(bid());
    submitted[0]?.onResult(done);
    commit();
    bids.leave();
    expect(submitted).toHaveLength(1);
  });

  it('a router that stops submits every bid that is held', () => {
    const { bids, take, submitted } = bidding();
    take(bid({ from: 'cid', turn: 3 }));
    bids.leave();
    expect(submitted.map(({ command }) => command.from)).toEqual(['cid']);
  });
});
