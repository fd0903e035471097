import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openAuthenticator } from '../../src/identity/authenticator.ts';
import { unrestricted } from '../../src/identity/identity.ts';
import { Targets } from '../../src/presence/targets.ts';
import { AgentSession } from '../../src/sessions/agent-session.ts';
import { Plain } from '../plain-client.ts';
import { FakeConnection, RouterBench } from '../router-harness.ts';
import { limits } from './talk.ts';

/** An agent of `parley.v1`: it answers each grant without an addressee, as ours do. */
class Agent {
  readonly connection = new FakeConnection();
  readonly session: AgentSession;
  readonly #bench: RouterBench;
  readonly #name: string;
  #read = 0;

  constructor(bench: RouterBench, name: string, target?: string) {
    this.#bench = bench;
    this.#name = name;
    const setting = {
      router: bench.router,
      authenticator: openAuthenticator,
      defaults: limits({ maxTurns: 40 }),
      routerName: 'test',
    } as const;
    this.session = new AgentSession(setting, { connection: this.connection, identity: unrestricted });
    this.send({ type: 'register', name, capacity: 8, ...(target !== undefined && { target }) });
  }

  send(frame: object): void {
    this.session.receive(JSON.stringify(frame));
  }

  open(members: string[], more: object = {}): void {
    this.send({ type: 'open', ref: 'o', members, resume: true, ...more });
  }

