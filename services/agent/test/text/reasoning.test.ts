import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closesUnopened, spoken, spokenSoFar } from '../../src/text/reasoning.ts';

const said = (raw: string) => spoken(raw).trim();

describe('the reasoning of a model is not part of what it says', () => {
  it.each([
    ['a closed block at the start goes', '<think>SECRET</think>\n\nTea wakes you.', 'Tea wakes you.'],
    [
      'a closed block in the middle goes',
      'Tea.\n<think>SECRET</think>\nIt wakes you.',
      'Tea.\n \nIt wakes you.',
    ],
    [
      'a closed block in the middle of a sentence goes',
      'Tea, <think>SECRET</think>wakes you.',
      'Tea,  wakes you.',
    ],
    ['an unclosed block at the start goes', '<think>SECRET and more', ''],
    ['an unclosed block behind the name of the speaker goes', '**Ann:** <think>SECRET', '**Ann:**'],
    ['an unclosed block of a new paragraph goes', 'Tea wakes you.\n<think>\nSECRET', 'Tea wakes you.'],
    [
      'what stands before an orphaned closing tag goes',
      'SECRET\n</think>\n\nTea wakes you.',
      'Tea wakes you.',
    ],
    ['an orphaned closing tag behind a closed block counts', '<think>S</think>SECRET</think>Tea.', 'Tea.'],
    [
      'a block that mentions its own tag ends at its last closing tag',
      '<think>a <think> b</think>Tea.',
      'Tea.',
    ],
    ['nested blocks go', '<think>a<think>b</think>c</think>Tea.', 'Tea.'],
    [
      'a closing tag in back-quotes does not end a block',
      '<think>the `</think>` tag, SECRET</think>Tea.',
      'Tea.',
    ],
    ['thinking tags go', '<Thinking>SECRET</Thinking>Tea.', 'Tea.'],
    ['reasoning tags go', '<reasoning>SECRET</reasoning>Tea.', 'Tea.'],
    ['tags with attributes go', '<think duration="3">SECRET</think>Tea.', 'Tea.'],
    ['the tags of Seed-OSS go', '<seed:think>SECRET</seed:think>Tea.', 'Tea.'],
    ['the marks of Mistral go', '[THINK]SECRET[/THINK]Tea.', 'Tea.'],
    ['an unclosed mark of Mistral goes', '[THINK]SECRET', ''],
    ['the marks of Kimi go', '◁think▷SECRET◁/think▷Tea.', 'Tea.'],
    [
      'the marks of Cohere go',
      '<|START_THINKING|>SECRET<|END_THINKING|><|START_RESPONSE|>Tea.<|END_RESPONSE|>',
      'Tea.',
    ],
    ['the channel of Gemma goes', '<|channel>thought\nSECRET<channel|>Tea.', 'Tea.'],
    ['the unused tokens of Gemma go', '<unused94>thought\nSECRET<unused95>Tea.', 'Tea.'],
    ['the words of Granite go', 'Here is my thought process: SECRET\nHere is my response: Tea.', 'Tea.'],
    ['the words of Granite without a response go', "Here's my thought process: SECRET", ''],
    ['the tags of OpenThinker go', '<|begin_of_thought|>SECRET<|end_of_thought|>Tea.', 'Tea.'],
    ['tags around the answer go', '<think>SECRET</think><answer>Tea.</answer>', 'Tea.'],
    [
      'the channels of harmony go',
      '<|channel|>analysis<|message|>SECRET<|end|><|start|>assistant<|channel|>final<|message|>Tea.<|return|>',
      'Tea.',
    ],
    ['a lone final channel is the reply', '<|channel|>final<|message|>Tea.', 'Tea.'],
    ['a lone analysis channel is nothing', '<|channel|>analysis<|message|>SECRET', ''],
    ['commentary is nothing', '<|channel|>commentary to=x <|constrain|>json<|message|>SECRET<|call|>', ''],
    [
      'of several final channels the last is the reply',
      '<|channel|>final<|message|>Draft<|end|><|start|>assistant<|channel|>final<|message|>Tea.<|return|>',
      'Tea.',
    ],
    ['channels whose markers are lost go', 'analysisThe user wants SECRET.assistantfinalTea.', 'Tea.'],
    ['channels whose markers have become blanks go', 'analysis We SECRET. assistant final Tea.', 'Tea.'],
    ['an analysis without a final goes', 'analysisThe user wants SECRET.', ''],
    ['commentary between them goes', 'analysisWe S.assistantcommentaryS.assistantfinalTea.', 'Tea.'],
    ['a lone final without its markers is the reply', 'finalTea.', 'Tea.'],
    ['a lone final on a line of its own is no word of the reply', 'final\n\nTea.', 'Tea.'],
    ['a final without the role before it is the reply', 'analysisWe reply SECRET. finalTea.', 'Tea.'],
    [
      'a reply without a channel behind the analysis is the reply',
      '<|channel|>analysis<|message|>SECRET<|end|>Tea.',
      'Tea.',
    ],
    [
      'a message of the assistant without a channel is the reply',
      '<|channel|>analysis<|message|>SECRET<|end|><|start|>assistant<|message|>Tea.<|return|>',
      'Tea.',
    ],
    [
      'what follows the reply is none',
      '<|channel|>analysis<|message|>SECRET<|end|><|start|>assistantTea.<|end|><|start|>user<|message|>And?',
      'Tea.',
    ],
    [
      'a message of another role behind the analysis is nothing',
      '<|channel|>analysis<|message|>hm.<|end|><|start|>user<|message|>And you?',
      '',
    ],
    ['the tags of MiniMax go', '<mm:think>SECRET</mm:think>Tea.', 'Tea.'],
    ['reflection goes', '<thinking>S</thinking><reflection>S</reflection><output>Tea.</output>', 'Tea.'],
    ['tags of analysis go', '<analysis>SECRET</analysis>\nTea.', 'Tea.'],
    ['tags of an inner monologue go', '<internal_monologue>SECRET</internal_monologue>Tea.', 'Tea.'],
    ['tags with the name of the field go', '<reasoning_content>SECRET</reasoning_content>Tea.', 'Tea.'],
    ['tags with blanks go', '< think >SECRET</ think >Tea.', 'Tea.'],
    ['tags between bars go', '<|think|>SECRET<|/think|>Tea.', 'Tea.'],
    ['an unclosed tag between bars goes', '<|thinking|>SECRET', ''],
    [
      'the details of Open WebUI go',
      '<details type="reasoning" done="true" duration="2">\n<summary>Thought</summary>\nSECRET\n</details>\nTea.',
      'Tea.',
    ],
    [
      'Chinese reasoning that touches its closing tag goes',
      '用户在问候，我应该友好地回应</think>你好！很高兴见到你。',
      '你好！很高兴见到你。',
    ],
    ['tags of a reason at the start go', '<reason>SECRET</reason>Tea.', 'Tea.'],
    ['an unclosed tag of analysis at the start goes', '<analysis>\nSECRET', ''],
    ['tags around a final answer go', '<think>SECRET</think><final_answer>Tea.</final_answer>', 'Tea.'],
  ])('the reasoning of a model is removed from its reply: %s', (_, raw, text) => {
    expect(said(raw)).toBe(text);
  });

  it.each([
    ['a tag in back-quotes', 'Some put `<think>` before they answer. I would keep it. And you?'],
    ['two tags in back-quotes', 'Between `<think>` and `</think>` stands the reasoning. I like it.'],
    ['a closing tag in back-quotes', 'It ends with `</think>`. I like it.'],
    ['tags in a block of code', 'So:\n```\n<think>\nhm\n</think>\n```\nThat is all.'],
    ['a tag in the middle of a sentence', 'Some models put <think> before they answer. I like it.'],
    ['two tags in a sentence', 'The part between <think> and </think> is hidden. I like it.'],
    ['a closing tag in the middle of a sentence', 'The model writes </think> and then answers.'],
    ['a tag in quotation marks', 'The tag "<think>" is known.'],
    ['a tag in a Chinese sentence', '我喜欢<think>标签。它很有用。'],
    ['a closing tag in a Chinese sentence', '模型写</think>结束。然后回答。'],
    ['a closing tag that is named in a Chinese sentence', '先写「<think>」，最后写</think>再回答。'],
    ['a comparison', 'If (count < reason && limit >10) we stop. Otherwise we go on.'],
    ['a comparison in a sentence', 'When effort < reflection and time >5 we stop. Otherwise we go on.'],
    ['a placeholder', 'Please answer in this form:\n<analysis>\n<verdict>\nThen we compare.'],
    ['an element with an ordinary name', 'A ticket:\n<ticket>\n<reason>too slow</reason>\n</ticket>\nOk?'],
    ['a tag in Chinese quotation marks', '标签「<think>」很有名。'],
    ['a tag in bold', '**<think>** is the tag of R1.'],
    ['the end of other details', '<details>\nMore.\n</details>\nThat is all.'],
    ['a marker of harmony in back-quotes', 'The marker `<|channel|>` begins a channel. I like it.'],
    ['a word that is the name of a channel', 'analysis of the tides, finally, is what I want.'],
    ['a final word', 'final words are hard, and the assistant finalises them.'],
  ])('text that is no reasoning stays in the reply: %s', (_, raw) => {
    expect(said(raw)).toBe(raw);
  });
});

