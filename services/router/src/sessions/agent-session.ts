import {
  type ClientFrame,
  decodeClientFrame,
  defined,
  heartbeatMs,
  type Loose,
  maxFrameBytes,
  maxTextLength,
  type RefusalCode,
  type RouterFrame,
  type RouterFrameOf,
  refusals,
} from '@parley/protocol';
import type { Outcome } from '../conversations/conversations.ts';
import type { Command } from '../core/command.ts';
import { type Identity, mayReadAll, maySendTo, maySpeak } from '../identity/identity.ts';
import { LedgerDamage } from '../ledger/damage.ts';
import type { Replica } from '../presence/replica.ts';
import type { Router } from '../router.ts';
import type { Connection } from '../socket/connection.ts';
import { paidBy, takeAnswer } from './answer.ts';
import { History } from './history.ts';
import { openConversation } from './opening.ts';
import { readerOf, whyForbidden } from './permission.ts';
import { type RefusedRegistration, Registration, refusalFor } from './registration.ts';
import type { Session, SessionSetting, SessionStart } from './session.ts';

type FrameOf<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;
type Regarding = {
  ref?: string | undefined;
  conversation?: string | undefined;
  turn?: number | undefined;
  resumed?: true | undefined;
};

/** The `parley.v1` dialect (PROTOCOL §4–5). */
export class AgentSession implements Session {
  readonly dialect = 'v1';
  readonly #setting: SessionSetting;
  readonly #router: Router;
  readonly #connection: Connection;
  readonly #registration: Registration;
  readonly #history: History;
  #replica: Replica | undefined;

