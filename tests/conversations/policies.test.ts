import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Ending,
  type Entry,
  type EntryOf,
  endings,
  type PolicyName,
  policyNames,
} from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Behaviour, FakeOpenAi } from '../harness/fake-openai.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll } from '../harness/started-process.ts';
import { Peer } from '../observe/peer.ts';

const cast = ['ann', 'bob', 'cid'];
/** What an agent's model is asked for: a line of a conversation, known by its topic, or a bid for the floor. */
interface Asked {
  readonly speaker: string;
  readonly wanted: 'line' | 'bid';
  /** How often it has been asked in this conversation. */
  readonly time: number;
}
type Script = (asked: Asked) => string | Behaviour;

/** One router and three agents, each a process of its own, for all conversations. */
let router: RunningRouter;
let model: FakeOpenAi;
const folder = mkdtempSync(join(tmpdir(), 'parley-test-'));
const scripts = new Map<string, Script>();
const asked = new Map<string, number>();

beforeAll(async () => {
  model = await FakeOpenAi.start({ tokens: 12 });
  model.script = ({ model: speaker, messages }) => {
    const text = JSON.stringify(messages);
    const topic = [...scripts.keys()].find((one) => text.includes(one));
    if (topic === undefined) return undefined;
    const wanted = text.includes('Do not speak yet') ? 'bid' : 'line';
    const key = `${topic} ${speaker} ${wanted}`;
    const time = (asked.get(key) ?? 0) + 1;
    asked.set(key, time);
    const answer = (scripts.get(topic) as Script)({ speaker, wanted, time });
    return typeof answer === 'string' ? { kind: 'reply', text: answer } : answer;
  };
  const prices = join(folder, 'prices.json');
  writeFileSync(
    prices,
    JSON.stringify(Object.fromEntries(cast.map((name) => [name, { input: 10, output: 1_000 }]))),
  );
  router = await RunningRouter.start({ ROUTER_PRICES: prices });
  for (const name of cast)
    startAgent([name], {
      ...{ ROUTER_URL: router.url, OPENAI_BASE_URL: model.baseUrl, OPENAI_API_KEY: 'k', OPENAI_MODEL: name },
    });
  const connected = async () => {
    const { agents } = await router.get<{ agents: unknown[] }>('/v1/agents');
    return agents.length === cast.length;
  };
  await until('all agents are there', connected);
});
afterAll(async () => {
  await killAll();
  await model.stop();
  rmSync(folder, { recursive: true, force: true });
});

