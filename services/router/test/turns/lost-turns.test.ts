import type { Entry, Limits } from '@parley/protocol';
import { expect, it } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import { openAuthenticator } from '../../src/identity/authenticator.ts';
import { unrestricted } from '../../src/identity/identity.ts';
import { AgentSession } from '../../src/sessions/agent-session.ts';
import { limits } from '../core/talk.ts';
import { Plain } from '../plain-client.ts';
import { FakeConnection, RouterBench } from '../router-harness.ts';

interface Turn {
  readonly conversation: string;
  readonly turn: number;
  readonly attempt: number;
  readonly wanted?: string;
}

/** A `parley.v1` session on a connection that records. */
class Agent {
  readonly connection = new FakeConnection();
  readonly #session: AgentSession;

  constructor(bench: RouterBench, name: string, more: object = {}) {
    const setting = {
      router: bench.router,
      authenticator: openAuthenticator,
      defaults: limits(),
      routerName: 'test',
    } as const;
    this.#session = new AgentSession(setting, { connection: this.connection, identity: unrestricted });
    this.send({ type: 'register', name, capacity: 2, ...more });
  }

  send(frame: object): void {
    this.#session.receive(JSON.stringify(frame));
  }

  leave(): void {
    this.connection.isOpen = false;
    this.#session.closed();
  }

  get turns(): Turn[] {
    return this.connection.frames.filter(({ type }) => type === 'turn') as unknown as Turn[];
  }
}

const names = ['ann', 'bob', 'cat', 'dan'] as const;

/** The open turns of running conversations that are not granted and do not wait, and those that wait for such a turn. */
const lostTurns = ({ router }: RouterBench): string[] => {
  const { conversations, grants, bids, scheduler } = router;
  const lost: string[] = [];
  for (const { id, status, floor } of conversations.running()) {
    if (status.state !== 'running') continue;
    const isHeld = (turn: number) => bids.holds(id, turn);
    const isFound = ({ number, member }: { number: number; member: string }) =>
      grants.at(id, number) !== undefined || [...scheduler.waitingOf(member)].includes(id);
    for (const turn of floor) {
      // A held bid waits for the turns before it.
      if (!isFound(turn) && !(isHeld(turn.number) && floor.some(isFound)))
        lost.push(`${id}: turn ${turn.number} of ${turn.member}`);
    }
  }
  return lost;
};

it('a late decline of an earlier attempt leaves the turn granted or waiting', async () => {
  const bench = new RouterBench();
  const [, bob, cat] = names.map((name) => new Agent(bench, name)) as [Agent, Agent, Agent, Agent];
  await bench.open('c1', {
    members: names,
    policy: 'volunteer',
    opening: 'hello',
    limits: limits({ onFailure: 'retry', turnDeadlineMs: 500 }),
  });
  await bench.pass(600);
  await bench.pass(50);
  expect(cat.turns).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
  const { turn } = cat.turns[0] as Turn;
  cat.send({ type: 'pass', conversation: 'c1', turn, attempt: 1, reason: 'declined' });
  await bench.settled();
  // The grant of attempt 2 runs on, and cat is not asked a second time.
  expect(bench.router.grants.at('c1', turn)).toMatchObject({ attempt: 2 });
  expect(cat.turns).toHaveLength(2);
  bob.send({ type: 'bid', conversation: 'c1', turn: bob.turns.at(-1)?.turn, attempt: 2, score: 3 });
  await bench.settled();
  await bench.submit('c1', { type: 'note', by: 'op', kind: 'whisper', to: ['ann'], text: 'x' });
  expect(lostTurns(bench)).toEqual([]);
  for (let minutes = 0; minutes < 3; minutes++) await bench.pass(60_000);
  expect(cat.turns.length).toBeGreaterThan(2);
});

it('a decline that is held when its grant lapses leaves the turn granted or waiting', async () => {
  const bench = new RouterBench();
  const [, bob, cat] = names.map((name) => new Agent(bench, name)) as [Agent, Agent, Agent, Agent];
  await bench.open('c1', {
    members: names,
    policy: 'volunteer',
    opening: 'hello',
    limits: limits({ onFailure: 'retry', turnDeadlineMs: 500 }),
  });
  const { turn } = cat.turns[0] as Turn;
  bench.now += 600;
  bench.router.tick();
  // The lapses are submitted and not yet written.
  cat.send({ type: 'pass', conversation: 'c1', turn, attempt: 1, reason: 'declined' });
  await bench.settled();
  await bench.pass(50);
  bob.send({ type: 'bid', conversation: 'c1', turn: bob.turns.at(-1)?.turn, attempt: 2, score: 3 });
  await bench.settled();
  expect(lostTurns(bench)).toEqual([]);
  expect(cat.turns).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
});

