import type { ClientFrame, Limits } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { openAuthenticator } from '../../src/identity/authenticator.ts';
import { unrestricted } from '../../src/identity/identity.ts';
import { AgentSession } from '../../src/sessions/agent-session.ts';
import { limits } from '../core/talk.ts';
import { Plain } from '../plain-client.ts';
import { FakeConnection, RouterBench } from '../router-harness.ts';

/** A `parley.v1` session on a connection that records. */
class Agent {
  readonly connection = new FakeConnection();
  readonly #session: AgentSession;
  readonly #bench: RouterBench;

  constructor(bench: RouterBench, name: string, more: object = {}) {
    this.#bench = bench;
    const setting = {
      router: bench.router,
      authenticator: openAuthenticator,
      defaults: limits(),
      routerName: 'test',
    } as const;
    this.#session = new AgentSession(setting, { connection: this.connection, identity: unrestricted });
    this.#session.receive(JSON.stringify({ type: 'register', name, ...more }));
  }

  async send(frame: ClientFrame): Promise<object | undefined> {
    this.#session.receive(JSON.stringify(frame));
    await this.#bench.settled();
    return this.connection.frames.at(-1);
  }

  async leave(): Promise<void> {
    this.#session.closed();
    await this.#bench.settled();
  }

  get turns() {
    return this.connection.frames.filter(({ type }) => type === 'turn');
  }
}

const say = (turn?: number): ClientFrame => ({
  type: 'say',
  conversation: 'c1',
  text: 'not asked for',
  ...(turn !== undefined && { turn }),
});
const fail = (turn: number, more: object = {}): ClientFrame =>
  ({ type: 'pass', conversation: 'c1', turn, reason: 'model-unavailable', ...more }) as ClientFrame;

/** Ways in which a turn waits although its member is there. */
const waits: Record<string, (bench: RouterBench) => Promise<unknown>> = {
  'a pause': async (bench) => {
    await bench.open('c1');
    await bench.submit('c1', { type: 'pause', by: 'op' });
  },
  'a pace': (bench) => bench.open('c1', { limits: limits({ paceMs: 3_600_000 }) }),
  'a gathering': (bench) =>
    bench.open('c1', { members: ['ann', 'bob', 'zoe'], limits: limits({ gatherMs: 3_600_000 } as Limits) }),
};

describe.each(Object.entries(waits))('while %s holds a turn back', (_, hold) => {
  it('no agent takes a turn that is held back, with the number of the turn or without', async () => {
    const bench = new RouterBench();
    await hold(bench);
    const agents = [new Agent(bench, 'ann'), new Agent(bench, 'bob')];
    const before = bench.types('c1').length;
    for (const agent of agents)
      for (const frame of [say(1), say(2), say(), fail(1), fail(1, { reason: 'declined' })])
        expect(await agent.send(frame)).toMatchObject({ type: 'refused' });
    expect(agents.flatMap(({ turns }) => turns)).toEqual([]);
    expect(bench.types('c1')).toHaveLength(before);
  });

  it('no agent takes a turn that is held back by claiming to work on it', async () => {
    const bench = new RouterBench();
    await hold(bench);
    const working = [{ conversation: 'c1', turn: 1 }];
    const ann = new Agent(bench, 'ann', { working });
    expect(await ann.send(say(1))).toMatchObject({ type: 'refused', code: 'not-your-turn' });
    bench.restart();
    const back = new Agent(bench, 'ann', { working });
    expect(await back.send(say(1))).toMatchObject({ type: 'refused', code: 'not-your-turn' });
  });

  it('no plain client is given or takes a turn that is held back', async () => {
    const bench = new RouterBench();
    const [ann, bob] = [new Plain(bench, 'ann'), new Plain(bench, 'bob')];
    await hold(bench);
    const before = bench.types('c1').length;
    await ann.send('bob', 'not asked for');
    await bob.send('ann', 'not asked for');
    expect(bench.types('c1')).toHaveLength(before);
  });
});