const post = async (path: string, body: object): Promise<string> => {
  const response = await fetch(`${router.http}/v1/conversations${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { conversation: string };
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer.conversation;
};
let topics = 0;
const open = (script: Script, body: { limits?: object; [field: string]: unknown } = {}): Promise<string> => {
  const topic = `matter-${++topics}-of-talk`;
  scripts.set(topic, script);
  return post('', { members: cast, topic, ...body });
};

const ofType = <T extends Entry['type']>(entries: readonly Entry[], type: T): EntryOf<T>[] =>
  entries.filter((entry): entry is EntryOf<T> => entry.type === type);
const endingOf = async (id: string): Promise<EntryOf<'ended'>> =>
  until(`${id} ends`, async () => ofType(await router.entries(id), 'ended')[0]);
const speakersOf = async (id: string) => ofType(await router.entries(id), 'said').map(({ from }) => from);

const line: Script = ({ speaker, time }) => `${speaker} says something for the time number ${time}.`;
const always =
  (text: string | Behaviour): Script =>
  () =>
    text;

const policyTests: Record<PolicyName, () => Promise<void>> = {
  async addressed() {
    const id = await open(line, { members: ['ann', 'bob'], limits: { maxTurns: 5 } });
    await endingOf(id);
    expect(await speakersOf(id)).toEqual(['ann', 'bob', 'ann', 'bob', 'ann']);
  },
  async open() {
    const id = await open(line, { policy: 'open', first: 'ann', limits: { maxTurns: 4 } });
    await until('ann has spoken', async () => (await speakersOf(id)).length === 1);
    await post(`/${id}/say`, { text: 'And @bob and @cid?' });
    await endingOf(id);
    const speakers = await speakersOf(id);
    expect(speakers.slice(0, 2)).toEqual(['ann', 'operator']);
    expect(speakers.slice(2).toSorted()).toEqual(['bob', 'cid']);
  },
  async 'round-robin'() {
    const id = await open(line, { policy: 'round-robin', first: 'bob', limits: { maxTurns: 7 } });
    await endingOf(id);
    expect((await speakersOf(id)).join()).toBe('bob,cid,ann,bob,cid,ann,bob');
  },
  async random() {
    const run = async (seed: number) => {
      const id = await open(line, { policy: 'random', seed, limits: { maxTurns: 10 } });
      await endingOf(id);
      return speakersOf(id);
    };
    const speakers = await run(7);
    expect(speakers.some((speaker, index) => speaker === speakers[index + 1])).toBe(false);
    expect(new Set(speakers).size).toBe(3);
    expect(await run(7)).toEqual(speakers);
    expect(await run(8)).not.toEqual(speakers);
  },
  async moderator() {
    const chair: Script = ({ speaker, time }) => {
      if (speaker !== 'ann') return `${speaker} answers.`;
      return ['What do you say?\nNEXT: cid', 'And you?\nNEXT: bob', 'Thank you both.\n[DONE]'][
        time - 1
      ] as string;
    };
    const id = await open(chair, { policy: 'moderator', moderator: 'ann' });
    expect(await endingOf(id)).toMatchObject({ reason: 'agreed', detail: 'closed by the moderator' });
    expect(await speakersOf(id)).toEqual(['ann', 'cid', 'ann', 'bob', 'ann']);
  },
  async mention() {
    const names: Script = ({ speaker, time }) =>
      speaker === 'ann'
        ? `Time ${time}: what do you think, @cid?`
        : `${speaker} hands it to @ann, time ${time}.`;
    const id = await open(names, { policy: 'mention', first: 'ann', limits: { maxTurns: 5 } });
    await endingOf(id);
    expect(await speakersOf(id)).toEqual(['ann', 'cid', 'ann', 'cid', 'ann']);
  },
  async volunteer() {
    const eager: Script = ({ speaker, wanted, time }) => {
      if (wanted === 'line') return `${speaker} has something to say.`;
      if (speaker === 'cid') return time === 1 ? '90' : '0';
      return speaker === 'bob' && time < 3 ? '40' : '0';
    };
    const id = await open(eager, { policy: 'volunteer', first: 'ann' });
    expect(await endingOf(id)).toMatchObject({ reason: 'agreed', detail: 'no member wants to speak' });
    expect(await speakersOf(id)).toEqual(['ann', 'cid', 'bob']);
    expect(ofType(await router.entries(id), 'bid')).toHaveLength(6);
  },
};

describe('each policy, with agents that are processes', () => {
  it.each(policyNames)('each ending is reached with agents that are processes: %s', async (policy) =>
    policyTests[policy](),
  );
});

it('a ping-pong between two of three members ends by the default limits', async () => {
  const toAndFro: Script = ({ speaker, time }) =>
    `${time}: over to you, @${speaker === 'ann' ? 'bob' : 'ann'}.`;
  const id = await open(toAndFro, { policy: 'mention', first: 'ann' });
  expect(await endingOf(id)).toMatchObject({ reason: 'max-turns', detail: '40' });
  expect(new Set(await speakersOf(id))).toEqual(new Set(['ann', 'bob']));
  const [opened] = ofType(await router.entries(id), 'opened');
  expect(opened?.limits).toMatchObject({ maxTurns: 40, maxDurationMs: 1_800_000 });
});

interface EndingTest {
  readonly script?: Script;
  readonly limits?: object;
  readonly members?: readonly string[];
  /** The actions while it runs. */
  readonly act?: (id: string) => Promise<void>;
  readonly is: object;
  /** Lines that were said, where that is certain. */
  readonly lines?: number;
}

const same = 'The very same words are said once more, again and again and again.';
const endingTests: Record<Ending, EndingTest> = {
  'max-turns': { limits: { maxTurns: 4 }, is: { detail: '4' }, lines: 4 },
  'max-duration': {
    script: always({ kind: 'reply', text: 'slowly', delayMs: 100 }),
    limits: { maxTurns: 0, maxDurationMs: 400 },
    is: { detail: '0.4 s' },
  },
  'token-budget': { limits: { maxTokens: 10 }, is: { detail: '10 tokens' }, lines: 1 },
  'cost-budget': { limits: { maxCost: 0.001 }, is: { detail: '$0.001' }, lines: 1 },
  'stop-phrase': {
    script: ({ time }) => (time < 2 ? 'This is not the end.' : 'Enough.\nThe end.'),
    limits: { stopPhrases: ['The end'] },
    is: { detail: 'The end' },
    lines: 4,
  },
  agreed: {
    script: ({ time }) => (time < 2 ? 'Not yet.' : 'Fine with me.\n[DONE]'),
    is: { detail: '3 voted done in a row' },
    lines: 6,
  },
  'agent-left': {
    members: ['ann', 'leaver'],
    is: { detail: 'leaver', by: 'leaver' },
    async act(id) {
      const leaver = await Peer.join(router.url, 'leaver');
      await leaver.next('turn');
      leaver.send({ type: 'leave', conversation: id });
      await leaver.next('accepted');
      leaver.close();
    },
  },
  absent: {
    members: ['ann', 'godot'],
    limits: { absentMs: 300 },
    is: { detail: 'godot', by: 'godot' },
    lines: 1,
  },
  repetition: { script: always(same), limits: { maxRepetition: 0.8 }, is: {}, lines: 5 },
  'farewell-loop': {
    script: always('Goodbye, and take care!'),
    limits: { farewells: true },
    is: { detail: '4 goodbyes in a row' },
    lines: 4,
  },
  failed: {
    script: always({ kind: 'error', status: 401, code: 'invalid_api_key' }),
    limits: { maxAttempts: 1 },
    is: { detail: expect.stringContaining('model-unauthorized'), by: 'ann' },
    lines: 0,
  },
  operator: {
    limits: { maxTurns: 0 },
    is: { detail: 'enough of that', by: 'operator' },
    async act(id) {
      await until('some lines', async () => (await speakersOf(id)).length > 3);
      await post(`/${id}/end`, { detail: 'enough of that' });
    },
  },
};

describe('each ending, with agents that are processes', () => {
  const endedBy = async (reason: string): Promise<number> => {
    const text = await (await fetch(`${router.http}/metrics`)).text();
    return Number(
      new RegExp(`parley_conversations_ended_total{reason="${reason}",group="\\w+"} (\\d+)`).exec(text)?.[1],
    );
  };

  it.each(endings)('each ending is reached with agents that are processes: %s', async (reason) => {
    const { script = line, limits, members = cast, act, is, lines } = endingTests[reason];
    const before = await endedBy(reason);
    const id = await open(script, { members, policy: 'round-robin', ...(limits && { limits }) });
    await act?.(id);
    expect(await endingOf(id)).toMatchObject({ reason, ...is });
    const entries = await router.entries(id);
    expect(entries.at(-1)?.type).toBe('ended');
    if (lines !== undefined) expect(ofType(entries, 'said')).toHaveLength(lines);
    expect(await endedBy(reason)).toBe(before + 1);
  });

  it('the ending by a loop came after a private nudge', async () => {
    const id = await open(always(same), { policy: 'round-robin', limits: { maxRepetition: 0.8 } });
    await endingOf(id);
    expect(ofType(await router.entries(id), 'noted')).toMatchObject([{ by: 'router', kind: 'nudge' }]);
  });

  it('the ending by a budget has the cost of every message in the ledger', async () => {
    const id = await open(line, { policy: 'round-robin', limits: { maxCost: 0.03 } });
    expect(await endingOf(id)).toMatchObject({ reason: 'cost-budget' });
    const said = ofType(await router.entries(id), 'said');
    const costs = said.map(({ usage, cost }) => [
      cost,
      ((usage?.inputTokens ?? 0) * 10 + (usage?.outputTokens ?? 0) * 1_000) / 1e6,
    ]);
    for (const [cost, expected] of costs) expect(cost).toBeCloseTo(expected as number);
    const total = costs.reduce((sum, [cost = 0]) => sum + cost, 0);
    expect(total).toBeGreaterThanOrEqual(0.03);
    expect(total - (costs.at(-1)?.[0] ?? 0)).toBeLessThan(0.03);
  });
});