it('a turn that another process has given is granted, when a command has met its entry', async () => {
  const bench = new RouterBench();
  const [, bob] = names.map((name) => new Agent(bench, name)) as [Agent, Agent, Agent, Agent];
  await bench.open('c1', { members: ['ann', 'bob'], policy: 'round-robin' });
  const theirs = {
    type: 'said',
    seq: 2,
    at: bench.now,
    from: 'ann',
    text: 'a message',
    turn: 1,
    floor: ['bob'],
  } as const;
  await bench.ledger.kept.append([{ conversation: 'c1', expectedSeq: 1, entries: [theirs] }]);
  await bench.submit('c1', { type: 'note', by: 'op', kind: 'whisper', to: ['ann'], text: 'x' });
  await bench.pass(1_000);
  expect(bob.turns).toMatchObject([{ turn: 2, attempt: 1 }]);
  expect(lostTurns(bench)).toEqual([]);
  // What the ledger has and the router had not is reported.
  expect(bench.failures).toHaveLength(1);
});

/** What the ledger has of another process, from entry `seq` on, after a command has met it. */
const metEntries = async (bench: RouterBench, seq: number, ...theirs: object[]) => {
  const entries = theirs.map((entry, i) => ({ seq: seq + i, at: bench.now, ...entry })) as Entry[];
  await bench.ledger.kept.append([{ conversation: 'c1', expectedSeq: seq - 1, entries }]);
  await bench.submit('c1', { type: 'note', by: 'op', kind: 'whisper', to: ['ann'], text: 'x' });
};

/** `ann` has spoken, and `pat`, a plain client, holds turn 2. */
const withPlainGrant = async () => {
  const bench = new RouterBench();
  const ann = new Agent(bench, 'ann');
  new Plain(bench, 'pat');
  await bench.open('c1', { members: ['ann', 'pat'], limits: limits({ turnDeadlineMs: 500 }) });
  ann.send({ type: 'say', conversation: 'c1', turn: ann.turns[0]?.turn, text: 'first' });
  await bench.settled();
  const { conversations, plainTurns } = bench.router;
  const granted = (number: number) =>
    plainTurns.has({ id: 'c1' } as never, { member: 'pat', number } as never);
  expect(granted(2)).toBe(true);
  const lapses: number[] = [];
  const submit = conversations.submit.bind(conversations);
  conversations.submit = (id, command, done) => {
    if (command.type === 'lapse') lapses.push(command.turn);
    submit(id, command, done);
  };
  return { bench, granted, lapses };
};

const saidByPat = { type: 'said', from: 'pat', text: 'a message', turn: 2 } as const;

it.each(['ann', 'pat'])(
  'the plain grant of a turn that another process has closed ends, when a command has met its entry (next: %s)',
  async (next) => {
    const { bench, granted, lapses } = await withPlainGrant();
    await metEntries(bench, 3, { ...saidByPat, floor: [next] });
    await bench.pass(50);
    expect([granted(2), granted(3)]).toEqual([false, next === 'pat']);
    for (let i = 0; i < 3; i++) await bench.pass(1_000);
    expect(lapses).not.toContain(2);
  },
);

it('a plain client that is granted the next turn before the next tick keeps no grant of the closed one', async () => {
  const { bench, granted, lapses } = await withPlainGrant();
  await metEntries(bench, 3, { ...saidByPat, floor: ['pat'] });
  const state = bench.router.conversations.get('c1');
  if (!state?.floor[0]) throw new Error('no turn is open');
  bench.router.plainTurns.grant(state, state.floor[0]);
  for (let i = 0; i < 3; i++) await bench.pass(1_000);
  expect(granted(2)).toBe(false);
  expect(lapses).not.toContain(2);
});

it('no plain grant stays of a conversation that another process has ended', async () => {
  const { bench, granted, lapses } = await withPlainGrant();
  await metEntries(bench, 3, { type: 'ended', reason: 'stopped' });
  for (let i = 0; i < 3; i++) await bench.pass(1_000);
  expect(bench.router.conversations.get('c1')).toBeUndefined();
  expect(granted(2)).toBe(false);
  expect(lapses).toEqual([]);
});

it('no grant of an agent and no waiting turn stays of a conversation that another process has ended', async () => {
  const bench = new RouterBench();
  new Agent(bench, 'bob');
  await bench.open('c1', { members: ['ann', 'bob', 'cat'], policy: 'volunteer', opening: 'hello' });
  const { grants, scheduler } = bench.router;
  const held = () => [grants.inConversation('c1').length, [...scheduler.waitingOf('cat')]];
  expect(held()).toEqual([1, ['c1']]);
  await metEntries(bench, bench.entries('c1').length + 1, { type: 'ended', reason: 'stopped' });
  await bench.pass(50);
  expect(held()).toEqual([0, []]);
});

