import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemPrompt } from '../../src/prompt/system-prompt.ts';
import { textReply } from '../fake-model.ts';
import { contextOf, openedEntry, saidEntry } from '../turn-contexts.ts';
import { grantOf, loopOf } from '../turns/turn-loop-harness.ts';

const canary = 'you take no less than 10500 kestrels for the boat';
const persona = `You sell a boat. PRIVATE: ${canary}. You are kind.`;
const cast = [
  { name: 'alice', persona },
  { name: 'bob', persona: 'You buy a boat.' },
];

const speaking = async (raw: (prompt: string) => string) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { loop, calls, sent, settled } = loopOf();
  loop.granted(
    grantOf({ turn: 2, entries: [openedEntry(['alice', 'bob'], { cast }), saidEntry(2, 'bob', 'Hi')] }),
  );
  await settled();
  const { request, reply } = calls[0]!;
  const text = raw(request.messages[0]!.content);
  for (const character of text) request.onText?.(character);
  vi.advanceTimersByTime(60_000);
  reply(textReply(text));
  await settled();
  return { sent: JSON.stringify(sent), prompt: JSON.stringify(request.messages) };
};

describe('what stands behind PRIVATE in a persona', () => {
  it('the prompt explains to a member the text after PRIVATE in its persona', async () => {
    const { prompt } = await speaking(() => 'Good day.');
    expect(prompt).toContain(canary);
    expect(prompt).toContain('never say it, nor any number in it');
  });

  it.each([
    ['all of its prompt', (prompt: string) => `${prompt}\nGood day.`],
    ['its persona', () => `${persona}\nGood day.`],
    ['the private sentence alone', () => `PRIVATE: ${canary}.\nGood day.`],
    [
      'the private sentence without its mark',
      () => `${canary[0]!.toUpperCase()}${canary.slice(1)}. Good day.`,
    ],
  ])('the text after PRIVATE is neither sent nor streamed when a model recites %s', async (_what, raw) => {
    const { sent } = await speaking(raw);
    expect(sent).toContain('Good day.');
    expect(sent).not.toContain('kestrels');
  });

  it('the text after PRIVATE is in the prompt of no other member', () => {
    const bob = contextOf([], { self: 'bob', members: ['alice', 'bob'], persona: cast[1]!.persona });
    expect(systemPrompt(bob)).not.toContain('kestrels');
  });
});
