import { describe, expect, it } from 'vitest';
import { directedSoFar, readDirections } from '../../src/text/directions.ts';
import { pickIn, unpickedSoFar } from '../../src/text/next-speaker.ts';
import { cleaned, visibleSoFar } from '../../src/text/sanitise.ts';
import { contextOf } from '../turn-contexts.ts';

const members = ['chair', 'ben', 'Cay_Expert', '小明', 'สมชาย', 'أحمد'];
const chair = contextOf([], { self: 'chair', members, policy: 'moderator', moderator: 'chair' });
const cast = { self: 'chair', others: members.slice(1), maxLength: 1_000 };
const read = (raw: string) => {
  const { text, named } = cleaned(raw, cast);
  return readDirections(text, chair, named);
};

describe('a moderator', () => {
  it.each([
    ['a line NEXT', 'Welcome all.\nNEXT: Cay_Expert', 'Welcome all.', 'Cay_Expert'],
    ['an escaped name', 'Welcome all.\nNEXT: Cay\\_Expert', 'Welcome all.', 'Cay_Expert'],
    ['a line Next speaker', 'Welcome all.\nNext speaker: Cay_Expert', 'Welcome all.', 'Cay_Expert'],
    ['a line in bold', 'Welcome all.\n**Next speaker:** Cay_Expert', 'Welcome all.', 'Cay_Expert'],
    ['a name with a title', 'Welcome all.\nNEXT: Cay_Expert (the expert)', 'Welcome all.', 'Cay_Expert'],
    ['a name in quotes', 'Welcome all.\nNEXT: "Cay_Expert"', 'Welcome all.', 'Cay_Expert'],
    ['a full-width colon', '欢迎大家。\nNEXT：Cay_Expert', '欢迎大家。', 'Cay_Expert'],
    ['the end of a line', 'Welcome all. NEXT: Cay_Expert', 'Welcome all.', 'Cay_Expert'],
    ['a heading', 'Welcome all.\n### Next: Cay_Expert', 'Welcome all.', 'Cay_Expert'],
    ['a role', 'Role: Cay_Expert', '@Cay_Expert, please go on.', 'Cay_Expert'],
    ['the name alone', 'Cay_Expert', '@Cay_Expert, please go on.', 'Cay_Expert'],
    ['the name alone in bold', '**Cay_Expert**', '@Cay_Expert, please go on.', 'Cay_Expert'],
    ['speaking to it', 'Cay_Expert, what do you think?', 'Cay_Expert, what do you think?', 'Cay_Expert'],
    ['a name in front', 'Cay_Expert: what do you think?', 'what do you think?', 'Cay_Expert'],
    ['Chinese without blanks', '欢迎大家，请小明发言。', '欢迎大家，请小明发言。', '小明'],
    ['Chinese behind an @', '谢谢ben。@小明请说', '谢谢ben。@小明请说', '小明'],
    ['a Chinese direction', '谢谢。\n下一位：小明', '谢谢。', '小明'],
    ['Thai without blanks', 'ขอเชิญสมชายพูด', 'ขอเชิญสมชายพูด', 'สมชาย'],
    ['Arabic', 'ما رأيك يا أحمد؟', 'ما رأيك يا أحمد؟', 'أحمد'],
    [
      'the last sentence',
      'Thanks ben. Cay_Expert, your view?',
      'Thanks ben. Cay_Expert, your view?',
      'Cay_Expert',
    ],
    ['a line with its name as a speaker', 'Welcome.\nCay_Expert: your view?', 'Welcome.', 'Cay_Expert'],
    ['a line with its name in bold', 'Welcome.\n\n**Cay_Expert**: your view?', 'Welcome.', 'Cay_Expert'],
    ['a name with a blank', 'Cay Expert, your view?', 'Cay Expert, your view?', 'Cay_Expert'],
    ['a name with a hyphen', 'Thanks. Cay-Expert, please.', 'Thanks. Cay-Expert, please.', 'Cay_Expert'],
    [
      'the next speaker, with a reason that names another',
      'The next speaker should be Cay_Expert because ben spoke already.',
      'The next speaker should be Cay_Expert because ben spoke already.',
      'Cay_Expert',
    ],
    [
      'its turn after that of another',
      'Now that ben has spoken it is Cay_Expert’s turn.',
      'Now that ben has spoken it is Cay_Expert’s turn.',
      'Cay_Expert',
    ],
    [
      'the next speaker after another',
      'The next speaker after ben is Cay_Expert.',
      'The next speaker after ben is Cay_Expert.',
      'Cay_Expert',
    ],
    [
      'the floor, given to a name',
      'I give the floor to Cay_Expert, since ben has spoken.',
      'I give the floor to Cay_Expert, since ben has spoken.',
      'Cay_Expert',
    ],
    [
      'a name that has the floor',
      'Since ben has spoken, Cay_Expert, you have the floor.',
      'Since ben has spoken, Cay_Expert, you have the floor.',
      'Cay_Expert',
    ],
    [
      'your turn',
      'Cay_Expert — your turn, after what ben said.',
      'Cay_Expert — your turn, after what ben said.',
      'Cay_Expert',
    ],
    [
      'the next one up',
      'Next up is Cay_Expert; ben comes later.',
      'Next up is Cay_Expert; ben comes later.',
      'Cay_Expert',
    ],
    ['an @ before all plain names', 'Cay_Expert was wrong, @ben.', 'Cay_Expert was wrong, @ben.', 'ben'],
  ])('a moderator’s pick is understood when it is written as %s', (_way, raw, text, target) => {
    expect(read(raw)).toMatchObject({ text, target });
  });

  it.each([
    "That was ben's turn. Cay_Expert, what do you think?",
    "ben's turn is over. Cay_Expert, please go on.",
    'In your next turn you may reply to ben. Cay_Expert, please go on.',
    "Thanks, ben. It is Cay_Expert's turn. Please be brief.",
    'Thanks, ben. The next turn goes to Cay_Expert. Please be brief.',
  ])('a moderator gives the floor to the member that speaks next, not to that of another turn: %s', (raw) => {
    expect(read(raw)).toMatchObject({ text: raw, target: 'Cay_Expert' });
  });

  it.each([
    ['Thank you all.\nNEXT: none', 'Thank you all.'],
    ['Thank you all.\nNEXT: chair', 'Thank you all.'],
    ['Thank you all.\nNEXT: zoe', 'Thank you all.'],
    ['Thank you all.\nNEXT: all of you may answer now', 'Thank you all.'],
    ['Thank you all.\n**Next speaker:** none', 'Thank you all.'],
    ['谢谢。\n下一位: 所有人', '谢谢。'],
    ['We agree on the plan.\nNEXT: None. The discussion is complete.', 'We agree on the plan.'],
    ['Thanks.\nNEXT: none. Thank you all.', 'Thanks.'],
    ['Thanks.\nNEXT: nobody! We are done.', 'Thanks.'],
    ['We agree.\n**NEXT: no one** (the talk has ended, so that all of you may rest)', 'We agree.'],
    ['We agree.\nNEXT: none\n\nThank you all for this talk.', 'We agree.\n\nThank you all for this talk.'],
    [`We agree.\nNEXT: none. ${'The talk has ended. '.repeat(9)}`, 'We agree.'],
    ['NEXT: all\n\nPlease answer.', 'Please answer.'],
    ['NEXT: all', ''],
    ['Next: everyone', ''],
    ['Next speaker: anyone', ''],
    ['Next speaker: Dora', ''],
    ['下一位：大家', ''],
  ])('a direction that names no present member is no part of a moderator’s message: %j', (raw, text) => {
    expect(read(raw)).toEqual({ text });
    for (let end = 0; end <= raw.length; end++) {
      const shown = directedSoFar(visibleSoFar(raw.slice(0, end), cast), chair);
      expect(text.startsWith(shown), shown).toBe(true);
    }
  });

  it.each([
    'Thank you all.\nNext: what do we do?',
    'Thank you all.\nRole: mediator',
    'Thank you all.\nNext: we look at the price of tea.',
    '谢谢。\n下一位: 我们先来看看屋顶的问题。',
  ])('a line of prose after “next” stays in a moderator’s message: %j', (raw) => {
    expect(read(raw)).toEqual({ text: raw });
  });

  it.each([
    'So:\n```js\nconst last = {\n  value: 1,\n  next: null,\n};\n```\nThat is the list.',
    'So:\n```yaml\nsteps:\n  next: deploy',
    'So:\n```yaml\nnext: ben\n```\nThat is all.',
    'So:\n```yaml\nnext: ben\n```',
    '```yaml\nnext: ben\n```\nThat is all.',
    'So:\n- ```yaml\n  next: ben\n  ```\n- That is all.',
    'The plan:\n- First: the walls\n- Next: the roof\n- Last: the paint',
    'The plan:\n- First: the walls\n- Next: the roof',
    'We have seen the plan.\n\n**Next: Budget**\n\nIt is small.',
    'Thank you all.\nNEXT: We should first look at the costs of the plan. Then we vote.',
    'Thank you all.\nNEXT: we look at the costs of the plan that we made today',
    'NEXT: the costs\nThey are high.',
    'Next up: the vote.',
    'NEXT: all costs of the plan\nThey are high.',
    'NEXT: all-day events and their costs\nThey are high.',
    'So:\n```yaml\nNEXT: none. Done.\n```\nThat is all.',
  ])('a line of code, of a list or of an agenda with “next” stays in a moderator’s message: %j', (raw) => {
    expect(pickIn(raw, members.slice(1)).text).toBe(raw);
    for (let end = 0; end <= raw.length; end++) {
      const shown = directedSoFar(visibleSoFar(raw.slice(0, end), cast), chair);
      expect(raw.startsWith(shown), shown).toBe(true);
    }
  });

  it.each([
    'Next up is our expert ben, who will answer Cay_Expert.',
    'Next up we have ben, who will answer Cay_Expert.',
    'Next up will be ben, who will answer Cay_Expert.',
    'Next up - ben, who will answer Cay_Expert.',
    'I give the floor to you, ben, to answer Cay_Expert.',
    'I give the floor to our colleague ben to answer Cay_Expert.',
    'Once more I give the floor to ben, to answer Cay_Expert.',
    'Given what 小明 said I give the floor to ben.',
  ])('a moderator gives the floor in other usual words: %s', (raw) => {
    expect(read(raw)).toMatchObject({ text: raw, target: 'ben' });
  });

  it.each([
    'I give the floor to ben. ben, what do you think of the plans of Cay_Expert and 小明?',
    'ben has the floor. What about costs, ben? Cay_Expert and 小明 will follow.',
    "After Cay_Expert and 小明 it is ben's turn. ben, please. Thank you, ben.",
  ])('a later sentence to the same member does not take the floor from it: %s', (raw) => {
    expect(read(raw)).toMatchObject({ text: raw, target: 'ben' });
  });

  it.each([
    'ben gave the floor to Cay_Expert, who did not use it. ben, what now?',
    'I give the floor to Cay_Expert for a short word. What do you say then, ben?',
    'Before I give the floor to Cay_Expert, I ask for numbers. ben, please go on.',
    'ben, before Cay_Expert has the floor, give us your numbers.',
    'ben, until Cay_Expert has the floor, give us your numbers.',
    'ben, while Cay_Expert has the floor, write down your numbers.',
    'ben, once Cay_Expert has the floor, do not interrupt.',
    'ben, the shelf goes from the floor to the ceiling, as Cay_Expert said. Do you agree, ben?',
    "Since Cay_Expert has spoken it is ben's turn. The shelf goes from the floor to the ceiling.",
    'ben, next up is your answer to Cay_Expert.',
    'ben, next up is the answer to Cay_Expert.',
    'ben, you have the floor. Cay_Expert will follow.',
    'I give the floor to ben. Thank you. Cay_Expert will follow.',
    'Now next up: ben, and after that Cay_Expert.',
    'Once again ben has the floor, after Cay_Expert.',
  ])('a moderator that writes of the floor picks the member that it asks: %s', (raw) => {
    expect(read(raw)).toMatchObject({ text: raw, target: 'ben' });
  });

  it.each([
    ['Thanks.\n- ```sh\n  npm i\n  ```\n\n**Next:** ben', 'Thanks.\n- ```sh\n  npm i\n  ```'],
    ['1. ```sh\nnpm i\n   ```\nNext: ben', '1. ```sh\nnpm i\n   ```'],
    ['小明 and ben:\n```js\nfoo()\n\nNext: ben, then 小明', '小明 and ben:\n```js\nfoo()'],
    ['```\nWelcome.\nNEXT: ben\n```', '```\nWelcome.\n```'],
    ['```\nNEXT: ben\n```', '@ben, please go on.'],
  ])('a direction is found behind code in a list and in a block that is no code: %j', (raw, text) => {
    expect(read(raw)).toMatchObject({ text, target: 'ben' });
    for (let end = 0; end <= raw.length; end++) {
      const shown = directedSoFar(visibleSoFar(raw.slice(0, end), cast), chair);
      expect(text.startsWith(shown), shown).toBe(true);
    }
  });

  it.each([
    'Next up is the point Cay_Expert raised. Let us hear from ben on it.',
    'Next up is the question Cay_Expert asked. I would like ben to answer it.',
    'Next up we have the proposal Cay_Expert made. Let us hear ben first.',
    'The floor goes to the expert Cay_Expert named. That is ben.',
    'Next up is my friend Cay_Expert’s question. That is for ben.',
    'Cay_Expert and 小明 have spoken. I give the floor to our colleague ben now. Cay_Expert may wait.',
  ])('the subject of a relative clause does not get the floor: %s', (raw) => {
    expect(read(raw)).toMatchObject({ text: raw, target: 'ben' });
  });

  it.each(['ben and Cay_Expert both spoke well.', 'Who would like to go on?', 'Bending is no name.'])(
    'a moderator names no member in %j',
    (raw) => {
      expect(read(raw)).toEqual({ text: raw });
    },
  );

  it.each([' ', '\t', '\r', '\u2028', '> ', 'next ', '- ', '\n```\n', '\n- ```', 'next up is the '])(
    'a moderator’s message is searched in time also when it repeats %j',
    (part) => {
      const text = part.repeat(100_000);
      expect(pickIn(text, members).target).toBeUndefined();
      expect(text.trim().startsWith(unpickedSoFar(text, members))).toBe(true);
    },
  );
});
