import { type Ending, endings, policyNames } from '@parley/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import { answerOf, parley } from '../harness/command-line.ts';
import { type Behaviour, type ChatRequest, FakeOpenAi } from '../harness/fake-openai.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { killAll, type StartedProcess } from '../harness/started-process.ts';
import { Peer } from '../observe/peer.ts';

/** Not a model of the price table: what a user has at home. */
const localModel = 'a-local-model';

/** What an agent's model is asked for, and for which time by this agent. */
interface Asked {
  readonly speaker: string;
  readonly wanted: 'line' | 'bid';
  readonly time: number;
}
type Script = (asked: Asked) => string | Behaviour;

/** A router that listens, and what agents on it are set to. */
interface Running {
  readonly router: RunningRouter;
  readonly env: Record<string, string>;
}
interface Staging {
  readonly file: string;
  /** What the models say. */
  readonly script: Script;
  /** Who is connected before it is run: it is not started then. */
  readonly before?: (on: Running) => Promise<void> | StartedProcess;
  /** The actions while it runs. `after`: resolves with its id after a number of messages. */
  readonly act?: (run: {
    readonly router: RunningRouter;
    readonly at: readonly string[];
    readonly early: StartedProcess | undefined;
    after(lines: number): Promise<string>;
  }) => Promise<unknown>;
  /** Changes to the file: times that would take too long here. */
  readonly changes?: readonly string[];
}
interface Case extends Staging {
  readonly ending: Ending;
  readonly is: object;
}

/** No two are alike, and none says goodbye. */
const line = ({ speaker, time }: Asked): string =>
  ['fog', 'rope', 'lamp', 'stair', 'coin', 'bread'].map((word) => `${word} ${speaker} ${time}`).join(', ');
const text = (of: Asked, more: string): string => `${line(of)}.\n${more}`;
const dear = (promptTokens: number): Script => {
  return (asked) => ({ kind: 'reply', text: line(asked), promptTokens });
};

const cases: readonly Case[] = [
  {
    file: 'writers-room',
    ending: 'max-turns',
    script: (asked) => `${line(asked)}. @${asked.speaker === 'rosa' ? 'olga' : 'rosa'}`,
    is: { detail: '12' },
  },
  {
    file: 'open-house',
    ending: 'max-duration',
    script: line,
    changes: ['limits.duration=3 s'],
    is: { detail: '3 s' },
  },
  { file: 'interview', ending: 'token-budget', script: dear(25_000), is: { detail: '60000 tokens' } },
  {
    file: 'second-opinion',
    ending: 'cost-budget',
    script: dear(45_000),
    is: { detail: '$0.08 of editor', by: 'editor' },
  },
  {
    file: 'red-team',
    ending: 'stop-phrase',
    script: (asked) => (asked.speaker === 'assistant' ? text(asked, 'HERON-4471') : text(asked, 'Say it.')),
    is: { detail: 'HERON-4471', by: 'assistant' },
  },
  {
    file: 'negotiation',
    ending: 'agreed',
    script: (asked) => (asked.time < 3 ? line(asked) : text(asked, '[DONE]')),
    is: { detail: '2 voted done in a row' },
  },
  {
    file: 'debate',
    ending: 'agreed',
    script: (asked) =>
      asked.speaker !== 'judge' ? line(asked) : text(asked, asked.time < 2 ? 'And you, @con?' : '[DONE]'),
    is: { detail: 'closed by the moderator', by: 'judge' },
  },
  {
    file: 'twenty-questions',
    ending: 'agreed',
    script: (asked) => (asked.wanted === 'line' ? line(asked) : asked.time < 2 ? '60' : '0'),
    is: { detail: 'no member wants to speak' },
  },
  {
    file: 'customer',
    ending: 'agent-left',
    script: line,
    async before({ router }) {
      const bot = await Peer.join(router.url, 'bot');
      void bot.next('turn').then(({ conversation }) => bot.send({ type: 'leave', conversation }));
    },
    is: { detail: 'bot', by: 'bot' },
  },
  {
    file: 'customer',
    ending: 'absent',
    script: line,
    before: ({ router, env }) => startAgent(['bot', 'customer'], { ROUTER_URL: router.url, ...env }),
    async act({ early, after }) {
      await after(3);
      await early?.kill();
    },
    // A bot of one's own, which is not started here and goes away.
    changes: ['endings.absent=500 ms', 'cast.bot.external=true'],
    is: { detail: 'bot', by: 'bot' },
  },
  {
    file: 'socratic-tutor',
    ending: 'repetition',
    script: () => 'And what makes you so sure that it is so, if I may ask?',
    is: { detail: '4 messages in a row are 100 % alike' },
  },
  {
    file: 'customer',
    ending: 'farewell-loop',
    script: ({ speaker }) => `Goodbye, and thanks again from the ${speaker}!`,
    is: { detail: '4 goodbyes in a row' },
  },
  {
    file: 'debate',
    ending: 'failed',
    script: ({ speaker }) =>
      speaker === 'pro' ? { kind: 'error', status: 401, code: 'invalid_api_key' } : 'Well, @pro?',
    is: { detail: expect.stringContaining('model-unauthorized'), by: 'pro' },
  },
  {
    file: 'open-house',
    ending: 'operator',
    script: line,
    async act({ at, after }) {
      await answerOf('end', await after(2), 'the last one locks up', ...at);
    },
    is: { detail: 'the last one locks up', by: 'operator' },
  },
];

const exitCodes: Partial<Record<Ending, number>> = {
  failed: 10,
  absent: 11,
  'agent-left': 12,
  repetition: 13,
  'farewell-loop': 14,
  'token-budget': 15,
  'cost-budget': 16,
  operator: 17,
};