describe('a token of a chat template ends a reply', () => {
  it.each([
    ['ChatML', 'Tea wakes you.<|im_end|>\n<|im_start|>user\nAnd coffee?'],
    ['Llama 3', 'Tea wakes you.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nAnd coffee?'],
    ['Llama 3 without the end', 'Tea wakes you.<|start_header_id|>user'],
    ['Gemma', 'Tea wakes you.<end_of_turn>\n<start_of_turn>user\nAnd coffee?'],
    ['Gemma 4', 'Tea wakes you.<turn|>\n<|turn>user\nAnd coffee?'],
    ['Llama 2 and Mistral', 'Tea wakes you.</s>'],
    ['Mistral', 'Tea wakes you. [INST] And coffee? [/INST]'],
    ['Llama 2 system', 'Tea wakes you.<<SYS>>You'],
    ['DeepSeek', 'Tea wakes you.<｜end▁of▁sentence｜><｜User｜>'],
    ['Qwen', 'Tea wakes you.<|endoftext|>Human: And coffee?'],
    ['Phi', 'Tea wakes you.<|end|><|user|>And coffee?'],
    ['Cohere', 'Tea wakes you.<|END_OF_TURN_TOKEN|>'],
    ['EXAONE', 'Tea wakes you.[|endofturn|]'],
    ['DeepSeek with blanks', 'Tea wakes you.<｜end of sentence｜>'],
    ['DeepSeek with plain bars', 'Tea wakes you.<|end▁of▁sentence|>'],
    ['Baichuan', 'Tea wakes you.<reserved_106>And coffee?'],
    ['Nemotron', 'Tea wakes you.<extra_id_1>User\nAnd coffee?'],
    ['a tokenizer', 'Tea wakes you.<eos_token>'],
    ['a tokenizer, as separators', 'Tea wakes you.<sep> <eod>\n'],
    ['a limit of tokens inside a token', 'Tea wakes you.<|im_en'],
    ['a limit of tokens before the end of a token', 'Tea wakes you.<|im_end|'],
    ['a reply that begins with them', '<|im_start|>assistant\nTea wakes you.<|im_end|>'],
    [
      'a reply that begins with those of Llama 3',
      '<|start_header_id|>assistant<|end_header_id|>\n\nTea wakes you.',
    ],
    ['a reply that begins with those of Gemma', '<start_of_turn>model\nTea wakes you.'],
    ['a reply that begins with <s>', '<s> Tea wakes you.</s>'],
  ])('a token of a chat template ends a reply: %s', (_, raw) => {
    expect(said(raw)).toBe('Tea wakes you.');
  });

  it.each([
    'The token `<|im_end|>` ends it, and `</s>` too.',
    'It was <s>red</s> blue.',
    'a < b | c > d',
    'BERT joins the texts with <sep> and ends with <eod>.',
  ])('a text about a template token stays in the reply: %s', (raw) => {
    expect(said(raw)).toBe(raw);
    for (let end = 0; end <= raw.length; end++) {
      expect(raw.startsWith(spokenSoFar(raw.slice(0, end)))).toBe(true);
    }
  });
});

