import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openAuthenticator } from '../../src/identity/authenticator.ts';
import { unrestricted } from '../../src/identity/identity.ts';
import { Targets } from '../../src/presence/targets.ts';
import { AgentSession } from '../../src/sessions/agent-session.ts';
import { Plain } from '../plain-client.ts';
import { saidBy, TargetAgent, talk } from '../presence/target-agent.ts';
import { FakeConnection, RouterBench } from '../router-harness.ts';
import { limits } from './talk.ts';

const membersOf = (bench: RouterBench, by: string) =>
  [...bench.router.conversations.running()].find((one) => one.by === by)?.members;

describe('a member who speaks to an agent', () => {
  const pair = async () => {
    const bench = new RouterBench();
    const alice = new TargetAgent(bench, 'alice', 'bob');
    const bob = new TargetAgent(bench, 'bob', 'alice');
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
    const carol = new TargetAgent(bench, 'carol', 'alice');
    carol.open(['alice']);
    await bench.settled();
    await talk([carol, alice, bob], 3);
    expect(new Set(saidBy(bench, 'carol'))).toEqual(new Set(['carol>alice', 'alice>carol']));
    expect(new Set(saidBy(bench, 'alice'))).toEqual(new Set(['alice>bob', 'bob>alice']));
  });

  it('an agent that joins the conversation of a pair is answered there', async () => {
    const { bench, alice, bob } = await pair();
    const carol = new TargetAgent(bench, 'carol');
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
    const ann = new TargetAgent(bench, 'ann', 'ben');
    const ben = new TargetAgent(bench, 'ben', 'zoe');
    ann.open(['ben']);
    await bench.settled();
    await talk([ann, ben], 1);
    // For a time zoe may be about to register.
    await bench.pass(4_000);
    await talk([ben, ann], 1);
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben']);
    await bench.pass(1_000);
    await talk([ben, ann], 2);
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>ann', 'ann>ben', 'ben>ann', 'ann>ben']);
  });

  it('agents that register without end hold up the answer to a speaker for 20 s at most', async () => {
    const bench = new RouterBench();
    const ann = new TargetAgent(bench, 'ann', 'ben');
    const ben = new TargetAgent(bench, 'ben', 'zoe');
    ann.open(['ben']);
    await bench.settled();
    await talk([ann], 1);
    for (let second = 1; second < 20; second++) {
      new TargetAgent(bench, `other-${second}`, 'ann');
      await bench.pass(1_000);
      await talk([ben], 1);
    }
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben']);
    await bench.pass(1_000);
    await talk([ben], 1);
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>ann']);
  });

  it('an agent whose target never registers waits for it once, and not in each conversation', async () => {
    const bench = new RouterBench();
    const ben = new TargetAgent(bench, 'ben', 'zoe');
    const ann = new TargetAgent(bench, 'ann', 'ben');
    await bench.pass(5_000);
    ben.session.closed();
    const benAgain = new TargetAgent(bench, 'ben', 'zoe');
    ann.open(['ben']);
    await bench.settled();
    await talk([ann, benAgain], 1);
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>ann']);
  });

  it('an agent without a target answers the opener at once', async () => {
    const bench = new RouterBench();
    const ann = new TargetAgent(bench, 'ann', 'ben');
    ann.open(['ben']);
    await bench.settled();
    const ben = new TargetAgent(bench, 'ben');
    await bench.settled();
    await talk([ann, ben], 2);
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>ann', 'ann>ben', 'ben>ann']);
  });

  it('a speaker from outside of a ring is answered by each agent of the ring', async () => {
    const bench = new RouterBench();
    const ring = [
      new TargetAgent(bench, 'ann', 'ben'),
      new TargetAgent(bench, 'ben', 'cat'),
      new TargetAgent(bench, 'cat', 'ann'),
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
