import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { testSeed } from '../../../../tests/harness/test-seed.ts';
import { canariesIn, outsider } from './oracle.ts';
import { agents, plainName, World } from './world.ts';

const runs = Number(process.env.VISIBILITY_RUNS ?? 120);
const counted = {
  acts: 0,
  canaries: 0,
  read: 0,
  shared: 0,
  logged: 0,
  entries: {} as Record<string, number>,
};
afterAll(() => console.log(`visibility: PARLEY_SEED=${testSeed}`, counted));

const allNames = [...agents, plainName, outsider];

/** One thing that happens. Which it is, and who and what it concerns; what is not possible is refused by the router. */
const acts = [
  ...[
    'say',
    'say',
    'aside',
    'aside',
    'answer',
    'answer',
    'answer',
    'answer',
    'answerAside',
    'pass',
    'fail',
    'fail',
  ],
  ...['streamed', 'bid', 'summary', 'whisper', 'recast', 'invite', 'inviteLate', 'join', 'leave', 'address'],
  ...[
    'seat',
    'sayFromSeat',
    'unseat',
    'operatorAside',
    'operatorSays',
    'fork',
    'follow',
    'history',
    'reconnect',
  ],
  ...[
    'plainSays',
    'plainReconnects',
    'open',
    'open',
    'time',
    'pause',
    'resume',
    'end',
    'answerEach',
    'answerEach',
  ],
  ...['restart', 'prompt'],
] as const;
type Act = (typeof acts)[number];

interface RouterEvent {
  readonly act: Act;
  readonly who: number;
  readonly other: number;
  readonly place: number;
}

const action = fc.record({
  act: fc.constantFrom(...acts),
  who: fc.nat(agents.length - 1),
  other: fc.nat(agents.length),
  place: fc.nat(3),
});

const setting = fc.record({
  policy: fc.constantFrom('open', 'round-robin', 'volunteer', 'addressed', 'moderator'),
  onFailure: fc.constantFrom('end', 'skip', 'retry'),
  members: fc.subarray([...agents, plainName], { minLength: 2 }),
  hears: fc.boolean(),
  admission: fc.constantFrom(undefined, 'open'),
});
type Setting = typeof setting extends fc.Arbitrary<infer S> ? S : never;

const open = (world: World, { policy, onFailure, members, hears, admission }: Setting) => {
  const [first, second] = members as [string, string];
  return world.act('open', undefined, {
    members,
    policy,
    topic: world.canary(),
    cast: members.map((name) => ({ name, persona: world.canary(), model: world.canary() })),
    ...(hears && { hears: [{ from: second, to: [first] }] }),
    ...(admission && { admission }),
    limits: { onFailure, maxAttempts: 1, maxRepetition: 0.9, farewells: true },
  });
};

const happen = async (world: World, { act, who, other, place }: RouterEvent): Promise<void> => {
  const name = agents[who] as string;
  const peer = [...agents, plainName][other] as string;
  const conversation = world.conversations[place % world.conversations.length] as string;
  const usage = () => ({ inputTokens: 3, outputTokens: 2, model: world.canary() });
  const [turn] = world.turns(name);
  const answering = { conversation: turn?.conversation ?? conversation, turn: turn?.turn ?? 1 };
  switch (act) {
    case 'say':
      return world.send(name, { type: 'say', conversation, text: world.canary() });
    case 'aside':
      return world.send(name, { type: 'say', conversation, text: world.canary(), to: [peer] });
    case 'address':
      return world.send(name, { type: 'say', conversation, text: world.canary(), target: peer });
    case 'answer':
      return world.send(name, { type: 'say', ...answering, text: world.canary(), usage: usage() });
    case 'answerEach':
      for (const one of agents) {
        const [given] = world.turns(one);
        const at = given && { conversation: given.conversation, turn: given.turn };
        if (at) world.send(one, { type: 'say', ...at, text: world.canary(), usage: usage() });
        await world.settled();
      }
      return world.send(plainName, { target: name, text: world.canary() });
    case 'answerAside':
      return world.send(name, { type: 'say', ...answering, text: world.canary(), to: [peer] });
    case 'streamed':
      world.send(name, { type: 'chunk', ...answering, text: world.canary() });
      return world.send(name, { type: 'say', ...answering, text: world.canary(), to: [peer] });
    case 'bid':
      return world.send(name, { type: 'bid', ...answering, score: 50, usage: usage() });
    case 'pass':
      return world.send(name, { type: 'pass', ...answering, reason: 'declined', detail: world.canary() });
    case 'fail': {
      const detail = `HTTP 400: ${world.canary()}`;
      return world.send(name, {
        type: 'pass',
        ...answering,
        reason: 'model-rejected',
        detail,
        usage: usage(),
      });
    }
    case 'summary':
      return world.send(name, { type: 'summary', conversation, through: 1, text: world.canary() });
    case 'whisper':
      return world.act('whisper', conversation, { to: [name], text: world.canary() });
    case 'recast':
      return world.act('recast', conversation, { role: { name, persona: world.canary() } });
    case 'invite':
      return world.act('invite', conversation, { who: name });
    case 'inviteLate':
      return world.act('invite', conversation, { who: name, history: false });
    case 'join':
      world.send(outsider, { type: 'join', conversation: world.conversations[0] });
      return world.send(name, { type: 'join', conversation, history: other % 2 === 0 });
    case 'leave':
      return world.send(name, { type: 'leave', conversation });
    case 'seat':
    case 'unseat':
      return world.act(act, conversation, { who: name });
    case 'sayFromSeat':
      return world.act('say', conversation, { as: name, text: world.canary(), to: [peer] });
    case 'operatorAside':
      return world.act('say', conversation, { text: world.canary(), to: [peer] });
    case 'operatorSays':
      return world.act('say', conversation, { text: world.canary() });
    case 'fork': {
      const last = world.bench.router.conversations.find(conversation)?.seq ?? 1;
      const at = Math.max(1, last - other);
      return world.act('fork', conversation, { at, cast: [{ name, persona: world.canary() }] });
    }
    case 'follow':
    case 'history':
      for (const one of [name, outsider])
        world.send(one, { type: 'history', conversation, follow: act === 'follow' });
      return undefined;
    case 'reconnect':
      return world.connect(name);
    case 'plainReconnects':
      return world.connectPlain();
    case 'plainSays':
      return world.send(plainName, { target: name, text: world.canary() });
    case 'open': {
      const members = agents.filter((_, index) => index === who || (other + index) % 3 > 0);
      const policy = (['open', 'round-robin', 'addressed'] as const)[place % 3] ?? 'open';
      if (world.conversations.length >= 4) return undefined;
      const hears = other % 2 === 0;
      const all = [...members, ...(place > 0 ? [plainName] : [])];
      return open(world, { policy, onFailure: 'skip', members: all, hears, admission: undefined });
    }
    case 'time':
      return world.bench.pass(2_000 * (other + 1));
    case 'restart':
      return world.restart();
    case 'prompt':
      return world.askPrompt(name, conversation);
    case 'pause':
    case 'resume':
      return world.act(act, conversation, {});
    case 'end':
      // Most runs go on: an ended conversation takes no more.
      return other === 0 ? world.act('end', conversation, { detail: world.canary() }) : undefined;
    default:
      return act satisfies never;
  }
};