it('a turn whose offer to a plain client failed is offered with the next tick', async () => {
  const failures: unknown[] = [];
  const bench = new RouterBench({ onFault: ({ error }) => failures.push(error) });
  const ann = new Agent(bench, 'ann');
  const pat = new Plain(bench, 'pat');
  await bench.open('c1', { members: ['ann', 'pat'] });
  const { presence } = bench.router;
  const plainClient = presence.plainClient.bind(presence);
  presence.plainClient = () => {
    throw new Error('a bug');
  };
  ann.send({ type: 'say', conversation: 'c1', turn: ann.turns[0]?.turn, text: 'first' });
  await bench.settled();
  presence.plainClient = plainClient;
  expect(failures).not.toEqual([]);
  expect(pat.connection.texts).toEqual([]);
  await bench.pass(50);
  expect(pat.connection.texts).toEqual(['first']);
});

/** Numbers from 0 to 1 that are the same for the same seed. */
const random = (seed: number) => {
  let state = seed * 7919;
  return () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
};

/** Many seeds, and some with which turns were lost. */
const seeds = [...Array.from({ length: 60 }, (_, i) => i), 87, 519, 625, 652, 676, 717, 944];
const reasons = ['declined', 'nothing-to-say', 'model-unavailable', 'interrupted'] as const;

/** Random answers, also late ones, with reconnects, pauses and seats. Then time passes. Returns the turns that are lost. */
const afterRandomActs = async (seed: number): Promise<string[]> => {
  const next = random(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)] as T;
  const bench = new RouterBench();
  const submit = (command: Command) => bench.router.conversations.submit('c1', command);
  const agents = new Map(names.map((name) => [name, new Agent(bench, name)]));
  const asked: { name: (typeof names)[number]; turn: Turn }[] = [];
  const policy = pick(['volunteer', 'volunteer', 'round-robin', 'addressed', 'open'] as const);
  const more: Partial<Limits> = { onFailure: pick(['skip', 'retry']), turnDeadlineMs: 500, maxAttempts: 3 };
  new Plain(bench, 'pat');
  const members = pick([names, [...names, 'pat'], ['ann', 'pat', 'bob', 'cat']]);
  await bench.open('c1', { members, policy, opening: 'hello', limits: limits(more) });
  for (let step = 0; step < 50; step++) {
    const name = pick(names);
    const agent = agents.get(name) as Agent;
    const isNew = ({ turn, attempt }: Turn) =>
      !asked.some((one) => one.turn.turn === turn && one.turn.attempt === attempt);
    for (const turn of agent.turns.filter(isNew)) asked.push({ name, turn });
    const x = next();
    const own = asked.filter((one) => one.name === name);
    const last = next() < 0.6 ? own.at(-1) : own.length > 0 ? pick(own) : undefined;
    if (x < 0.55 && last) {
      const { wanted, turn, attempt } = last.turn;
      const place = { conversation: 'c1', turn, ...(next() < 0.7 && { attempt }) };
      if (next() < 0.35) agent.send({ type: 'pass', ...place, reason: pick(reasons) });
      else if (wanted === 'bid') agent.send({ type: 'bid', ...place, score: Math.floor(next() * 10) });
      else agent.send({ type: 'say', ...place, text: `text ${step}` });
    } else if (x < 0.6) submit({ type: 'pause', by: 'op' });
    else if (x < 0.68) submit({ type: 'resume', by: 'op' });
    else if (x < 0.72) submit({ type: 'seat', who: pick(members), by: 'op' });
    else if (x < 0.8) for (const who of members) submit({ type: 'unseat', who, by: 'op' });
    else if (x < 0.86) {
      agent.leave();
      const working = own.slice(-1).map(({ turn }) => ({ conversation: 'c1', turn: turn.turn }));
      agents.set(name, new Agent(bench, name, next() < 0.5 ? { working } : {}));
    } else {
      bench.now += pick([50, 250, 600, 2_000]);
      bench.router.tick();
    }
    if (next() < 0.8) await bench.settled();
  }
  await bench.submit('c1', { type: 'resume', by: 'op' });
  for (const who of members) await bench.submit('c1', { type: 'unseat', who, by: 'op' });
  for (let i = 0; i < 3; i++) await bench.pass(1_000);
  return lostTurns(bench).map((lost) => `seed ${seed}: ${lost}`);
};

it('after any answers, reconnects, pauses and seats, no open turn of a running conversation is lost', async () => {
  const lost: string[] = [];
  for (const seed of seeds) lost.push(...(await afterRandomActs(seed)));
  expect(lost).toEqual([]);
});