  /** Answers what it has been granted since it last did; how much that was. */
  async answer(): Promise<number> {
    const turns = this.connection.frames.slice(this.#read).filter(({ type }) => type === 'turn');
    this.#read = this.connection.frames.length;
    for (const frame of turns) {
      const { conversation, turn } = frame as { conversation: string; turn: number };
      this.send({ type: 'say', conversation, turn, text: `${this.#name} says ${conversation} ${turn}` });
    }
    await this.#bench.settled();
    return turns.length;
  }
}

const talk = async (agents: readonly Agent[], rounds: number) => {
  for (let round = 0; round < rounds; round++) for (const agent of agents) await agent.answer();
};

/** Speaker and addressee of each message of the only conversation by `by`. */
const saidBy = (bench: RouterBench, by: string): string[] => {
  const [state] = [...bench.router.conversations.running()].filter((one) => one.by === by);
  return bench
    .entries(state?.id ?? '')
    .flatMap((entry) => (entry.type === 'said' ? [`${entry.from}>${entry.target}`] : []));
};
const membersOf = (bench: RouterBench, by: string) =>
  [...bench.router.conversations.running()].find((one) => one.by === by)?.members;

describe('a member who speaks to an agent', () => {
  const pair = async () => {
    const bench = new RouterBench();
    const alice = new Agent(bench, 'alice', 'bob');
    const bob = new Agent(bench, 'bob', 'alice');
    alice.open(['bob']);
    await bench.settled();
    return { bench, alice, bob };
  };

  it('a plain client that speaks to an agent is answered by it, and the target of the agent is not added to the conversation', async () => {
    const { bench, alice, bob } = await pair();
    const carol = new Plain(bench, 'carol');
    await carol.send('alice', 'What do you make of it?');
    await talk([alice, bob], 6);
    expect(carol.connection.texts).toHaveLength(1);
    expect(saidBy(bench, 'carol')).toEqual(['carol>alice', 'alice>carol']);
    expect(membersOf(bench, 'carol')).toEqual(['carol', 'alice']);
    expect(saidBy(bench, 'alice').slice(0, 4)).toEqual(['alice>bob', 'bob>alice', 'alice>bob', 'bob>alice']);
  });

  it('an agent from outside that speaks to one of a pair is answered by it', async () => {
    const { bench, alice, bob } = await pair();
    const carol = new Agent(bench, 'carol', 'alice');
    carol.open(['alice']);
    await bench.settled();
    await talk([carol, alice, bob], 3);
    expect(new Set(saidBy(bench, 'carol'))).toEqual(new Set(['carol>alice', 'alice>carol']));
    expect(new Set(saidBy(bench, 'alice'))).toEqual(new Set(['alice>bob', 'bob>alice']));
  });

  it('an agent that joins the conversation of a pair is answered there', async () => {
    const { bench, alice, bob } = await pair();
    const carol = new Agent(bench, 'carol');
    const [state] = [...bench.router.conversations.running()];
    const conversation = state?.id;
    carol.send({ type: 'join', conversation });
    carol.send({ type: 'say', conversation, text: 'May I ask?', target: 'bob' });
    await bench.settled();
    await bob.answer();
    expect(saidBy(bench, 'alice')).toEqual(['carol>bob', 'bob>carol']);
    await talk([alice, bob], 2);
    expect(saidBy(bench, 'alice').at(-1)).toBe('bob>alice');
  });

  it('a speaker is answered by an agent whose target never registers', async () => {
    const bench = new RouterBench();
    const ann = new Agent(bench, 'ann', 'ben');
    const ben = new Agent(bench, 'ben', 'zoe');
    ann.open(['ben']);
    await bench.settled();
    await talk([ann, ben], 1);
    // For a time zoe may be about to register.
    await bench.pass(19_000);
    await talk([ben, ann], 1);
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben']);
    await bench.pass(1_000);
    await talk([ben, ann], 2);
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>ann', 'ann>ben', 'ben>ann', 'ann>ben']);
  });

  it('an agent whose target never registers waits for it once, and not in each conversation', async () => {
    const bench = new RouterBench();
    const ben = new Agent(bench, 'ben', 'zoe');
    const ann = new Agent(bench, 'ann', 'ben');
    await bench.pass(20_000);
    ben.session.closed();
    const benAgain = new Agent(bench, 'ben', 'zoe');
    ann.open(['ben']);
    await bench.settled();
    await talk([ann, benAgain], 1);
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>ann']);
  });

  it('an agent without a target answers the opener at once', async () => {
    const bench = new RouterBench();
    const ann = new Agent(bench, 'ann', 'ben');
    ann.open(['ben']);
    await bench.settled();
    const ben = new Agent(bench, 'ben');
    await bench.settled();
    await talk([ann, ben], 2);
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>ann', 'ann>ben', 'ben>ann']);
  });

  it('a speaker from outside of a ring is answered by each agent of the ring', async () => {
    const bench = new RouterBench();
    const ring = [
      new Agent(bench, 'ann', 'ben'),
      new Agent(bench, 'ben', 'cat'),
      new Agent(bench, 'cat', 'ann'),
    ];
    const pat = new Plain(bench, 'pat');
    for (const name of ['ann', 'ben', 'cat']) await pat.send(name, 'hello');
    await talk(ring, 3);
    expect(pat.connection.frames.map((frame) => ('from' in frame ? frame.from : ''))).toEqual([
      'ann',
      'ben',
      'cat',
    ]);
    for (const { members } of bench.router.conversations.running()) expect(members).toHaveLength(2);
  });
});

describe('agents whose targets lead back to the opener', () => {
  const circle = ['ann>ben', 'ben>cat', 'cat>ann'];

  it('agents whose targets form a ring speak in the order of the ring, by their targets alone', async () => {
    const bench = new RouterBench();
    const ring = [
      new Agent(bench, 'ann', 'ben'),
      new Agent(bench, 'ben', 'cat'),
      new Agent(bench, 'cat', 'ann'),
    ];
    ring[0]?.open(['ben']);
    await bench.settled();
    await talk(ring, 4);
    expect(saidBy(bench, 'ann').slice(0, 6)).toEqual([...circle, ...circle]);
  });

  /** Agents of a ring register one by one, some seconds apart; the first of the ring opens as soon as it has registered. */
  const ringOf = async (size: number, order: readonly number[], pauseMs: number) => {
    const bench = new RouterBench();
    const names = Array.from({ length: size }, (_, place) => `agent-${place}`);
    const agents: Agent[] = [];
    for (const place of order) {
      const [name = '', next = ''] = [names[place], names[(place + 1) % size]];
      const agent = new Agent(bench, name, next);
      agents.push(agent);
      if (place === 0) agent.open([next]);
      await bench.settled();
      await talk(agents, 1);
      await bench.pass(pauseMs);
      await talk(agents, 1);
    }
    // In each of these rounds at least one agent answers.
    for (let round = 0; round < 2 * size && saidBy(bench, 'agent-0').length < 2 * size; round++)
      await talk(agents, 1);
    const circle = names.map((name, place) => `${name}>${names[(place + 1) % size]}`);
    return { said: saidBy(bench, 'agent-0').slice(0, 2 * size), circle };
  };

  it.each([[[0, 1, 2]], [[0, 2, 1]], [[1, 0, 2]], [[1, 2, 0]], [[2, 0, 1]], [[2, 1, 0]]])(
    'three agents of a ring go round from the first message on when they register in the order %j',
    async (order) => {
      const { said, circle } = await ringOf(3, order, 9_000);
      expect(said).toEqual([...circle, ...circle]);
    },
  );

  it('ten agents of a ring go round from the first message on, in whatever order they register', async () => {
    const places = Array.from({ length: 10 }, (_, place) => place);
    const order = fc.shuffledSubarray(places, { minLength: 10, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(order, async (one) => {
        const { said, circle } = await ringOf(10, one, 2_000);
        expect(said).toEqual([...circle, ...circle]);
      }),
      { seed: 20261126, numRuns: 50 },
    );
  });

  it('a ring whose last agent registers late goes round from then on', async () => {
    const { said, circle } = await ringOf(3, [0, 1, 2], 60_000);
    const [first = '', second = '', third = ''] = circle;
    expect(said.slice(0, 2)).toEqual([first, 'agent-1>agent-0']);
    const closed = said.indexOf(second);
    expect(said.slice(closed - 1, closed + 2)).toEqual([first, second, third]);
  });

  it('a ring of targets works although its last agent registers shortly after the first message', async () => {
    const bench = new RouterBench();
    const ann = new Agent(bench, 'ann', 'ben');
    const ben = new Agent(bench, 'ben', 'cat');
    ann.open(['ben']);
    await bench.settled();
    await talk([ann, ben], 2);
    const cat = new Agent(bench, 'cat', 'ann');
    await bench.pass(250);
    await talk([ben, cat, ann], 2);
    expect(saidBy(bench, 'ann').slice(0, 6)).toEqual([...circle, ...circle]);
  });

  it('a ring of targets works while one of its agents is disconnected, and after a restart of the router', async () => {
    const bench = new RouterBench();
    let ring = [
      new Agent(bench, 'ann', 'ben'),
      new Agent(bench, 'ben', 'cat'),
      new Agent(bench, 'cat', 'ann'),
    ];
    ring[0]?.open(['ben']);
    await bench.settled();
    await ring[0]?.answer();
    ring[2]?.session.closed();
    await ring[1]?.answer();
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>cat']);
    bench.restart();
    ring = [new Agent(bench, 'cat', 'ann'), new Agent(bench, 'ann', 'ben')];
    await talk(ring, 2);
    const ben = new Agent(bench, 'ben', 'cat');
    await bench.pass(250);
    await talk([ben, ...ring], 2);
    expect(saidBy(bench, 'ann').slice(0, 5)).toEqual([...circle, 'ann>ben', 'ben>cat']);
  });

  it('a ring of targets may contain a plain client that names its target at its registration', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat', { target: 'ann' });
    const agents = [new Agent(bench, 'ann', 'ben'), new Agent(bench, 'ben', 'pat')];
    agents[0]?.open(['ben']);
    await bench.settled();
    await talk(agents, 2);
    expect(pat.connection.frames).toMatchObject([{ type: 'message', from: 'ben', target: 'pat' }]);
    await pat.send('ann', 'on we go');
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>pat', 'pat>ann']);
  });

  it('targets count also under policy open, unless the text names a member', async () => {
    const bench = new RouterBench();
    const pair = [new Agent(bench, 'ann', 'ben'), new Agent(bench, 'ben', 'ann')];
    pair[0]?.open(['ben', 'cat'], { policy: 'open' });
    await bench.settled();
    await talk(pair, 2);
    expect(saidBy(bench, 'ann').slice(0, 3)).toEqual(['ann>ben', 'ben>ann', 'ann>ben']);
  });
});

describe('whom an agent is set to address', () => {
  const names = ['ann', 'ben', 'cat', 'dan', 'eve'];
  const target = fc.option(fc.constantFrom(...names), { nil: undefined });

  it('the targets form a ring exactly when following them leads from the opener back to it', () => {
    fc.assert(
      fc.property(
        fc.tuple(target, target, target, target, target),
        fc.constantFrom(...names),
        (all, opener) => {
          const targets = new Targets(() => 0);
          for (const [place, name] of names.entries()) targets.registered(name, all[place]);
          const next = (name: string) => {
            const to = all[names.indexOf(name)];
            return to === name ? undefined : to;
          };
          const path = [opener];
          for (let name = next(opener); name !== undefined && path.length <= 6; name = next(name)) {
            if (name === opener) break;
            path.push(name);
          }
          const closed = path.length <= 5 && next(path.at(-1) as string) === opener;
          for (const name of names) {
            const aim = targets.aimOf(name, opener);
            if (next(name) === undefined) expect(aim).toBeUndefined();
            else expect(aim).toEqual({ target: next(name), ring: closed ? path : [] });
          }
        },
      ),
      { seed: 20261126, numRuns: 500 },
    );
  });

  it('the targets of only the newest fifty thousand names are remembered', () => {
    const targets = new Targets(() => 0);
    targets.registered('ann', 'ben');
    for (let i = 0; i < 50_000; i++) targets.registered(`agent-${i}`, 'ann');
    expect(targets.aimOf('ann', 'ann')).toBeUndefined();
    expect(targets.aimOf('agent-0', 'agent-0')).toEqual({ target: 'ann', ring: [] });
  });

  it('the target of an agent is ignored when its token does not allow it', async () => {
    const bench = new RouterBench();
    const identity = { ...unrestricted, send: ['ben'] };
    const setting = {
      router: bench.router,
      authenticator: openAuthenticator,
      defaults: limits(),
      routerName: 'test',
    } as const;
    const session = new AgentSession(setting, { connection: new FakeConnection(), identity });
    session.receive(JSON.stringify({ type: 'register', name: 'ann', target: 'cat' }));
    expect(bench.router.presence.targets.aimOf('ann', 'ann')).toBeUndefined();
  });
});
