import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { testSeed } from '../../../../tests/harness/test-seed.ts';
import type { Outcome } from '../../src/conversations/conversations.ts';
import type { Command } from '../../src/core/command.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import type { Replica } from '../../src/presence/replica.ts';
import { makeRouter, type Router } from '../../src/router.ts';
import type { Grant } from '../../src/turns/grants/grant.ts';
import { limits } from '../core/talk.ts';
import { clockOf, routerOptions } from '../router-options.ts';
import { ReferenceModel } from './reference-model.ts';

const rules = { maxTurns: 12, maxAttempts: 4, deadlineMs: 1_000 };
const perRun = 200;
const commandsWanted = Number(process.env.MODEL_COMMANDS ?? (process.env.CI ? 40_000 : 20_000));
const id = 'c1';

/** The real router on a ledger in memory, with a clock of its own and connections that only record. */
class Bench {
  readonly ledger = openMemoryLedger();
  now = 1_000_000;
  router: Router = this.start();
  replicas: Replica[] = [];
  count = 0;

  start(): Router {
    return makeRouter(
      routerOptions({
        ledger: this.ledger,
        clock: clockOf(() => this.now),
        // The reference model has no mailboxes: how a full one refuses is tested in mailbox-agents.test.ts.
        mailboxLimits: {
          each: { messages: 1e9, bytes: 1e9 },
          all: { messages: 1e9, bytes: 1e9 },
          maxAgeMs: 1_000,
        },
      }),
    );
  }

  async submit(command: Command): Promise<Outcome> {
    const outcome = await new Promise<Outcome>((resolve) =>
      this.router.conversations.submit(id, command, resolve),
    );
    await this.router.conversations.settled();
    return outcome;
  }

  async settled(): Promise<void> {
    await this.router.conversations.settled();
  }

  grant(): Grant | undefined {
    return this.replicas.flatMap((replica) => [...this.router.grants.ofReplica(replica)])[0];
  }

  connect(name: string): void {
    const connection = { isOpen: true, pings: 0, isSilent: false, send() {}, close() {}, ping() {} };
    const replica: Replica = { name, connection, capacity: 1, model: undefined };
    this.replicas.push(replica);
    this.router.presence.joinAgent(replica);
  }
}

const kinds = [
  'connect',
  'drop',
  'say',
  'say',
  'say',
  'say-again',
  'say-stale',
  'pass',
  'fail',
  'expire',
  'wait',
  'pause',
  'resume',
  'end',
  'restart',
] as const;
type Step = { kind: (typeof kinds)[number]; pick: number };
// Ending by hand is rare, or no run would get far.
const step = fc
  .record({ kind: fc.constantFrom(...kinds), pick: fc.nat() })
  .map((one): Step => (one.kind === 'end' && one.pick % 20 > 0 ? { ...one, kind: 'connect' } : one));

