import fc from 'fast-check';
import { expect, it } from 'vitest';
import { testSeed } from '../../../../tests/harness/test-seed.ts';
import { limits } from '../core/talk.ts';
import { Plain } from '../plain-client.ts';
import { type FakeReplica, RouterBench } from '../router-harness.ts';

const runs = Number(process.env.DELIVERY_RUNS ?? 150);

const clients = ['pat', 'quin'] as const;
const agents = ['ann', 'bob'] as const;
const allNames = [...clients, ...agents];

const acts = [
  ...['plainSays', 'plainSays', 'agentAnswers', 'agentAnswers', 'agentAnswers', 'operatorSays'],
  ...['pause', 'resume', 'step', 'seat', 'unseat', 'end', 'tick', 'tick', 'passes', 'waits'],
  ...['silent', 'reads', 'pongs', 'pongs', 'breaks', 'leaves', 'comes', 'taken over', 'restart'],
] as const;
const happening = fc.record({
  act: fc.constantFrom(...acts),
  who: fc.nat(1),
  other: fc.nat(3),
  place: fc.nat(1),
});
type Happening = typeof happening extends fc.Arbitrary<infer H> ? H : never;

/** Plain clients and agents, on a router whose conversations and connections change all the time. */
class World {
  readonly bench = new RouterBench();
  readonly ids: string[] = [];
  readonly #paceMs: number;
  readonly #replicas = new Map<string, FakeReplica>();
  readonly #connected = new Map<string, Plain>();
  /** Every connection of a client, the newest last. */
  readonly connections = new Map<string, Plain[]>();
  #texts = 0;
  #opened = 0;

  constructor(paceMs: number) {
    this.#paceMs = paceMs;
    for (const name of clients) this.comes(name);
    this.#connectAgents();
  }