/** Every path once more, as every name: history, the first grant of a new connection, delivery, HTTP. */
const readAll = async (world: World): Promise<void> => {
  for (const name of agents) world.connect(name);
  world.connectPlain();
  await world.settled();
  for (const name of [...agents, outsider])
    for (const conversation of world.conversations) {
      world.send(name, { type: 'history', conversation });
      await world.settled();
    }
};

const expectNoLeak = (world: World): void => {
  for (const name of allNames) {
    const read = world.conversations.flatMap((id) => world.readAs(name, id));
    for (const [path, text] of [
      ['its connections', world.told(name)],
      ['HTTP', JSON.stringify(read)],
    ] as const) {
      const found = canariesIn(text);
      counted.read += found.length;
      const leaked = new Set(found.filter((canary) => !world.oracle.mayKnow(canary, name)));
      const how = text.split('\n').filter((frame) => canariesIn(frame).some((canary) => leaked.has(canary)));
      expect(how, `${name} was told what it must not know, by ${path}`).toEqual([]);
    }
  }
};

/** A share link is for one conversation, and tells nothing of who is connected. The log tells nothing that was said. */
const expectNoOther = (world: World): void => {
  for (const [id, events] of world.shared)
    for (const [, type, data = ''] of events.join('').matchAll(/^event: (\w+)\ndata: (.*)$/gm)) {
      expect(['entry', 'chunk'], `an event for a reader with a share link: ${data}`).toContain(type);
      expect(JSON.parse(data).conversation).toBe(id);
    }
  const events = [...world.shared.values()].flat();
  counted.shared += events.length;
  counted.logged += world.log.length;
  expect(canariesIn(world.log.join('')), 'in the log').toEqual([]);
};

/** What is hidden too well would pass as well: a member is shown all that it may know. */
const expectAllShown = (world: World): void => {
  for (const id of world.conversations)
    for (const name of world.oracle.members(id)) {
      const shown = new Set(canariesIn(JSON.stringify(world.readAs(name, id))));
      const missing = world.oracle.knownTo(name, id).filter((canary) => !shown.has(canary));
      expect(missing, `${name}, a member of ${id}, is not shown what it may know`).toEqual([]);
    }
};

it(`no path out of the router shows a reader what it must not see, and members see all that they may (PARLEY_SEED=${testSeed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      setting,
      fc.array(action, { minLength: 30, maxLength: 120, size: 'max' }),
      async (how, what) => {
        const world = new World();
        await open(world, how);
        for (const one of what) {
          await happen(world, one);
          await world.settled();
          counted.acts++;
        }
        await readAll(world);
        for (const { entry } of world.bench.ledger.kept.readAll(0, 10_000))
          counted.entries[entry.type] = (counted.entries[entry.type] ?? 0) + 1;
        counted.canaries += Number(world.canary().split('-')[1]);
        expect(world.bench.failures).toEqual([]);
        expectNoLeak(world);
        expectNoOther(world);
        expectAllShown(world);
        world.close();
      },
    ),
    { numRuns: runs },
  );
}, 120_000);
