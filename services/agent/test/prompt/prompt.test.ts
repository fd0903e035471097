import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { loadPromptModule, readPersona, viewPrompt } from '../../src/prompt/prompt.ts';
import { contextOf } from '../turn-contexts.ts';

const directory = mkdtempSync(join(tmpdir(), 'parley-prompt-'));
let files = 0;
const file = (text: string, extension = 'ts') => {
  const path = join(directory, `prompt-${files++}.${extension}`);
  writeFileSync(path, text);
  return path;
};
const problems = (path: string) =>
  loadPromptModule(path).then(
    () => [],
    (error: unknown) => {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    },
  );
const context = contextOf(
  [
    ['bob', 'Hi'],
    ['alice', 'Yes?'],
    ['bob', 'Well…'],
  ],
  { topic: 'Tea', remaining: { turns: 3 } },
);

describe('a prompt module', () => {
  it('a prompt module makes the prompt from the messages', async () => {
    const prompt = await loadPromptModule(
      file(
        `export const makePrompt = (input: { previousMessage: string }): string => JSON.stringify(input);`,
      ),
    );
    const [message, ...more] = await prompt(context, 100, 'speak');
    expect(more).toEqual([]);
    expect(message?.role).toBe('user');
    expect(JSON.parse(message?.content ?? '')).toEqual({
      previousMessage: 'Well…',
      history: [
        { from: 'bob', text: 'Hi' },
        { from: 'alice', text: 'Yes?' },
        { from: 'bob', text: 'Well…' },
      ],
      self: { name: 'alice' },
      conversation: { id: 'c1', topic: 'Tea', members: ['alice', 'bob'], turn: 4, remaining: { turns: 3 } },
    });
  });

  it('a prompt module is told messages only, members that have not left, and an empty text where none has spoken', async () => {
    const prompt = await loadPromptModule(
      file('export const makePrompt = (input: object) => JSON.stringify(input);'),
    );
    const alone = contextOf([], {
      ...{ members: ['alice', 'bob', 'cy'], left: ['cy'] },
      lines: [{ kind: 'came', seq: 2, who: 'bob' }],
    });
    const [message] = await prompt(alone, 100, 'speak');
    expect(JSON.parse(message?.content ?? '')).toMatchObject({
      ...{ previousMessage: '', history: [] },
      conversation: { members: ['alice', 'bob'] },
    });
  });

  it('a prompt module may return messages, may be asynchronous, and may be plain JavaScript', async () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Go.' },
      { role: 'assistant', content: 'On my way.' },
    ];
    const text = `export async function makePrompt() { return ${JSON.stringify(messages)}; }`;
    expect(await (await loadPromptModule(file(text, 'mjs')))(context, 100, 'speak')).toEqual(messages);
  });

  it.each([
    ...['""', '" "', '[]', '42', '[{ role: "robot", content: "x" }]', '[{ content: "x" }]', '[null]'],
    ...['[{ role: "user", content: "" }]', '[{ role: "user", content: 1 }]'],
    '[{ role: "user", content: "x" }, { role: "user" }]',
  ])('a prompt module may not return %s', async (value) => {
    const prompt = await loadPromptModule(file(`export const makePrompt = () => (${value} as never);`));
    await expect(prompt(context, 100, 'speak')).rejects.toThrow('neither a text nor messages');
  });

  it('a prompt module that does not compile is refused with its file', async () => {
    const path = file('export const makePrompt = (() => {\n  return "unfinished;\n};');
    expect(await problems(path)).toEqual([expect.stringContaining(`AGENT_PROMPT_MODULE: ${path}`)]);
    expect((await problems(path))[0]).toContain('cannot be loaded');
  });

  it('a prompt module that does not exist is refused with its file', async () => {
    expect((await problems('./no-such-prompt.ts'))[0]).toContain('./no-such-prompt.ts cannot be loaded');
  });

  it('a prompt module that throws while it is loaded is refused with its file', async () => {
    expect((await problems(file('throw new Error("no database");')))[0]).toContain('no database');
  });

  it('a prompt module without makePrompt is refused', async () => {
    const path = file('export const prompt = 1;');
    expect(await problems(path)).toEqual([
      `AGENT_PROMPT_MODULE: ${path} does not export a function makePrompt()`,
    ]);
  });
});

describe('the prompt of an agent without a module', () => {
  it('it ends with the instruction to speak, and a prompt for a bid has no such instruction', async () => {
    const [speak, bid] = [await viewPrompt(context, 1_000, 'speak'), await viewPrompt(context, 1_000, 'bid')];
    expect(speak.at(-1)?.content).toContain('(Now alice speaks');
    expect(bid.at(-1)?.content).toContain('Well…');
    expect(bid.at(-1)?.content).not.toContain('(Now alice speaks');
  });
});

describe('a persona', () => {
  it('a persona is the text itself or the text of the file that it names', () => {
    expect(readPersona('You are a judge.')).toBe('You are a judge.');
    expect(readPersona(file('You are a pirate.\n', 'txt'))).toBe('You are a pirate.');
    expect(readPersona(file(' \n', 'txt'))).toBeUndefined();
    expect(readPersona(directory)).toBe(directory);
    // Longer than any file name may be.
    expect(readPersona('You are patient. '.repeat(40))).toBe('You are patient. '.repeat(40));
    expect(readPersona(undefined)).toBeUndefined();
  });
});