  constructor(setting: SessionSetting, { connection, identity }: SessionStart) {
    const { router, authenticator } = setting;
    this.#setting = setting;
    this.#router = router;
    this.#connection = connection;
    this.#registration = new Registration(authenticator, identity);
    this.#history = new History(
      router,
      (state) => readerOf(state, this.identity, this.name ?? ''),
      (frame, whenSent) => connection.send(frame, whenSent),
    );
  }

  get name(): string | undefined {
    return this.#replica?.name;
  }

  get identity(): Identity | undefined {
    return this.#registration.identity;
  }

  get entering(): Promise<void> | undefined {
    return this.#registration.entering;
  }

  receive(raw: string): void {
    this.#safely(() => this.#hear(raw));
  }

  #safely(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      if (!(error instanceof LedgerDamage)) throw error;
      this.#router.metrics.ledgerFailed();
      this.#refuse('unavailable', 'what was asked for is damaged in the ledger', {});
    }
  }

  #hear(raw: string): void {
    const decoded = decodeClientFrame(raw);
    if (!decoded.ok) return this.#refuse(decoded.code, decoded.problem, decoded.about ?? {});
    const { frame } = decoded;
    if (frame.type === 'ping') return;
    if (frame.type === 'register') return this.#register(frame);
    const replica = this.#replica;
    if (!replica) return this.#refuse('not-registered', 'register first', frame);
    const { openedElsewhere } = this.#router.conversations;
    const known = 'conversation' in frame && openedElsewhere.known(frame.conversation);
    if (!known) return this.#handle(replica, frame);
    const handle = () => {
      if (!this.#registration.isGone) this.#handle(replica, frame);
    };
    return this.#registration.wait(known.then(() => this.#safely(handle)));
  }

  #handle(replica: Replica, frame: Exclude<ClientFrame, { type: 'ping' | 'register' }>): void {
    const forbidden = whyForbidden(this.identity, replica, frame, this.#router);
    if (forbidden) return this.#refuse('forbidden', forbidden, frame);
    switch (frame.type) {
      case 'open':
        return this.#open(replica, frame);
      case 'say':
        return this.#say(replica, frame);
      case 'chunk':
        return this.#chunk(replica, frame);
      case 'bid':
      case 'pass':
        return this.#answer(replica, frame);
      case 'summary': {
        const { conversation, through, text } = frame;
        return this.#submit({ conversation }, { type: 'summarise', who: replica.name, through, text });
      }
      case 'join': {
        const { conversation, history } = frame;
        const as = this.identity && mayReadAll(this.identity) ? 'operator' : undefined;
        return this.#submit({ conversation }, { type: 'join', who: replica.name, history, as });
      }
      case 'leave':
        return this.#submit({ conversation: frame.conversation }, { type: 'leave', who: replica.name });
      case 'history':
        return this.#askHistory(frame);
      case 'prompt':
        return this.#router.prompts.answered(replica, frame.ref, frame.calls);
      default:
        frame satisfies never;
    }
  }

  ponged(): void {}

  mayBeSilent(): boolean {
    return false;
  }

  closed(): void {
    this.#registration.gone();
    this.#history.stop();
    if (!this.#replica) return;
    this.#router.presence.leaveAgent(this.#replica);
  }

  drain(graceMs: number): void {
    this.#send({ type: 'draining', graceMs });
  }

  #register(frame: FrameOf<'register'>): void {
    if (this.#replica) return this.#refuse('already-registered', `this connection is ${this.name}`, {});
    this.#registration.ask(
      frame.name,
      frame.token,
      (refused) => void this.#enter(frame, refused ?? this.#refusalOf(frame.name)),
    );
    return undefined;
  }

  #refusalOf(name: string): RefusedRegistration | undefined {
    return refusalFor(name, this.#router.presence.conflict(name, 'v1'));
  }

  #enter(
    { name, capacity, model, target, working, prompts }: FrameOf<'register'>,
    refused: RefusedRegistration | undefined,
  ): void {
    if (refused) {
      this.#refuse(refused.code, refused.message, {});
      return this.#connection.close(refused.closing, refused.reason);
    }
    const replica: Replica = { name, connection: this.#connection, capacity: capacity ?? 1, model, prompts };
    this.#replica = replica;
    this.#send({
      type: 'welcome',
      name,
      router: this.#setting.routerName,
      heartbeatMs,
      maxFrameBytes,
      maxTextLength,
    });
    // An observer only reads: it is no replica of the agent of that name.
    if (this.identity && !maySpeak(this.identity)) return undefined;
    const mayAddress = target !== undefined && (!this.identity || maySendTo(this.identity, target));
    this.#router.presence.joinAgent(replica, { target: mayAddress ? target : undefined, working });
    return undefined;
  }

  #open(replica: Replica, frame: FrameOf<'open'>): void {
    const { ref } = frame;
    openConversation(replica, frame, this.#setting, (conversation, outcome, resumed) => {
      // When the opening was refused, there is no conversation.
      if (outcome.kind === 'refused') this.#refuse(outcome.code, outcome.message, { ref });
      else this.#answerOutcome({ ref, conversation, resumed }, outcome);
    });
  }

  #say(replica: Replica, frame: FrameOf<'say'>): void {
    const { presence, grants, answers, conversations, traces } = this.#router;
    const { text, target, to, done, usage, ref } = frame;
    const state = conversations.get(frame.conversation);
    // The id of the state is the key of all tables: a look-up by the same string does not compare its characters.
    const conversation = state?.id ?? frame.conversation;
    // A message that names no turn answers the turn that this connection was granted in the conversation, if any.
    const turn = frame.turn ?? grants.heldBy(replica, conversation);
    const held =
      turn === undefined ? undefined : answers.match(replica, { conversation, turn, attempt: frame.attempt });
    const grant = held && { turn: turn as number, attempt: held.attempt };
    if (grant?.attempt !== undefined) traces?.answered({ conversation, turn: grant.turn }, frame.trace);
    const aim = presence.targets.aimOf(replica.name, state?.by);
    const paid = paidBy(replica, { conversation, turn, usage }, this.#router);
    const said = { type: 'say', from: replica.name, text, target, aim, to, done, seen: held?.seen } as const;
    const command: Command =
      frame.turn === undefined
        ? { ...said, ...paid, takes: grant }
        : { ...said, ...paid, turn: frame.turn, attempt: held?.attempt };
    conversations.submit(conversation, command, (outcome) =>
      this.#answerOutcome({ ref, conversation, turn: frame.turn }, outcome),
    );
  }

  #submit(regarding: Regarding & { conversation: string }, command: Command): void {
    this.#router.conversations.submit(regarding.conversation, command, (outcome) =>
      this.#answerOutcome(regarding, outcome),
    );
  }

  #answer(replica: Replica, frame: FrameOf<'bid' | 'pass'>): void {
    const { conversation, turn } = frame;
    takeAnswer(replica, frame, this.#router, (outcome) =>
      this.#answerOutcome({ conversation, turn }, outcome),
    );
  }

  #chunk(replica: Replica, { conversation, turn, text }: FrameOf<'chunk'>): void {
    const { grants, routerEvents } = this.#router;
    if (!grants.callBegan(replica, { conversation, turn })) return;
    routerEvents.chunk(conversation, turn, replica.name, text);
  }

  #askHistory(frame: FrameOf<'history'>): void {
    const { conversation, since = 0, limit, follow = false } = frame;
    const refused = this.#history.ask({ conversation, since, limit, follow });
    if (refused === 'rate-limited') this.#refuse(refused, 'wait for the answers to earlier questions', frame);
    else if (refused) this.#refuse(refused, 'there is no such conversation', frame);
  }

  #answerOutcome(regarding: Regarding & { conversation: string }, outcome: Outcome): void {
    if (outcome.kind === 'refused') return this.#refuse(outcome.code, outcome.message, regarding);
    const turn = outcome.turn ?? regarding.turn;
    const { ref, conversation, resumed } = regarding;
    // Undefined fields are not in the JSON.
    const accepted: Loose<RouterFrameOf<'accepted'>> = {
      type: 'accepted',
      conversation,
      seq: outcome.seq,
      ref,
      turn,
      resumed,
    };
    return this.#connection.send(JSON.stringify(accepted));
  }

  #refuse(code: RefusalCode, message: string, about: object): void {
    this.#router.metrics.refused(code);
    const { ref, conversation, turn } = about as Regarding;
    const { retry } = refusals[code];
    this.#send({ type: 'refused', code, message, retry, ...defined({ ref, conversation, turn }) });
  }

  #send(frame: RouterFrame): void {
    this.#connection.send(JSON.stringify(frame));
  }
}
