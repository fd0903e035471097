import { describe, expect, it } from 'vitest';
import { nextFloor } from '../../src/core/floor/next-floor.ts';
import { limits, Talk } from './talk.ts';

const members = ['ann', 'bob', 'cid', 'dan'];

describe('the floor after a vote or a pass', () => {
  const next = (talk: Talk, more: object) =>
    nextFloor(talk.state!, { kind: 'said', from: 'dan', taken: talk.state!.floor[0], done: true, ...more });

  it('a vote goes to a member that has not been asked, where the policy would ask one that has voted', () => {
    const talk = new Talk({ policy: 'round-robin', members });
    talk.say('[DONE]', { done: true });
    for (let i = 0; i < 2; i++) talk.say();
    talk.say('[DONE]', { done: true });
    // Dan and ann: a message of another had taken the vote of ann back.
    expect(talk.floor).toEqual(['ann']);
    talk.say('[DONE]', { done: true });
    expect(talk.state?.votes).toEqual(['dan', 'ann']);
    expect(talk.floor).toEqual(['bob']);
  });

  it('the members that did not vote are asked in their order behind the speaker', () => {
    const talk = new Talk({ policy: 'mention', members });
    talk.say('It rang. @cid');
    expect(next(talk, { from: 'cid' }).names).toEqual(['dan']);
    expect(next(talk, { from: 'dan' }).names).toEqual(['bob']);
  });

  it('a vote that cannot end anything leaves the floor as the policy says', () => {
    const talk = new Talk({ policy: 'mention', members, limits: limits({ quorum: 0 }) });
    talk.say('It rang. @cid');
    expect(next(talk, { from: 'cid' }).names).toEqual(['ann']);
  });

  it('a floor of no member, and one to bid for, stay as they are', () => {
    const talk = new Talk({ policy: 'open', members });
    talk.say('It rang.', { target: undefined });
    expect(next(talk, { from: 'bob', taken: undefined })).toEqual({ names: [] });
    const bidding = new Talk({ policy: 'volunteer', members });
    expect(next(bidding, { from: 'ann' })).toEqual({ names: ['bob', 'cid', 'dan'], bidding: true });
  });
});