  #connectAgents(): void {
    for (const name of agents) this.#replicas.set(name, this.bench.connect(name, { capacity: 8 }));
  }

  async open(place: number): Promise<void> {
    const id = `c${++this.#opened}`;
    this.ids[place] = id;
    const more = { paceMs: this.#paceMs, onFailure: 'retry' } as const;
    await this.bench.open(id, {
      by: agents[place] as string,
      members: allNames,
      policy: 'addressed',
      limits: limits(more),
    });
  }

  comes(name: string): void {
    const client = new Plain(this.bench, name);
    this.#connected.set(name, client);
    this.connections.set(name, [...(this.connections.get(name) ?? []), client]);
  }

  goes(name: string, orderly: boolean): void {
    this.#connected.get(name)?.leave({ orderly });
    this.#connected.delete(name);
  }

  plain(name: string): Plain | undefined {
    return this.#connected.get(name);
  }

  text(): string {
    return `text ${++this.#texts}`;
  }

  async answers(name: string, id: string, target: string): Promise<void> {
    const replica = this.#replicas.get(name) as FakeReplica;
    const turn = this.bench.turns(replica).findLast(({ conversation }) => conversation === id);
    if (!turn || target === name) return;
    const attempt = this.bench.router.answers.match(replica, turn)?.attempt;
    const { turn: number } = turn;
    await this.bench.submit(id, {
      type: 'say',
      from: name,
      turn: number,
      attempt,
      target,
      text: this.text(),
    });
  }

  restart(): void {
    this.bench.router.plainDelivery.save();
    this.bench.restart();
    this.#connectAgents();
    for (const name of [...this.#connected.keys()]) this.comes(name);
  }
}

const happen = async (world: World, { act, who, other, place }: Happening): Promise<void> => {
  const name = clients[who] as string;
  const agent = agents[who] as string;
  const target = allNames[other] as string;
  const id = world.ids[place] as string;
  const client = world.plain(name);
  const submit = (command: Parameters<RouterBench['submit']>[1]) => world.bench.submit(id, command);
  switch (act) {
    case 'plainSays':
      client?.session.receive(JSON.stringify({ conversation: id, target, text: world.text() }));
      return world.bench.settled();
    case 'agentAnswers':
      return world.answers(agent, id, target);
    case 'operatorSays':
      await submit({ type: 'say', from: 'ops', target: name, text: world.text(), as: 'operator' });
      return undefined;
    case 'pause':
    case 'end':
      await submit({ type: act, by: 'ops' });
      if (act === 'end') await world.open(place);
      return undefined;
    case 'resume':
    case 'step':
      await submit({ type: 'resume', by: 'ops', ...(act === 'step' && { lines: 1 }) });
      return undefined;
    case 'seat':
    case 'unseat':
      await submit({ type: act, who: name, by: 'ops' });
      return undefined;
    case 'tick':
      return world.bench.pass(1_000);
    case 'waits':
      return world.bench.pass(4_000);
    case 'passes':
      client?.session.receive(JSON.stringify({ type: 'pass', conversation: id }));
      return world.bench.settled();
    case 'silent':
    case 'reads':
      if (client) client.connection.isSilent = act === 'silent';
      return undefined;
    case 'pongs':
      if (client && client.connection.pings > 0) client.session.ponged(client.connection.pings);
      return undefined;
    case 'breaks':
    case 'leaves':
      return world.goes(name, act === 'leaves');
    case 'comes':
      if (!client) world.comes(name);
      return undefined;
    case 'taken over':
      return world.comes(name);
    case 'restart':
      return world.restart();
    default:
      return act satisfies never;
  }
};

/** Nothing is against any message any more. */
const settle = async (world: World): Promise<void> => {
  for (const name of clients) {
    if (!world.plain(name)) world.comes(name);
    (world.plain(name) as Plain).connection.isSilent = false;
  }
  for (const id of world.ids) {
    for (const who of clients) await world.bench.submit(id, { type: 'unseat', who, by: 'ops' });
    await world.bench.submit(id, { type: 'resume', by: 'ops' });
  }
  for (let i = 0; i < 5; i++) {
    await world.bench.pass(5_000);
    for (const name of clients) world.plain(name)?.session.ponged(world.plain(name)?.connection.pings ?? 0);
  }
  for (const id of world.ids) await world.bench.submit(id, { type: 'end', by: 'ops' });
  await world.bench.pass(1_000);
};

interface Message {
  readonly conversation: string;
  readonly seq: number;
  readonly text: string;
  readonly heard?: readonly { readonly text: string }[];
}

const messagesOf = ({ connection }: Plain): Message[] =>
  connection.sent.map((frame) => JSON.parse(frame)).filter(({ type }) => type === 'message');

it(`a plain client is sent every message that is addressed to it, in order on each connection (PARLEY_SEED=${testSeed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 3_000),
      fc.array(happening, { minLength: 10, maxLength: 60, size: 'max' }),
      async (paceMs, happenings) => {
        const world = new World(paceMs);
        for (const place of [0, 1]) await world.open(place);
        for (const one of happenings) await happen(world, one);
        await settle(world);
        for (const name of clients) {
          const connections = (world.connections.get(name) ?? []).map(messagesOf);
          for (const messages of connections)
            for (const id of new Set(messages.map(({ conversation }) => conversation))) {
              // A message may be sent again, for example when its turn has lapsed. What is new comes in order.
              const seqs = new Set(
                messages.filter(({ conversation }) => conversation === id).map(({ seq }) => seq),
              );
              expect([...seqs], `${name} in ${id}`).toEqual([...seqs].sort((a, b) => a - b));
            }
          const received = new Set(
            connections.flat().flatMap(({ text, heard = [] }) => [text, ...heard.map((part) => part.text)]),
          );
          const missing = world.bench.ledger.kept
            .readAll(0, 100_000)
            .flatMap(({ entry }) => (entry.type === 'said' && entry.target === name ? [entry.text] : []))
            .filter((text) => !received.has(text));
          expect(missing, `not sent to ${name}`).toEqual([]);
        }
        expect(world.bench.router.mailboxes.waiting).toBe(0);
        expect(world.bench.failures).toEqual([]);
      },
    ),
    { numRuns: runs },
  );
}, 120_000);
