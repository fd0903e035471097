import { describe, expect, it } from 'vitest';
import { closesUnopened } from '../../src/text/reasoning.ts';
import { cleaned, isComplete, type ReplyRules, sanitise, visibleSoFar } from '../../src/text/sanitise.ts';

const cast: ReplyRules = { self: 'ann', others: ['ben', 'cay'], maxLength: 1_000 };

/** What was streamed of a reply, at whatever character it was looked at. */
const everShown = (raw: string): string[] =>
  [...raw].map((_, end) => visibleSoFar(raw.slice(0, end + 1), cast));

describe('tags with ordinary names', () => {
  it.each([
    ['at the beginning of a reply', '<analysis>SECRET. SECRET.</analysis>\nTea.'],
    ['behind the own name', 'ann: <analysis>SECRET. SECRET.</analysis>\nTea.'],
    ['with words', '<analysis of tea>SECRET. SECRET.</analysis>\nTea.'],
    ['behind the own name on a line of its own', '**Ann:**\n<reflection>SECRET. SECRET.</reflection>\nTea.'],
  ])('a tag of analysis is reasoning %s', (_, raw) => {
    expect(sanitise(raw, cast)).toBe('Tea.');
    expect(everShown(raw).join('')).not.toContain('SECRET');
  });

  it.each([
    '*nods* <reflection>SECRET. SECRET.</reflection> Tea.',
    '(smiles) <analysis>SECRET. SECRET.</analysis> Tea.',
  ])('a tag of analysis is reasoning also behind a remark: %j', (raw) => {
    expect(sanitise(raw, cast)).toMatch(/^(?:\*nods\*|\(smiles\)) +Tea\.$/);
    expect(everShown(raw).join('')).not.toContain('SECRET');
  });

  it.each([
    'Format:\n<analysis>\nYour steps.\n</analysis>\nThen the verdict.',
    'Format: <analysis>steps</analysis>, then the verdict.',
    'Use this form:\n<answer>\nthe result\n</answer>',
    'Please reply in the form <response>text</response>.',
    '<thinking out loud> Maybe we should go. </thinking out loud>',
    '<Reflection of light> is the title of the picture.',
    '<thinking out loud> What if we cut the budget? I would support it.',
    '<thought experiment> Imagine a trolley. It runs.',
    '<think tank> members agree: cut it.',
  ])('a tag with another use stays in the reply: %j', (raw) => {
    expect(sanitise(raw, cast)).toBe(raw);
    for (const shown of everShown(raw)) expect(raw.startsWith(shown)).toBe(true);
  });

  it.each([
    '<think step by step> The others want a number, so I should say 5. Then I',
    '<thinking hard> hmm so the user wants X\n\nI say yes.',
    '<reasoning step 1> I should.',
    '<thinking time>Let me see.',
    '<thinking out loud>The user wants a short answer. I say yes.',
    '<thinking out loud>\nThe user wants a short answer.',
  ])('a tag with words that is no title and has no end begins reasoning: %j', (raw) => {
    expect(cleaned(raw, cast)).toEqual({ text: '', named: undefined, unsayable: 'reasoning' });
    expect(everShown(raw).join('')).toBe('');
  });

  it.each([
    ['around the reply', '<answer>Tea. It is hot.</answer>', 'Tea. It is hot.'],
    ['around the reply behind the own name', 'ann: <answer>Tea. It is hot.</answer>', 'Tea. It is hot.'],
    ['around the first part of the reply', '<answer>Tea.</answer>\nIt is hot.', 'Tea.\nIt is hot.'],
    ['only at the end', 'Tea. It is hot.</answer>', 'Tea. It is hot.'],
  ])('tags of an answer are removed %s', (_, raw, text) => {
    expect(sanitise(raw, cast)).toBe(text);
    for (const shown of everShown(raw)) expect(text.startsWith(shown)).toBe(true);
  });
});

describe('tags of reasoning with words', () => {
  it.each([
    '<thought process>\nSECRET one. SECRET.\n</thought process>\nTea.',
    '<thinking out loud>\nSECRET one. SECRET.\n</thinking>\nTea.',
    '<think hard> SECRET one. SECRET. </think> Tea.',
    'ann: <think hard> SECRET one. SECRET. </think> Tea.',
  ])('a tag with words at the beginning of a reply opens reasoning, which is not streamed: %j', (raw) => {
    expect(sanitise(raw, cast)).toBe('Tea.');
    expect(everShown(raw).join('')).not.toContain('SECRET');
    expect(closesUnopened(raw)).toBe(false);
  });

  it('a reply that only opens reasoning with a tag with words says nothing', () => {
    expect(cleaned('<think hard>\nSECRET.', cast)).toMatchObject({ text: '', unsayable: 'reasoning' });
  });
});

describe('what is streamed before the end of the reasoning is known', () => {
  it('nothing behind the end of one of several open blocks is streamed, because a later tag may close the others', () => {
    const raw = '<think><think>hm</think>SECRET one. SECRET two.</think>Tea.';
    expect(sanitise(raw, cast)).toBe('Tea.');
    expect(everShown(raw).join('')).not.toContain('SECRET');
  });

  it.each([
    'We should say tea.<|end|><|start|>assistant<|channel|>final<|message|>Tea.',
    'We should say tea. <|channel|>final<|message|>Tea.',
    '「<|channel|>final<|message|>Tea.',
  ])('a reply whose template opened the channel of its reasoning is recognised: %j', (raw) => {
    expect(sanitise(raw, cast)).toBe('Tea.');
    expect(closesUnopened(raw)).toBe(true);
  });

  it.each([
    '<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Tea.',
    'Tea wakes you.<|end|><|start|>user<|message|>And coffee?',
    'The marker `<|channel|>` begins a channel.',
  ])('a reply that opens its channels itself, or has none, is not one of these: %j', (raw) => {
    expect(closesUnopened(raw)).toBe(false);
  });
});