const take = async (bench: Bench, model: ReferenceModel, { kind, pick }: Step): Promise<void> => {
  const { router } = bench;
  const name = pick % 2 === 0 ? 'ann' : 'bob';
  const grant = bench.grant();
  switch (kind) {
    case 'connect':
      if (bench.replicas.length >= 6) return;
      bench.connect(name);
      return model.connect(name, bench.now);
    case 'drop': {
      const [replica] = bench.replicas.splice(pick % Math.max(1, bench.replicas.length), 1);
      if (!replica) return;
      const holder = router.grants.countOf(replica) > 0;
      router.presence.leaveAgent(replica);
      await bench.settled();
      return model.drop(replica.name as 'ann' | 'bob', holder, bench.now);
    }
    case 'say': {
      if (!grant) return;
      const text = `line ${bench.count++}`;
      const from = grant.replica.name;
      const outcome = await bench.submit({
        type: 'say',
        from,
        turn: grant.turn,
        attempt: grant.attempt,
        text,
        seen: grant.seen,
      });
      expect(outcome).toMatchObject({ kind: 'done', turn: grant.turn });
      return model.answer(text, bench.now);
    }
    case 'say-again': {
      const last = model.accepted.findLast(({ text }) => text !== undefined);
      if (!last || model.accepted.at(-1) !== last) return;
      const outcome = await bench.submit({
        type: 'say',
        from: last.from,
        turn: last.turn,
        attempt: undefined,
        text: 'again',
      });
      return expect(outcome).toMatchObject({ kind: 'done', turn: last.turn });
    }
    case 'say-stale': {
      const outcome = await bench.submit({
        type: 'say',
        from: name,
        turn: model.turn + 1 + (pick % 3),
        attempt: 1,
        text: 'stale',
      });
      return expect(outcome).toMatchObject({ kind: 'refused' });
    }
    case 'pass':
      if (!grant) return;
      await bench.submit({
        type: 'pass',
        from: grant.replica.name,
        turn: grant.turn,
        attempt: grant.attempt,
        reason: 'nothing-to-say',
      });
      return model.pass(bench.now);
    case 'fail':
      if (!grant) return;
      await bench.submit({
        type: 'pass',
        from: grant.replica.name,
        turn: grant.turn,
        attempt: grant.attempt,
        reason: 'model-unavailable',
      });
      return model.fail(bench.now, true);
    case 'expire':
    case 'wait':
      bench.now += kind === 'expire' ? rules.deadlineMs : 40_000;
      router.tick();
      await bench.settled();
      return model.tick(bench.now);
    case 'pause':
      await bench.submit({ type: 'pause', by: 'op' });
      return model.pause();
    case 'resume':
      await bench.submit({ type: 'resume', by: 'op' });
      return model.resume(bench.now);
    case 'end':
      await bench.submit({ type: 'end', by: 'op' });
      return model.end('operator');
    case 'restart':
      bench.router = bench.start();
      bench.replicas = [];
      return model.restart();
  }
};

const compare = (bench: Bench, model: ReferenceModel): void => {
  const state = bench.router.conversations.find(id);
  const entries = bench.ledger.read(id, 0, 10_000);
  const answers = entries.filter((entry) => entry.type === 'said' || entry.type === 'passed');
  expect(state?.status.state).toBe(model.status);
  expect(state?.status.state === 'ended' ? state.status.reason : undefined).toBe(model.reason);
  if (model.status !== 'ended')
    expect(state?.floor).toMatchObject([
      { member: model.floor, number: model.turn, attempts: model.attempts },
    ]);
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  expect(
    answers.map((entry) => ({
      turn: entry.turn,
      from: entry.from,
      text: 'text' in entry ? entry.text : undefined,
    })),
  ).toEqual(model.accepted);
  const granted = bench.replicas.flatMap((replica) =>
    [...bench.router.grants.ofReplica(replica)].map((grant) => ({ grant, replica })),
  );
  expect(granted.map(({ grant, replica }) => [replica.name, grant.turn])).toEqual(
    model.grantedAt === undefined ? [] : [[model.floor, model.turn]],
  );
};

let commands = 0;
afterAll(() => console.log(`model: ${commands} commands, PARLEY_SEED=${testSeed}`));

it(`the conversations behave like the reference model for any sequence of commands (PARLEY_SEED=${testSeed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: perRun, maxLength: perRun }), async (steps) => {
      const bench = new Bench();
      const { maxTurns, maxAttempts, deadlineMs: turnDeadlineMs } = rules;
      await bench.submit({
        type: 'open',
        by: 'ann',
        members: ['bob'],
        policy: 'addressed',
        limits: limits({ maxTurns, maxAttempts, turnDeadlineMs }),
      });
      const model = new ReferenceModel(rules);
      for (const one of steps) {
        await take(bench, model, one);
        commands++;
        compare(bench, model);
      }
    }),
    { numRuns: Math.ceil(commandsWanted / perRun) },
  );
}, 600_000);
