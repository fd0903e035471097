import type { EntryOf } from '@parley/protocol';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { FakeOpenAi, type FakeOpenAiOptions } from '../harness/fake-openai.ts';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';
import { expectWhole } from '../harness/whole-conversation.ts';

afterEach(killAll);

const startFake = async (options: FakeOpenAiOptions = {}): Promise<FakeOpenAi> => {
  const fake = await FakeOpenAi.start(options);
  onTestFinished(() => fake.stop());
  return fake;
};

describe('two agents with an OpenAI-compatible model server', () => {
  it('two agents hold a conversation of 20 turns, each in the ledger once, in order, with its cost', async () => {
    const fake = await startFake();
    const router = await RunningRouter.start({ ROUTER_LEDGER: `${temporaryFolder()}/ledger.sqlite` });
    const env = {
      ROUTER_URL: router.url,
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: fake.baseUrl,
      AGENT_TOPIC: 'mills',
      AGENT_MAX_TURNS: '20',
    };
    const agents = [startAgent(['alice', 'bob', 'alice'], env), startAgent(['bob', 'alice', 'alice'], env)];

    const { id } = await router.ended('alice');
    const entries = await router.entries(id);
    expectWhole(entries, { turns: 20, circle: ['alice', 'bob'] });

    const said = entries.filter((entry): entry is EntryOf<'said'> => entry.type === 'said');
    for (const { usage, text } of said) {
      expect(usage).toMatchObject({ outputTokens: 40, model: 'gpt-4.1-nano' });
      expect(usage?.estimated).not.toBe(true);
      expect(usage?.inputTokens).toBeGreaterThan(0);
      expect(text.split(' ')).toHaveLength(40);
    }
    expect(said.map(({ target }) => target)).toEqual(
      said.map(({ from }) => (from === 'alice' ? 'bob' : 'alice')),
    );

    // One call to the model for each turn, streamed, and each under the grant of a turn: never two at a time.
    expect(fake.requests).toHaveLength(20);
    expect(fake.mostInFlight).toBe(1);
    for (const { body, authorization } of fake.requests) {
      expect(authorization).toBe('Bearer sk-test');
      expect(body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    }
    for (const agent of agents) expect(await agent.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await router.process.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    for (const { stderr } of [router.process, ...agents]) expect(stderr).toBe('');
  });

  it('two agents show each other their messages: own ones as the assistant, those of the other as the user', async () => {
    const fake = await startFake();
    fake.next.push(
      { kind: 'reply', text: 'Mills grind corn.' },
      { kind: 'reply', text: 'Some saw wood.' },
      { kind: 'reply', text: 'Fair enough.' },
    );
    const router = await RunningRouter.start();
    const env = { ROUTER_URL: router.url, OPENAI_BASE_URL: fake.baseUrl, AGENT_MAX_TURNS: '10' };
    startAgent(['alice', 'bob', 'alice'], { ...env, AGENT_PERSONA: 'a miller' });
    startAgent(['bob', 'alice', 'alice'], env);
    await router.ended('alice');

    const [first, second, third] = fake.requests.map(({ body }) => body.messages);
    const heard = (messages: typeof first) => messages?.filter(({ role }) => role !== 'system').slice(-2);
    expect(first?.[0]).toMatchObject({ role: 'system' });
    expect(first?.[0]?.content).toContain('a miller');
    expect(second?.at(-1)?.content).toMatch(/^Mills grind corn\.\n\n\(Now bob speaks, to alice/);
    expect(heard(third)).toEqual([
      { role: 'assistant', content: 'Mills grind corn.' },
      { role: 'user', content: expect.stringMatching(/^Some saw wood\.\n\n\(Now alice speaks, to bob/) },
    ]);
  });

  it('two agents continue after the model server was overloaded, truncated a reply, or failed temporarily', async () => {
    const fake = await startFake();
    fake.next.push(
      { kind: 'error', status: 429, headers: { 'retry-after-ms': '20' } },
      { kind: 'reply' },
      { kind: 'cut' },
      { kind: 'reply' },
      { kind: 'error', status: 500 },
      { kind: 'error', status: 503, headers: { 'retry-after': '0' } },
    );
    const router = await RunningRouter.start();
    const env = { ROUTER_URL: router.url, OPENAI_BASE_URL: fake.baseUrl, AGENT_MAX_TURNS: '6' };
    startAgent(['alice', 'bob', 'alice'], env);
    startAgent(['bob', 'alice', 'alice'], env);
    const { id } = await router.ended('alice', 60_000);
    expectWhole(await router.entries(id), { turns: 6, circle: ['alice', 'bob'] });
    expect(fake.requests).toHaveLength(6 + 4);
  });

  it('two agents stream their replies while these are written', async () => {
    const fake = await startFake({ tokenDelayMs: 20 });
    // Whole sentences are shown, as soon as they are certain to stay.
    const text = (place: number) =>
      `reply ${place} begins with this sentence. Then it goes on. And so it ends at last.`;
    fake.script = () => ({ kind: 'reply', text: text(fake.requests.length) });
    const router = await RunningRouter.start();
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const events = await fetch(`${router.http}/v1/events?since=0`, { signal: stop.signal });
    const env = { ROUTER_URL: router.url, OPENAI_BASE_URL: fake.baseUrl, AGENT_MAX_TURNS: '4' };
    startAgent(['alice', 'bob', 'alice'], env);
    startAgent(['bob', 'alice', 'alice'], env);
    let stream = '';
    for await (const part of events.body!.pipeThrough(new TextDecoderStream())) {
      stream += part;
      if (stream.includes('"type":"ended"')) break;
    }
    const of = (kind: string) =>
      [...stream.matchAll(new RegExp(`event: ${kind}\\ndata: (.*)`, 'g'))].map(([, data]) =>
        JSON.parse(data!),
      );
    const said = of('entry').filter(({ entry }) => entry.type === 'said');
    const streamed = (turn: number) =>
      of('chunk')
        .filter((chunk) => chunk.turn === turn)
        .map((chunk) => chunk.text)
        .join('');
    expect(said).toHaveLength(4);
    // Only a whole reply shows that a model hides no reasoning in its text: the first of each comes in one piece.
    for (const { entry } of said.slice(0, 2)) expect(streamed(entry.turn)).toBe('');
    for (const { entry } of said.slice(2)) {
      expect(streamed(entry.turn)).toMatch(/^reply \d/);
      expect(entry.text).toContain(streamed(entry.turn).trim());
    }
  });
});
