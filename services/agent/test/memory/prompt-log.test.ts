import { clientFrame, type ModelCall, maxFrameBytes, maxPromptBytes } from '@parley/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PromptLog, shortened } from '../../src/memory/prompt-log.ts';

const callOf = (...contents: readonly string[]): ModelCall => ({
  purpose: 'message',
  attempt: 1,
  at: 1_000,
  model: 'tiny',
  parameters: [{ name: 'temperature', value: 0.5 }],
  messages: contents.map((content, i) => ({ role: i === 0 ? 'system' : 'user', content })),
});
const megabyte = 1024 * 1024;
const logOf = (more: Partial<ConstructorParameters<typeof PromptLog>[0]> = {}) =>
  new PromptLog({ turns: 3, bytes: megabyte, redact: (text) => text, ...more });
const at = (turn: number, conversation = 'c1') => ({ conversation, turn });
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('The prompts that an agent keeps', () => {
  it('the kept prompts are all calls of the newest turns, oldest first, and none of another turn', () => {
    const log = logOf();
    for (let turn = 1; turn <= 5; turn++)
      for (const text of ['first', 'second']) log.keep(at(turn), callOf('system', `${text} ${turn}`));
    expect(log.of(at(2))).toEqual([]);
    expect(log.of(at(3)).map(({ messages }) => messages[1]?.content)).toEqual(['first 3', 'second 3']);
    expect(log.of(at(5))).toHaveLength(2);
    expect(log.of(at(5, 'c2'))).toEqual([]);
  });

  it('no prompts are kept when the setting is 0', () => {
    const log = logOf({ turns: 0 });
    log.keep(at(1), callOf('system'));
    expect(log.isKept).toBe(false);
    expect(log.of(at(1))).toEqual([]);
  });

  it('the kept prompts never exceed the bytes of the setting, and the newest call is always kept', () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 3_000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), texts), { minLength: 1, maxLength: 20 }), (calls) => {
        const bytes = 20_000;
        const log = logOf({ turns: 100, bytes });
        for (const [turn, contents] of calls) log.keep(at(turn), callOf(...contents));
        const kept = [0, 1, 2, 3, 4].flatMap((turn) => log.of(at(turn)));
        expect(kept.reduce((sum, call) => sum + bytesOf(call), 0)).toBeLessThanOrEqual(bytes);
        expect(log.of(at(calls.at(-1)![0])).length).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
  });

  it('the kept prompts contain no key of the agent', () => {
    const log = logOf({ redact: (text) => text.replaceAll('sk-planted', '[redacted]') });
    log.keep(at(1), callOf('The key is sk-planted.'));
    expect(log.of(at(1))[0]?.messages).toEqual([{ role: 'system', content: 'The key is [redacted].' }]);
  });

  it('the kept prompts fit into a frame of the protocol, whatever they contain', () => {
    const contents = fc.array(fc.string({ unit: 'binary', maxLength: 60_000 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.array(contents, { minLength: 1, maxLength: 4 }), (calls) => {
        const log = logOf({ bytes: 8 * megabyte });
        for (const one of calls) log.keep(at(1), callOf(...one));
        const frame = { type: 'prompt', ref: 'r', calls: log.of(at(1)) };
        expect(clientFrame.fault(frame, 'frame')).toBeUndefined();
        expect(bytesOf(frame)).toBeLessThan(maxFrameBytes);
        expect(frame.calls.length).toBeGreaterThan(0);
      }),
      { numRuns: 25 },
    );
  });
});

describe('A call that is too large for a frame', () => {
  it('a call that is too large for a frame keeps its first message and the newest ones, and counts the others', () => {
    const call = callOf(
      'instructions',
      ...Array.from({ length: 40 }, (_, i) => `${i} ${'x'.repeat(20_000)}`),
    );
    const short = shortened(call, maxPromptBytes);
    expect(short.messages[0]?.content).toBe('instructions');
    expect(short.messages.at(-1)).toEqual(call.messages.at(-1));
    expect(short.omitted).toEqual({ messages: 41 - short.messages.length, characters: 0 });
    expect(bytesOf(short)).toBeLessThanOrEqual(maxPromptBytes);
    expect(short.messages.length).toBeGreaterThan(8);
  });

  it('a call is truncated inside its messages when two of them alone are too large', () => {
    const short = shortened(callOf('s'.repeat(300_000), 'u'.repeat(300_000)), maxPromptBytes);
    expect(short.messages).toHaveLength(2);
    const left = short.messages.reduce((sum, { content }) => sum + content.length, 0);
    expect(short.omitted).toEqual({ messages: 0, characters: 600_000 - left });
  });

  it('a call that is small enough is unchanged', () => {
    const call = callOf('one', 'two');
    expect(shortened(call, maxPromptBytes)).toBe(call);
  });
});
