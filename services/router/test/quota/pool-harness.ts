import type { Entry, RouterFrame, RouterFrameOf } from '@parley/protocol';
import type { Outcome } from '../../src/conversations/conversations.ts';
import type { Command } from '../../src/core/command.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import type { Replica } from '../../src/presence/replica.ts';
import type { PoolRule } from '../../src/quota/pool.ts';
import { Pools } from '../../src/quota/pools.ts';
import { Prices } from '../../src/quota/prices.ts';
import { makeRouter, type Router } from '../../src/router.ts';
import { limits } from '../core/talk.ts';
import { clockOf, routerOptions } from '../router-options.ts';

type Grant = RouterFrameOf<'turn'>;
export interface Called {
  readonly name: string;
  readonly conversation: string;
  readonly at: number;
}

/** The real router on a ledger in memory, with a clock that is turned by hand and agents that do as they are told. */
export class Bench {
  readonly ledger = openMemoryLedger();
  readonly rules: ReadonlyMap<string, PoolRule>;
  now = 1_000_000;
  router: Router;
  pools: Pools;
  /** Granted turns that have not been answered. */
  readonly granted: (Grant & { readonly name: string })[] = [];
  readonly calls: Called[] = [];
  replicas: Replica[] = [];

  constructor(rules: Readonly<Record<string, PoolRule>>) {
    this.rules = new Map(Object.entries(rules));
    this.pools = new Pools(this.rules);
    this.router = this.#start();
  }

  restart(): void {
    this.replicas = [];
    this.granted.length = 0;
    this.pools = new Pools(this.rules);
    this.router = this.#start();
  }

  #start(): Router {
    const clock = clockOf(() => this.now);
    const prices = new Prices({ m: { input: 1, output: 1 } });
    return makeRouter(routerOptions({ ledger: this.ledger, clock, prices, pools: this.pools }));
  }

  /** An agent that makes its call as soon as it is granted a turn. */
  connect(name: string, { capacity = 1, model = 'm' }: { capacity?: number; model?: string } = {}): Replica {
    const send = (text: string) => {
      const frame = JSON.parse(text) as RouterFrame;
      if (frame.type !== 'turn') return;
      this.granted.push({ ...frame, name });
      this.calls.push({ name, conversation: frame.conversation, at: this.now });
    };
    const connection = { isOpen: true, pings: 0, isSilent: false, send, close() {}, ping() {} };
    const replica: Replica = { name, connection, capacity, model };
    this.replicas.push(replica);
    this.router.presence.joinAgent(replica);
    return replica;
  }

  disconnect(replica: Replica): void {
    this.replicas.splice(this.replicas.indexOf(replica), 1);
    this.router.presence.leaveAgent(replica);
  }

  open(id: string, members: readonly string[], some: Parameters<typeof limits>[0] = {}): void {
    const by = members[0] as string;
    this.submit(id, {
      type: 'open',
      by,
      members,
      policy: 'round-robin',
      limits: limits({ turnDeadlineMs: 10_000, ...some }),
    });
  }

  submit(id: string, command: Command, done?: (outcome: Outcome) => void): void {
    this.router.conversations.submit(id, command, done);
  }

  /** Answers a granted turn. */
  answer({ name, conversation, turn, attempt }: Grant & { name: string }, tokens = 10): void {
    this.submit(conversation, {
      type: 'say',
      from: name,
      turn,
      attempt,
      text: `${name} ${turn}`,
      usage: { inputTokens: tokens / 2, outputTokens: tokens / 2, model: 'm' },
    });
  }

  answerAll(): void {
    for (const grant of this.granted.splice(0)) this.answer(grant);
  }

  async settled(): Promise<void> {
    await this.router.conversations.settled();
  }

  /** Lets time go by, a tick at a time. */
  async pass(ms: number, each: () => void = () => {}): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 100;
      this.router.tick();
      await this.settled();
      each();
      await this.settled();
    }
  }

  waits(id: string): Record<string, string> {
    const state = this.router.conversations.find(id);
    return state ? this.router.waitReasons.of(state) : {};
  }

  entries(id: string): readonly Entry[] {
    return this.router.conversations.entriesSince(id, 0);
  }
}

/** The most calls in any window of `windowMs`, both ends included. */
export const mostInAWindow = (calls: readonly { readonly at: number }[], windowMs = 60_000): number =>
  Math.max(
    0,
    ...calls.map(({ at }) => calls.filter((other) => other.at >= at && other.at <= at + windowMs).length),
  );
