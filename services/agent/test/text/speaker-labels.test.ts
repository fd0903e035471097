import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleaned, isComplete, sanitise, visibleSoFar } from '../../src/text/sanitise.ts';

const names: Record<string, readonly [self: string, other: string]> = {
  English: ['Ann', 'Ben'],
  German: ['Jörg', 'Zoë'],
  Chinese: ['小明', '小红'],
  Japanese: ['花子', 'たろう'],
  Korean: ['민수', '지영'],
  Arabic: ['أحمد', 'ليلى'],
  Hebrew: ['דוד', 'רות'],
  Thai: ['สมชาย', 'มาลี'],
  'with marks': ['cay_expert', 'x.2-y'],
};
const words: Record<string, readonly [own: string, others: string]> = {
  English: ['I agree with that.', 'No, I do not.'],
  Chinese: ['我同意。', '我不同意。'],
  Arabic: ['أوافق على ذلك.', 'لا أوافق؟'],
};

const label = (name: string): readonly string[] => [
  `${name}: `,
  `${name}：`,
  `**${name}:** `,
  `**${name}**: `,
  `[${name}] `,
  `[${name}]: `,
  `**[${name}]** `,
  `> ${name}: `,
  `${name.toUpperCase()}: `,
  `${name} (thinking): `,
  `**${name} (thinking):** `,
  `**${name}** *(smiles)*: `,
  `[${name}] (thinking): `,
  `${name}（笑）：`,
  `— ${name}: `,
  `(${name}): `,
  `"${name}": `,
  `<${name}> `,
  `【${name}】`,
  `「${name}」：`,
  `🙂 ${name}: `,
  `${name} 🙂: `,
  `[12:05] ${name}: `,
  `${name}∶ `,
  `**${name}**\n`,
  `## ${name}\n`,
];

describe.each(Object.entries(names))('a reply of a speaker whose name is %s', (_language, [self, other]) => {
  const cast = { self, others: [other], maxLength: 1_000 };

  describe.each(Object.entries(words))('in %s', (_script, [own, theirs]) => {
    it('a reply loses the own name before it, in every form', () => {
      for (const mark of label(self)) expect(sanitise(`${mark}${own}`, cast), mark).toBe(own);
    });

    it('a reply loses the name of another member before it, and keeps its text', () => {
      for (const mark of label(other)) {
        expect(cleaned(`${mark}${own}`, cast), mark).toMatchObject({ text: own, named: other });
      }
    });

    it('a reply ends where it continues for another member', () => {
      for (const mark of label(other)) {
        expect(sanitise(`${own}\n\n${mark}${theirs}\n${self}: ${own}`, cast), mark).toBe(own);
      }
    });

    it('a reply that is a dialogue beginning with another member is read from the own name on', () => {
      expect(sanitise(`${other}: ${theirs}\n${self}: ${own}`, cast)).toBe(own);
    });

    it('the streamed part of a reply with names is a prefix of the final one, however it is streamed and wherever it is truncated', () => {
      const piece = fc.oneof(
        fc.constantFrom(...label(self), ...label(other), 'User: ', own, theirs, '\n', ' ', '[DONE]'),
        fc.string({ maxLength: 3 }),
      );
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, cutOff) => {
          const raw = pieces.join('');
          const { text } = cleaned(raw, cast, cutOff);
          for (let end = 0; end <= raw.length; end++) {
            expect(text.startsWith(visibleSoFar(raw.slice(0, end), cast))).toBe(true);
          }
        }),
        { seed: 61, numRuns: 40 },
      );
    });
  });
});