describe('a plain client under round-robin', () => {
  it('a plain client under round-robin is given the floor when the pause is over, and then answers', async () => {
    const bench = new RouterBench();
    const bob = new Plain(bench, 'bob');
    const ann = new Agent(bench, 'ann');
    await bench.open('c1');
    await bench.submit('c1', { type: 'pause', by: 'op' });
    await ann.send(say(1));
    expect(bench.types('c1')).toEqual(['opened', 'paused', 'said']);
    expect(bob.connection.texts).toEqual([]);
    await bench.submit('c1', { type: 'resume', by: 'op' });
    expect(bob.connection.texts).toEqual(['not asked for']);
    await bob.send('ann', 'an answer');
    expect(bench.entries('c1').at(-1)).toMatchObject({ type: 'said', from: 'bob', turn: 2 });
  });

  it('a plain client under round-robin is given the floor once when the pace has passed', async () => {
    const bench = new RouterBench();
    const bob = new Plain(bench, 'bob');
    await bench.open('c1', { limits: limits({ paceMs: 5_000 }) });
    const ann = new Agent(bench, 'ann');
    await bench.pass(5_000);
    await ann.send(say(1));
    await bench.pass(4_900);
    expect(bob.connection.texts).toEqual([]);
    await bench.pass(100);
    await bench.pass(100);
    expect(bob.connection.texts).toEqual(['not asked for']);
  });
});

describe('a step of one message', () => {
  it('an unsolicited answer does not make a step longer', async () => {
    const bench = new RouterBench();
    const agents = [new Agent(bench, 'ann'), new Agent(bench, 'bob')];
    await bench.open('c1');
    await bench.submit('c1', { type: 'pause', by: 'op' });
    await bench.submit('c1', { type: 'resume', by: 'op', lines: 1 });
    for (let turn = 1; turn < 6; turn++) await agents[(turn - 1) % 2]?.send(say(turn));
    expect(bench.types('c1').filter((type) => type === 'said')).toHaveLength(1);
  });
});

describe('another connection of the member', () => {
  it('another connection of the member neither answers nor gives back a grant of the first one', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const first = new Agent(bench, 'ann');
    const second = new Agent(bench, 'ann', { working: [{ conversation: 'c1', turn: 1 }] });
    for (const frame of [say(1), fail(1)])
      expect(await second.send(frame)).toMatchObject({ type: 'refused', code: 'not-your-turn' });
    expect(await first.send(say(1))).toMatchObject({ type: 'accepted', seq: 2 });
  });

  it('another connection of the member keeps its granted turn when the failure of the first one comes late', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ maxAttempts: 2 }) });
    const first = new Agent(bench, 'ann');
    const second = new Agent(bench, 'ann');
    await bench.pass(1_000);
    expect(second.turns).toHaveLength(1);
    await first.send(fail(1));
    expect(bench.types('c1')).toEqual(['opened', 'lapsed']);
    expect(await second.send(say(1))).toMatchObject({ type: 'accepted' });
  });
});

describe('the failure of a grant', () => {
  it('a failure of a grant that is reported twice is one attempt', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ maxAttempts: 2 }) });
    const ann = new Agent(bench, 'ann');
    const told = await ann.send(fail(1));
    expect(await ann.send(fail(1))).toEqual(told);
    expect(bench.types('c1')).toEqual(['opened', 'lapsed']);
  });

  it('a failure that names its attempt is no answer to the next grant', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ maxAttempts: 2 }) });
    const ann = new Agent(bench, 'ann');
    const told = await ann.send(fail(1, { attempt: 1 }));
    await bench.pass(1_000);
    expect(ann.turns).toHaveLength(2);
    expect(await ann.send(fail(1, { attempt: 1 }))).toEqual(told);
    expect(bench.types('c1')).toEqual(['opened', 'lapsed']);
    expect(await ann.send(say(1))).toMatchObject({ type: 'accepted' });
  });
});

describe('a connection that comes back and works on a turn', () => {
  it('a connection that returns with its turn keeps it when the router was restarted meanwhile', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    new Agent(bench, 'ann');
    bench.restart();
    const back = new Agent(bench, 'ann', { working: [{ conversation: 'c1', turn: 1 }] });
    expect(back.turns).toEqual([]);
    expect(await back.send(say(1))).toMatchObject({ type: 'accepted', seq: 2 });
  });

  it('a connection that returns with its turn answers it although another connection was granted it meanwhile', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const first = new Agent(bench, 'ann');
    await first.leave();
    const other = new Agent(bench, 'ann');
    expect(other.turns).toHaveLength(1);
    const back = new Agent(bench, 'ann', { working: [{ conversation: 'c1', turn: 1 }] });
    expect(await back.send(say(1))).toMatchObject({ type: 'accepted', seq: 3 });
    expect(await other.send(say(1))).toMatchObject({ type: 'accepted', seq: 3 });
  });
});