const parts = [
  ...['<think>', '</think>', '[THINK]', '[/THINK]', '<reasoning>', '</reasoning>', '◁think▷', '◁/think▷'],
  ...[
    '<|channel|>',
    'analysis',
    'final',
    '<|message|>',
    '<|end|>',
    'assistant',
    'assistantfinal',
    'commentary',
  ],
  ...[
    '<|im_end|>',
    '<s>',
    '</s>',
    '<|im_start|>',
    '[INST]',
    '`',
    '```',
    '\n',
    '\n\n',
    ' ',
    ' and ',
    '<',
    '>',
    '"',
  ],
  ...[
    'Here is my thought process:',
    'Here is my response:',
    'Tea wakes you.',
    'a word',
    'SECRET',
    '<answer>',
  ],
  ...['<|think|>', '<|/think|>', '<details type="reasoning">', '</details>', '< think >', '我', '「', '」'],
  ...[
    '<analysis>',
    '</analysis>',
    '<final>',
    '</final>',
    '<eos_token>',
    '<|return|>',
    '<|start|>',
    'final\n',
  ],
  ...['<reason>', '</reason>', '< reflection >', '标签', '结束。'],
  ...['<think hard>', '</think hard>', '<analysis of tea>', '<thought process>', '*nods* '],
  ...['</answer>', 'The', ':', ',', '|>', '<|', '['],
];
const anyReply = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...parts) }, fc.string({ maxLength: 6 })), {
    maxLength: 16,
  })
  .map((texts) => texts.join(''));