describe('a label', () => {
  const cast = { self: 'ann', others: ['ben'], maxLength: 1_000 };

  it.each(['User', 'Human', 'Assistant'])(
    'the label of a role, %s, ends the reply at the start of a line',
    (role) => {
      expect(sanitise(`I agree.\n\n${role}: No.`, cast)).toBe('I agree.');
      expect(sanitise(`I agree: every ${role}: agrees.`, cast)).toBe(`I agree: every ${role}: agrees.`);
    },
  );

  it.each(['[ann to ben] ', 'ann -> ben: ', 'Ann to Ben: ', '[ann → ben]: ', 'ann to all: '])(
    'a label may name the addressee: %j',
    (mark) => {
      expect(sanitise(`${mark}I agree.`, cast)).toBe('I agree.');
    },
  );

  it.each(['Cay Expert: ', 'Cay-Expert: ', '**cay expert:** ', 'Cay\\_Expert: '])(
    'a label may write a name with other marks between its words: %j',
    (mark) => {
      const rules = { self: 'ann', others: ['Cay_Expert'], maxLength: 1_000 };
      expect(sanitise(`I agree.\n${mark}No.`, rules)).toBe('I agree.');
    },
  );

  it('a label may be the own name alone on the first line', () => {
    expect(sanitise('ann\nI agree.', cast)).toBe('I agree.');
    expect(sanitise('I agree, says\nann\nwho knows.', cast)).toBe('I agree, says\nann\nwho knows.');
  });

  it('a name on the last line is a part of the message', () => {
    expect(sanitise('I ask you,\n**Ben**', cast)).toBe('I ask you,\n**Ben**');
    expect(sanitise('**Ben**', cast)).toBe('**Ben**');
  });

  it.each(['### Instruction:', '### Input:', '### Response:'])(
    'the heading of a chat template ends the reply: %s',
    (heading) => {
      expect(sanitise(`I agree.\n\n${heading}\nNo.`, cast)).toBe('I agree.');
      expect(sanitise('### Response:\nI agree.', cast)).toBe('I agree.');
    },
  );

  it.each([
    'So far:\n- Ben: tea\n- Ann: coffee',
    'So far:\n1. Ben: tea\n2. Ann: coffee',
    '@ben: do you agree?',
    'Ben (or was it Ann?) said so. That is all: tea.',
    'Response: none.',
    'Note: this stays.',
    'https://x.org is it.',
    'Ben, you are right.',
    '12:30 is fine.',
    'I asked ben: why?',
    'What each of us wants:\n* Ben: tea\n* Ann: coffee\nI can live with both.',
    'So far:\n*   **Ben:** tea\n+ Ann: coffee',
    'Here we are:\n* **Ben**\n* **Ann**\nThat is all.',
    'Roles:\n* User: may read\n* Admin: may write',
    'Roles:\nUser (read only): may read',
    '```json\n{\n  "user": "ann",\n  "Ben": 4\n}\n```\nThat is the file.',
    'The file:\n```xml\n<user>\n<Ben>\n```',
    'The form is this:\n<user>@<host>',
    'The task:\n\n### Input:\nA number n.\n\n### Output:\nIts square.',
    'The API:\n\n### Request:\nGET /x\n\n### Response:\n200 and a text.',
    'The API is small.\n\n### Request:\nGET it.\n\n### Response:\n200 and a text.',
    'So far:\n\n**Ben**\nwants tea.\n\n**Ann**\nwants coffee.\n\nI agree with both.',
    'So far:\n\n### Ben\nwants tea.\n\n### Ann\nwants coffee.\n\nI agree with both.',
    'The log:\n(user): root\n"user": root',
  ])('there is no label in %j', (text) => {
    expect(sanitise(text, cast)).toBe(text);
    for (let end = 0; end <= text.length; end++) {
      expect(text.startsWith(visibleSoFar(text.slice(0, end), cast))).toBe(true);
      expect(isComplete(text.slice(0, end), cast)).toBe(false);
    }
  });

  it.each([
    ['**Ann**\nI agree.\n\n**Ben**\nNo.\n\n**Ann**\nYes.', 'I agree.'],
    ['**Ben**\nNo.\n\n**Ann**\nYes.', 'Yes.'],
    ['I agree.\n\n**Ben**\nNo.\n\nAnn: Yes.', 'I agree.'],
    ['**Ann**\nSo far:\n\n**Ben**\nwants tea.', 'So far:\n\n**Ben**\nwants tea.'],
  ])('a name alone on its line is a label in a dialogue with the own name: %j', (raw, text) => {
    expect(sanitise(raw, cast)).toBe(text);
    for (let end = 0; end <= raw.length; end++) {
      expect(text.startsWith(visibleSoFar(raw.slice(0, end), cast))).toBe(true);
    }
  });

  it('a label after a block of code ends the reply', () => {
    expect(sanitise('So:\n```\nBen: 4\n```\nBen: No.', cast)).toBe('So:\n```\nBen: 4\n```');
  });

  it('a label is compared with regard to case when two names differ only in case', () => {
    const both = { self: 'ann', others: ['Ben', 'ben'], maxLength: 1_000 };
    expect(sanitise('Yes.\nBEN: No.', both)).toBe('Yes.\nBEN: No.');
    expect(sanitise('Yes.\nBen: No.', both)).toBe('Yes.');
  });
});