describe('a token of a template as a word', () => {
  it.each([
    'The tokenizer adds <pad> and <eos> tokens.',
    'Use [INST] only inside code, <|im_end|>, and nowhere else.',
    'The <|im_end|> token ends a message.',
    'Llama uses <|eot_id|> instead. So we must set both.',
    'Each turn ends with </s> in Llama 2. We can rely on it.',
    'Each turn ends with </s>. We can rely on it.',
    'This </s> token ends a turn.',
    'I would not print this </s> token.',
    'Your </s> is lost.',
    'Its <|im_end|> ends a turn.',
    'Every </s> token ends a turn.',
    'My [INST] markers are lost.',
    'A token like <|endoftext|> separates two texts.',
    'We compare it to <|eot_id|> of Llama 3.',
  ])('a token between two words of a sentence stays in the reply: %j', (raw) => {
    expect(sanitise(raw, cast)).toBe(raw);
    for (const shown of everShown(raw)) expect(raw.startsWith(shown)).toBe(true);
  });

  it.each([
    'I like tea <eos> user: and coffee?',
    'I like tea <|im_end|>\nand coffee?',
    'I like tea<eos> and so on',
    'I like tea <|im_end|> this is ben',
  ])('a token behind which an invented message begins ends the reply: %j', (raw) => {
    expect(sanitise(raw, cast)).toBe('I like tea');
  });

  it.each([
    ...['<|im_end|>', '<|eot_id|>', '<|end|>', '<|endoftext|>', '<|user|>', '<|assistant|>', '<|system|>'],
    ...['</s>', '<end_of_turn>', '[INST]'],
  ])('%s, which is no word, ends the reply also where the invented message begins in lower case', (token) => {
    const raw = `yes, fine with me ${token} what do you think ben`;
    expect(sanitise(raw, cast)).toBe('yes, fine with me');
    for (const shown of everShown(raw)) expect('yes, fine with me'.startsWith(shown)).toBe(true);
  });
});

describe('names that are no labels', () => {
  it('a link whose text is the name of a member stays in the reply', () => {
    for (const raw of ['[Ben](https://example.com/ben) has a page.', 'See:\n[Cay](#cay) is below. Yes.'])
      expect(cleaned(raw, cast)).toMatchObject({ text: raw, named: undefined });
  });

  it('the name of a member with a remark in brackets after it is no link', () => {
    expect(cleaned('[Ann](smiling) hello there', cast).text).toBe('(smiling) hello there');
    for (const shown of everShown('[Ann](好。呵) hello. Yes.'))
      expect('(好。呵) hello. Yes.'.startsWith(shown)).toBe(true);
  });

  it.each([
    'Intro.\n[ben](wiki) wrote that.\nAnd more that counts.',
    'Intro.\n**[ben](wiki-page)** wrote that.\nAnd more that counts.',
    'Intro.\n[ben](wiki)’s page has it.\nAnd more that counts.',
    'Intro.\n[ben](wiki), who wrote that, agrees.',
  ])('a reply is not cut at a link whose address is one word: %j', (raw) => {
    expect(cleaned(raw, cast)).toMatchObject({ text: raw, named: undefined });
    for (let end = 0; end <= raw.length; end++) {
      expect(raw.startsWith(visibleSoFar(raw.slice(0, end), cast))).toBe(true);
      expect(isComplete(raw.slice(0, end), cast)).toBe(false);
    }
  });

  it.each([
    'Intro.\n[Ben](laughing) That is wrong.\n[Ann](shrugs) Maybe.',
    'Intro.\n\n**[Ben](sighs)** Fine, you win.',
    'Intro.\n[Ben](sighs)\nFine, you win.',
    '[Ann](calmly) Intro.\n\n[Ben](angrily) Why?\n\n[Cay](nodding) Right.',
    '[Ann](calmly) Intro.\n\n[Ben](angrily) why?',
    'Ann: Intro.\n[Ben](angrily) why?',
  ])('a reply ends at a name with a remark of one word: %j', (raw) => {
    const { text, named } = cleaned(raw, cast);
    expect([text.replace('(calmly) ', ''), named]).toEqual(['Intro.', 'ben']);
    for (const shown of everShown(raw)) expect(text.startsWith(shown)).toBe(true);
    expect(isComplete(raw, cast)).toBe(true);
  });

  it.each(['Intro.\n[Ben](smiling): No.', 'Intro.\n[Ben](with a smile) No.', 'Intro.\n[Ben] No.'])(
    'a reply ends at a label with a remark that is no address: %j',
    (raw) => {
      expect(cleaned(raw, cast)).toMatchObject({ text: 'Intro.', named: 'ben' });
    },
  );

  it('a reply is not cut at a link whose address is not yet complete', () => {
    const raw = 'See this page. Yes.\n[Ben](https://example.com/ben) has it.';
    for (let end = 0; end <= raw.length; end++) expect(isComplete(raw.slice(0, end), cast)).toBe(false);
  });

  it('a quotation that the message introduces stays in the reply', () => {
    const raw = 'From my notes:\n\n> Ben: we need a boat.\n> Cay: we need a bridge.\n\nBoth are right.';
    expect(cleaned(raw, cast)).toMatchObject({ text: raw, named: undefined });
    expect(sanitise('I agree.\n\n> Ben: No.', cast)).toBe('I agree.');
  });
});