describe('a reply that is still being written', () => {
  it('the streamed part of a reply is a prefix of the final one, at whatever character the stream is split', () => {
    fc.assert(
      fc.property(anyReply, (raw) => {
        fc.pre(!closesUnopened(raw));
        const whole = spoken(raw).trimStart();
        for (let end = 0; end <= raw.length; end++) {
          const shown = spokenSoFar(raw.slice(0, end)).trimStart().trimEnd();
          expect(whole.startsWith(shown), JSON.stringify([raw, end, shown, whole])).toBe(true);
        }
      }),
      { seed: 11, numRuns: 3_000 },
    );
  }, 120_000);

  it.each([
    '<think>SECRET</think>Tea wakes you.',
    'Tea.\n<think>\nSECRET\n</think>\nIt wakes you.',
    '[THINK]SECRET[/THINK]Tea wakes you.',
    'analysisSECRET.assistantfinalTea wakes you.',
    '<|channel|>analysis<|message|>SECRET<|end|><|start|>assistant<|channel|>final<|message|>Tea wakes you.',
    'Here is my thought process: SECRET Here is my response: Tea.',
    '<|START_THINKING|>SECRET<|END_THINKING|>Tea wakes you.',
  ])(
    'the streamed part of a reply never contains reasoning, at whatever character the stream is split: %s',
    (raw) => {
      for (let end = 0; end <= raw.length; end++) {
        expect(spokenSoFar(raw.slice(0, end))).not.toMatch(/SECRET|SECR|analysis|<|\[/);
      }
    },
  );

  it('a reply is streamed before it is complete', () => {
    expect(spokenSoFar('Tea wakes you. And')).toBe('Tea wakes you. And');
  });

  it.each([...parts, 'a <think> ', '"<think>" ', '` ', 'x </think> y '])(
    'a reply is cleaned in time also when it repeats %j',
    (part) => {
      const text = part.repeat(Math.ceil(64_000 / part.length));
      expect(spoken(text).startsWith(spokenSoFar(text).trimEnd()) || closesUnopened(text)).toBe(true);
    },
  );
});
