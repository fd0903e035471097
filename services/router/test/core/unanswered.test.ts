import { endings, groupOfEnding } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { agentReader, visible } from '../../src/core/visibility.ts';
import { granted, limits, Talk } from './talk.ts';

const members = ['ann', 'bob', 'cy'];
const turnOf = (talk: Talk, name: string) => {
  const turn = talk.state?.floor.find(({ member }) => member === name);
  if (!turn) throw new Error(`${name} does not have the floor`);
  return granted(turn);
};
const say = (talk: Talk, from: string, target?: string) =>
  talk.do({ type: 'say', from, text: `I am ${from}.`, target, ...turnOf(talk, from) });

describe('the ending of a conversation', () => {
  it('the ending of a conversation names the member that was addressed and has never answered', () => {
    const talk = new Talk({ members });
    say(talk, 'ann', 'bob');
    say(talk, 'bob', 'cy');
    talk.do({ type: 'end', by: 'op' });
    expect(talk.entries.at(-1)).toMatchObject({ type: 'ended', unanswered: ['cy'] });
    expect(talk.state?.status).toMatchObject({ unanswered: ['cy'] });
  });

  it('the ending of a conversation also names the addressee of the last message', () => {
    const talk = new Talk({ members, limits: limits({ maxTurns: 1 }) });
    say(talk, 'ann', 'bob');
    expect(talk.entries.at(-1)).toMatchObject({ reason: 'max-turns', unanswered: ['bob'] });
  });

  it('the ending of a conversation names no member that was never asked or has answered once', () => {
    const talk = new Talk({ members });
    say(talk, 'ann', 'bob');
    say(talk, 'bob', 'ann');
    talk.do({ type: 'end', by: 'op' });
    expect(talk.entries.at(-1)).not.toHaveProperty('unanswered');
  });

  it('a pass by choice counts as an answer at the ending, and a pass after a failure does not', () => {
    const failing = limits({ maxAttempts: 1, onFailure: 'skip' });
    const talk = new Talk({ members, policy: 'round-robin', limits: failing });
    talk.do({ type: 'pass', from: 'ann', reason: 'declined', ...turnOf(talk, 'ann') });
    talk.do({ type: 'pass', from: 'bob', reason: 'model-unavailable', ...turnOf(talk, 'bob') });
    say(talk, 'cy');
    talk.do({ type: 'end', by: 'op' });
    expect(talk.entries.at(-1)).toMatchObject({ unanswered: ['bob'] });
  });

  it('the unanswered members are shown only to operators, because a message to them may have been private', () => {
    const talk = new Talk({ members });
    talk.do({ type: 'say', from: 'ann', text: 'psst', target: 'bob', to: ['bob'], ...turnOf(talk, 'ann') });
    talk.do({ type: 'end', by: 'op' });
    const ended = talk.entries.at(-1)!;
    expect(ended).toMatchObject({ unanswered: ['bob'] });
    expect(visible(talk.state!, agentReader('cy'), ended)).not.toHaveProperty('unanswered');
    expect(visible(talk.state!, { kind: 'overseer' }, ended)).toEqual(ended);
  });
});

describe('the groups of endings', () => {
  it('the groups of endings distinguish a settled conversation from one that a limit has ended', () => {
    expect(Object.keys(groupOfEnding).sort()).toEqual([...endings].sort());
    expect(groupOfEnding.agreed).toBe('settled');
    expect(groupOfEnding['max-turns']).toBe('bounded');
    expect(groupOfEnding.operator).toBe('stopped');
    expect(groupOfEnding.failed).toBe('failed');
  });
});
