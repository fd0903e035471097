import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PolicyName, policyNames } from '@parley/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { policies } from '../../src/core/policies/policies.ts';
import { definePolicy, type Policy } from '../../src/core/policies/policy.ts';
import { granted, limits, Talk } from './talk.ts';

const table = policies as Record<string, Policy>;
const name = 'relay' as PolicyName;
const core = join(import.meta.dirname, '../../src/core');

afterEach(() => delete table[name]);

/** A conversation of ann, bob and cid under a policy that only this test knows. */
const under = (own: Parameters<typeof definePolicy>[0], more: object = {}) => {
  table[name] = definePolicy(own);
  return new Talk({ members: ['ann', 'bob', 'cid'], policy: name, limits: limits(more) });
};
const toCid: Policy['floorAfter'] = () => ({ names: ['cid'] });

describe('A policy that a test adds to the table', () => {
  it('a policy defines the first speaker with opensWith and the next one with floorAfter', () => {
    const talk = under({ opensWith: ({ by }) => (by === 'ann' ? 'bob' : by), floorAfter: toCid });
    expect(talk.floor).toEqual(['bob']);
    talk.say();
    expect(talk.floor).toEqual(['cid']);
  });

  it('a policy defines with mayClose whose single vote ends the conversation', () => {
    const talk = under({
      floorAfter: toCid,
      mayClose: (_, member) => (member === 'cid' ? 'timekeeper' : undefined),
    });
    talk.say('I am done', { done: true });
    expect(talk.ending).toBeUndefined();
    talk.say('We are done', { done: true });
    expect(talk.last).toMatchObject({ reason: 'agreed', detail: 'closed by the timekeeper' });
  });

  it('a policy defines with requiresTarget and addressee which member a message addresses', () => {
    const floorAfter: Policy['floorAfter'] = (_, { target }) => ({ names: [target ?? 'ann'] });
    const strict = under({ requiresTarget: true, floorAfter });
    expect(strict.say()).toMatchObject({ kind: 'refuse', code: 'bad-target' });
    expect(strict.say('hello', { target: 'cid' }).kind).toBe('append');
    expect(strict.floor).toEqual(['cid']);
    const helpful = under({ requiresTarget: true, addressee: () => 'bob', floorAfter });
    helpful.say();
    expect(helpful.last).toMatchObject({ from: 'ann', target: 'bob', floor: ['bob'] });
  });

  it('a policy defines with settleBids which member wins a round of bids, or that none wins', () => {
    const lowest: Policy['settleBids'] = (_, bids) =>
      bids.filter(({ score }) => score > 0).sort((a, b) => a.score - b.score)[0]?.member;
    const floorAfter: Policy['floorAfter'] = () => ({ names: ['bob', 'cid'], bidding: true });
    const round = (scores: readonly number[]): Talk => {
      const talk = under({ floorAfter, settleBids: lowest });
      talk.say();
      for (const [index, turn] of (talk.state?.floor ?? []).entries())
        talk.do({ type: 'bid', from: turn.member, ...granted(turn), score: scores[index] as number });
      return talk;
    };
    expect(round([90, 10]).floor).toEqual(['cid']);
    expect(round([10, 90]).floor).toEqual(['bob']);
    expect(round([0, 0]).ending).toBe('agreed');
  });

  it('a policy defines with allowsUnsolicited whether a member may speak without a turn', () => {
    const speak = (talk: Talk) => talk.do({ type: 'say', from: 'bob', text: 'may I?' });
    expect(speak(under({ floorAfter: toCid }))).toMatchObject({ kind: 'refuse', code: 'not-your-turn' });
    expect(speak(under({ allowsUnsolicited: true, floorAfter: toCid })).kind).toBe('append');
  });

  it('a policy defines with asksOthers which members are asked after a vote', () => {
    const floorAfter: Policy['floorAfter'] = () => ({ names: ['bob'] });
    const usual = under({ floorAfter });
    usual.say('done', { done: true });
    expect(usual.floor).toEqual(['bob']);
    const wide = under({ floorAfter, asksOthers: () => true });
    wide.say('hello');
    wide.say('done', { done: true });
    expect(wide.floor).toEqual(['cid']);
  });
});

describe('The core outside core/policies', () => {
  const sources = globSync('**/*.ts', { cwd: core }).filter((path) => !path.startsWith('policies'));
  const named = (code: string): string[] => {
    // `open` is also a command and an admission, so it is only searched for beside the word policy.
    const words = policyNames.filter((word) => word !== 'open').join('|');
    const names = code.match(new RegExp(`(?<!\\[)['"\`](?:${words})['"\`]`, 'g')) ?? [];
    return [...names, ...(code.match(/policy\)?\s*(?:[!=]==?\s*|\]?\s*\.startsWith\()['"`]\w+/g) ?? [])];
  };

  it('the core outside core/policies names no policy', () => {
    expect(sources.length).toBeGreaterThan(10);
    const found = sources.flatMap((path) =>
      named(readFileSync(join(core, path), 'utf8')).map((match) => `${path}: ${match}`),
    );
    expect(found).toEqual([]);
  });

  it('the search for names of policies in the core finds a name', () => {
    expect(named("if (state.policy === 'open') return;")).toHaveLength(1);
    expect(named("const needsTarget = policy !== 'addressed';")).not.toEqual([]);
    expect(named("type A = Conversation['addressed'];")).toEqual([]);
  });
});
