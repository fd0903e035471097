import type { ClientFrame, Entry, RouterFrame } from '@parley/protocol';
import type { Outcome } from '../src/conversations/conversations.ts';
import type { Command } from '../src/core/command.ts';
import type { Conversation } from '../src/core/conversation.ts';
import type { Batch, Ledger } from '../src/ledger/ledger.ts';
import { openMemoryLedger } from '../src/ledger/memory.ts';
import type { Replica } from '../src/presence/replica.ts';
import { makeRouter, type Router, type RouterOptions } from '../src/router.ts';
import type { Connection } from '../src/socket/connection.ts';
import { limits } from './core/talk.ts';
import { routerOptions } from './router-options.ts';

/** A ledger in memory whose disk can be full. */
export class FragileLedger {
  readonly kept = openMemoryLedger();
  isFull = false;
  appends = 0;

  get port(): Ledger {
    const check = () => {
      if (this.isFull) throw new Error('database or disk is full');
    };
    return {
      ...this.kept,
      append: async (batches: readonly Batch[]) => {
        if (batches.length === 0) return [];
        check();
        this.appends++;
        return this.kept.append(batches);
      },
      mark: (marks) => {
        check();
        this.kept.mark(marks);
      },
    };
  }
}

/** A connection that records what it is sent. */
export class FakeConnection implements Connection {
  isOpen = true;
  readonly sent: string[] = [];
  pings = 0;
  isSilent = false;
  closedBy: string | undefined;

  send(frame: string): void {
    if (this.isOpen) this.sent.push(frame);
  }

  ping(): void {
    this.pings++;
  }

  close(why: string): void {
    this.isOpen = false;
    this.closedBy = why;
  }

  get frames(): (RouterFrame & { readonly type: string })[] {
    return this.sent.map((frame) => JSON.parse(frame));
  }

  /** Texts of messages to a plain client. */
  get texts(): string[] {
    return this.sent
      .map((frame) => JSON.parse(frame))
      .flatMap(({ text }) => (text === undefined ? [] : [text]));
  }
}

export interface FakeReplica extends Replica {
  readonly connection: FakeConnection;
}

type Turn = Extract<RouterFrame, { type: 'turn' }>;

/** The router without sockets, with a clock of its own, on a ledger that outlives it. */
export class RouterBench {
  readonly ledger = new FragileLedger();
  readonly failures: unknown[] = [];
  readonly #options: Partial<RouterOptions>;
  now = 1_000_000;
  /** What the wall clock shows; the same as `now` when missing. */
  wall: number | undefined;
  router: Router;

  constructor(options: Partial<RouterOptions> = {}) {
    this.#options = options;
    this.router = this.#start();
  }

  #start(): Router {
    const clock = { wall: () => this.wall ?? this.now, monotonic: () => this.now };
    return makeRouter(
      routerOptions({
        ...{ ledger: this.ledger.port, clock },
        onLedgerFailure: (error) => this.failures.push(error),
        onFault: ({ error }) => this.failures.push(error),
        ...this.#options,
      }),
    );
  }

  /** What was not in the ledger is gone. */
  restart(): void {
    this.router = this.#start();
  }

  /** The conversation as it was at entry `seq`. */
  stateAt(id: string, seq: number): Promise<Conversation | undefined> {
    return this.router.reads.run(this.router.conversations.atSlowly(id, seq));
  }

  async submit(id: string, command: Command): Promise<Outcome> {
    const outcome = new Promise<Outcome>((resolve) => this.router.conversations.submit(id, command, resolve));
    await this.settled();
    return outcome;
  }

  settled(): Promise<void> {
    return this.router.conversations.settled();
  }

  open(id: string, more: Partial<Extract<Command, { type: 'open' }>> = {}): Promise<Outcome> {
    const [by = 'ann'] = more.members ?? [];
    return this.submit(id, {
      type: 'open',
      by,
      members: ['ann', 'bob'],
      policy: 'round-robin',
      limits: limits(),
      ...more,
    });
  }

  connect(
    name: string,
    {
      capacity = 1,
      working = [],
    }: { capacity?: number; working?: { conversation: string; turn: number }[] } = {},
  ): FakeReplica {
    const replica: FakeReplica = { name, connection: new FakeConnection(), capacity, model: undefined };
    this.router.presence.joinAgent(replica, { working });
    return replica;
  }

  async drop(replica: FakeReplica): Promise<void> {
    this.router.presence.leaveAgent(replica);
    await this.settled();
  }

  /** Time goes by, and what depends on it happens. */
  async pass(ms: number): Promise<void> {
    this.now += ms;
    this.router.tick();
    await this.settled();
  }

  /** The grants that a replica was sent, newest last. */
  turns({ connection }: FakeReplica): Turn[] {
    return connection.frames.filter((frame): frame is Turn => frame.type === 'turn');
  }

  /** The replica answers its newest grant. */
  async answer(
    replica: FakeReplica,
    more: Partial<Extract<ClientFrame, { type: 'pass' }>> = {},
  ): Promise<Outcome> {
    const turn = this.turns(replica).at(-1);
    if (!turn) throw new Error(`${replica.name} has not been granted a turn`);
    const attempt = this.router.answers.match(replica, turn)?.attempt;
    const place = { from: replica.name, turn: turn.turn, attempt };
    return more.reason
      ? this.submit(turn.conversation, { type: 'pass', ...place, reason: more.reason })
      : this.submit(turn.conversation, { type: 'say', ...place, text: `line ${turn.turn}` });
  }

  entries(id: string): Entry[] {
    return this.ledger.kept.read(id, 0, Number.MAX_SAFE_INTEGER);
  }

  types(id: string): string[] {
    return this.entries(id).map(({ type }) => type);
  }
}
