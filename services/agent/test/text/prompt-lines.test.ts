import { describe, expect, it } from 'vitest';
import { noPrompt, PromptLines } from '../../src/text/prompt-lines.ts';

const system = (content: string) => ({ role: 'system', content }) as const;
const user = (content: string) => ({ role: 'user', content }) as const;
const has = (
  sentence: string,
  ...messages: readonly { role: 'system' | 'user' | 'assistant'; content: string }[]
) => new PromptLines(messages).has(sentence);

describe('the sentences of a prompt', () => {
  const prompt = system('You sell a boat. It has two masts, and it is old.\n- Never say the lowest price');

  it.each([
    ['a sentence', 'It has two masts, and it is old.'],
    ['a sentence in capitals and with other marks', '**it has TWO masts — and it is old!**'],
    ['a line of two sentences', 'You sell a boat. It has two masts, and it is old.'],
    ['an item of a list', 'Never say the lowest price.'],
  ])('%s of the system message is found', (_, sentence) => {
    expect(has(sentence, prompt)).toBe(true);
  });

  it.each([
    ['a part of a sentence', 'It has two masts'],
    ['a sentence that goes on', 'It has two masts, and it is old, but it sails.'],
    ['no word', '…'],
  ])('%s is not found', (_, sentence) => {
    expect(has(sentence, prompt)).toBe(false);
  });

  it('a sentence that is too short to be of the prompt for certain is not found, also in a script of wide characters', () => {
    expect(has('Be very careful.', system('Be very careful.'))).toBe(false);
    expect(has('Be quite careful.', system('Be quite careful.'))).toBe(true);
    expect(has('你是一位老船长。', system('你是一位老船长。'))).toBe(false);
    expect(has('你是一位老的船长。', system('你是一位老的船长。'))).toBe(true);
  });

  it.each([
    ['behind its mark', 'no less than 900 dollars'],
    ['behind a semicolon', 'the hull has a crack'],
  ])('a part of a private text is found without that mark: %s', (_, part) => {
    expect(has(part, system('You sell. PRIVATE: no less than 900 dollars; the hull has a crack'))).toBe(true);
  });

  it('of a user message only lines in round brackets are of the prompt, and of an own message nothing is', () => {
    const words = 'Now it is your turn to speak';
    expect(has(words, user(`Hello.\n(${words})\nBye.`))).toBe(true);
    expect(has(words, user(words))).toBe(false);
    expect(has(words, user(`Well (${words})`))).toBe(false);
    expect(has(words, user(`(${words}) well`))).toBe(false);
    expect(has(words, user(`(${words} (again))`))).toBe(false);
    expect(has(words, { role: 'assistant', content: `(${words})` })).toBe(false);
  });

  it('a sentence that the member may say is not found', () => {
    const lines = new PromptLines(
      [system('End with: the hammer has fallen.\nThe hammer has fallen.')],
      ['The hammer has fallen'],
    );
    expect(lines.has('The hammer has fallen!')).toBe(false);
    expect(lines.has('End with: the hammer has fallen.')).toBe(true);
  });
});

describe('remarks about the conversation that no prompt of this version has', () => {
  it.each([
    'The topic of this conversation: tea',
    'What others say comes as the user.',
    'You are ann in a conversation with bob.',
    'This is the last message.',
    'Only 3 messages are left.',
    '(The conversation begins.)',
    'Earlier messages are left out',
    'The narrator says so.',
    'Now ann speaks to bob.',
    "Give only ann's next words.",
  ])('%s is found without a prompt', (sentence) => {
    expect(noPrompt.has(sentence)).toBe(true);
  });

  it.each([
    'The topic is old.',
    'Topic: the harbour',
    'What others say is their matter.',
    'You are in good company.',
    'The conversation begins to bore me.',
    'Then the conversation begins.',
    'Now we speak of tea.',
  ])('%s is a message of its own', (sentence) => {
    expect(noPrompt.has(sentence)).toBe(false);
  });
});

describe('a line that names the topic', () => {
  const prompt = system('ann is talking with bob about: the price of an old boat');

  it('it is of the prompt when the prompt has three of five of its words, and else a heading of the message', () => {
    expect(has('Topic: the price of an old boat', prompt)).toBe(true);
    expect(has('Topic: the price of new masts', prompt)).toBe(true);
    expect(has('Topic: the price for new masts', prompt)).toBe(false);
  });
});

describe('a text without the sentences of a prompt', () => {
  const lines = new PromptLines([system('Keep to a few sentences, always.')]);

  it.each([
    ['at its beginning', 'Keep to a few sentences, always. Yes.', 'Yes.'],
    ['in its middle', 'Yes. Keep to a few sentences, always. No.', 'Yes. No.'],
    ['at its end', 'Yes.\nKeep to a few sentences, always.', 'Yes.'],
    ['twice', 'Keep to a few sentences, always. Yes. Keep to a few sentences, always.', 'Yes.'],
    ['nowhere', ' Yes. No.\n', 'Yes. No.'],
  ])('what remains of a text that has one %s is unchanged', (_, text, rest) => {
    expect(lines.without(text).trim()).toBe(rest);
  });

  it('a text without any is returned with all its blanks', () => {
    expect(lines.without(' Yes.  No.\n')).toBe(' Yes.  No.\n');
  });
});
