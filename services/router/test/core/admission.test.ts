import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import { Talk } from './talk.ts';

const refusal = (code: string, message: string) => ({ kind: 'refuse', code, message });
const talkOf = (more: ConstructorParameters<typeof Talk>[0] = {}) =>
  new Talk({ policy: 'round-robin', members: ['ann', 'bob', 'cid'], ...more });

describe('a command of a name that is no member', () => {
  const notMember = refusal('not-a-member', 'zoe is not a member');
  const ended = refusal('conversation-ended', 'it has ended');

  it.each([
    [{ type: 'say', from: 'zoe', text: 'Hi.' }, notMember],
    [
      { type: 'say', from: 'zoe', text: 'Hi.', turn: 1, attempt: 1 },
      refusal('not-your-turn', "turn 1 is not zoe's"),
    ],
    [
      { type: 'pass', from: 'zoe', turn: 1, reason: 'declined' },
      refusal('not-your-turn', "turn 1 is not zoe's"),
    ],
    [{ type: 'bid', from: 'zoe', turn: 9, score: 1 }, refusal('not-your-turn', "turn 9 is not zoe's")],
    [{ type: 'leave', who: 'zoe' }, notMember],
    [{ type: 'summarise', who: 'zoe', through: 1, text: 'So far.' }, notMember],
    [
      { type: 'join', who: 'zoe' },
      refusal(
        'forbidden',
        'an agent joins this conversation when a member addresses it or an operator invites it',
      ),
    ],
  ] as const)('%j is refused, and reveals only that it has ended when it has', (command, refused) => {
    const talk = talkOf();
    expect(talk.do(command as Command)).toEqual(refused);
    talk.do({ type: 'end', by: 'ops' });
    expect(talk.do(command as Command)).toEqual(command.type === 'join' ? refused : ended);
  });
});

describe('an answer that is repeated by a member that has left', () => {
  it('a repeated pass is told the entry that was accepted', () => {
    const talk = talkOf();
    const pass = { type: 'pass', from: 'ann', turn: 1, attempt: 1, reason: 'declined' } as const;
    talk.do(pass);
    talk.do({ type: 'leave', who: 'ann' });
    expect(talk.do(pass)).toMatchObject({ kind: 'repeat', seq: 2 });
    expect(talk.do({ ...pass, turn: 2 })).toEqual(refusal('not-your-turn', "turn 2 is not ann's"));
  });

  it('a repeated bid is told the entry that was accepted', () => {
    const talk = talkOf({ policy: 'volunteer' });
    talk.say();
    const { member, number } = talk.state?.floor.find(({ wanted }) => wanted === 'bid') ?? {
      ...{ member: '', number: 0 },
    };
    const bid = { type: 'bid', from: member, turn: number, attempt: 1, score: 5 } as const;
    talk.do(bid);
    talk.do({ type: 'leave', who: member });
    expect(talk.do(bid)).toMatchObject({ kind: 'repeat', seq: 3 });
  });
});