const speakerOf = (messages: ChatRequest['messages']): string =>
  /^You are (\S+?)\. /.exec(messages[0]?.content ?? '')?.[1] ?? '';

const answering = (script: Script): ((request: ChatRequest) => Behaviour) => {
  const times = new Map<string, number>();
  return ({ messages }) => {
    const speaker = speakerOf(messages);
    const wanted = messages.at(-1)?.content.includes('Do not speak yet') ? 'bid' : 'line';
    const key = `${speaker} ${wanted}`;
    const time = (times.get(key) ?? 0) + 1;
    times.set(key, time);
    const answer = script({ speaker, wanted, time });
    return typeof answer === 'string' ? { kind: 'reply', text: answer } : answer;
  };
};

/** Runs the file itself, on a router of its own, with every member a process. */
const runShipped = async ({ file, script, before, act, changes = [] }: Staging) => {
  const model = await FakeOpenAi.start();
  model.script = answering(script);
  const env = { OPENAI_BASE_URL: model.baseUrl, OPENAI_API_KEY: 'k', OPENAI_MODEL: localModel };
  const router = await RunningRouter.start();
  const at = ['--url', router.url];
  const early = (await before?.({ router, env })) ?? undefined;
  await early?.logged('registered');
  const sets = ['turn.pace=0 s', ...changes].flatMap((change) => ['--set', change]);
  const command = parley(['run', `scenarios/${file}.yaml`, ...at, ...sets], {
    AGENT_MODEL_KIND: 'auto',
    ...env,
  });
  const after = async (lines: number) =>
    (await router.when(`${lines} lines`, ({ turns }) => turns >= lines)).id;
  await act?.({ router, at, early, after });
  const { code } = await command.exit(60_000);
  const [conversation] = await router.conversations();
  if (!conversation) throw new Error(`${file} was not opened: ${command.stderr}`);
  const entries = await router.entries(conversation.id);
  await Promise.all([router.process.kill(), early?.kill()]);
  await model.stop();
  const requests = model.requests.map(({ body: { messages } }) => ({
    speaker: speakerOf(messages),
    system: messages[0]?.content ?? '',
    all: messages.map(({ content }) => content).join('\n'),
  }));
  return { code, entries, requests };
};

afterAll(killAll);

describe('a scenario that comes with it, with models of no known price', () => {
  const policies = new Set<string>();

  it.concurrent.each(cases)('the shipped scenario $file ends $ending', async ({ ending, is, ...staging }) => {
    const { code, entries } = await runShipped(staging);
    expect(entries.at(-1)).toMatchObject({ type: 'ended', reason: ending, ...is });
    expect(code).toBe(exitCodes[ending] ?? 0);
    const [opened] = entries;
    if (opened?.type === 'opened') policies.add(opened.policy);
  });

  it('the shipped scenarios reach every ending, under every policy', () => {
    expect([...new Set(cases.map(({ ending }) => ending))].toSorted()).toEqual([...endings].toSorted());
    expect([...policies].toSorted()).toEqual([...policyNames].toSorted());
  });
});

describe('a cast', () => {
  it.concurrent('a cast has its stances and private goals in every call, so that members do not become polite', async () => {
    const { requests } = await runShipped({
      file: 'negotiation',
      script: (asked) => ({ kind: 'reply', text: line(asked), delayMs: 200 }),
      changes: ['limits.turns=100'],
      async act({ router, at, after }) {
        const id = await after(2);
        await answerOf('pause', id, ...at);
        await answerOf('whisper', id, 'seller', 'Stand firm: no word below 13,000.', ...at);
        await answerOf('recast', id, 'buyer', '--persona', 'You turn rude, and mean to leave.', ...at);
        await answerOf('step', id, '4', ...at);
        await router.when('four lines later', ({ status }) => status === 'paused');
        await answerOf('end', id, ...at);
      },
    });
    const of = (name: string) => requests.filter(({ speaker }) => speaker === name);
    const [seller, buyer] = [of('seller'), of('buyer')];
    for (const { system } of seller) expect(system).toContain('PRIVATE: you take no less than 10,500');
    for (const { all } of buyer) expect(all).not.toMatch(/10,500|Stand firm/);
    for (const { all } of seller) expect(all).not.toMatch(/11,800|rude/);
    expect(seller.at(-1)?.all).toContain('Stand firm: no word below 13,000.');
    expect(buyer[0]?.system).toContain('PRIVATE: you can pay 11,800 at most');
    expect(buyer.at(-1)?.system).toContain('You turn rude, and mean to leave.');
  });

  it.concurrent('a cast is waited for at the start, for a limited time, before a model is called', async () => {
    const { code, entries, requests } = await runShipped({
      file: 'customer',
      script: line,
      changes: ['cast.bot.external=true', 'endings.gather=500 ms'],
    });
    expect(entries.map(({ type }) => type)).toEqual(['opened', 'said', 'ended']);
    expect(entries.at(-1)).toMatchObject({ reason: 'absent', detail: 'bot' });
    expect(code).toBe(11);
    expect(requests).toEqual([]);
  });
});

it('a scenario with a money cap is not opened for a model without a price, and the reason is shown', async () => {
  const command = parley(
    ['run', 'scenarios/second-opinion.yaml', '--port', '0', '--set', `cast.editor.model=${localModel}`],
    { AGENT_MODEL_KIND: 'rehearsal' },
  );
  expect(await command.exit()).toEqual({ code: 1, signal: null });
  expect(command.stderr).toMatch(
    /money cap and no price for the model a-local-model, with which editor speaks/,
  );
  expect(command.stderr).toMatch(/ROUTER_PRICES may give the price; --set limits\.cost=0/);
});
