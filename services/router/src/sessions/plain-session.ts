import {
  decodePlainFrame,
  defined,
  maxTextLength,
  type PlainFrameOf,
  type PlainRouterFrame,
  type RefusalCode,
} from '@parley/protocol';
import type { Outcome } from '../conversations/conversations.ts';
import type { Command } from '../core/command.ts';
import { type Identity, maySendTo, maySpeak } from '../identity/identity.ts';
import type { PlainClient } from '../presence/replica.ts';
import type { Router } from '../router.ts';
import type { Connection } from '../socket/connection.ts';
import { newConversationId } from './conversation-id.ts';
import { completeLimits } from './limit-defaults.ts';
import { reachedWithoutTarget } from './permission.ts';
import { addresseeIn, placeOf } from './plain-place.ts';
import { nameRefused, type RefusedRegistration, Registration, refusalFor } from './registration.ts';
import type { Session, SessionSetting, SessionStart } from './session.ts';

/** The request that a refusal or an acknowledgement belongs to. */
interface Regarding {
  readonly conversation?: string | undefined;
  readonly ref?: string | undefined;
}

/** The plain dialect (PROTOCOL §3). A client is sent only messages, unless it asks for more. */
export class PlainSession implements Session {
  readonly dialect = 'plain';
  readonly #setting: SessionSetting;
  readonly #router: Router;
  readonly #connection: Connection;
  readonly #registration: Registration;
  #client: PlainClient | undefined;

  constructor(setting: SessionSetting, { connection, identity }: SessionStart) {
    this.#setting = setting;
    this.#router = setting.router;
    this.#connection = connection;
    this.#registration = new Registration(setting.authenticator, identity);
  }

  get name(): string | undefined {
    return this.#client?.name;
  }

  get identity(): Identity | undefined {
    return this.#registration.identity;
  }

  get entering(): Promise<void> | undefined {
    return this.#registration.entering;
  }

  receive(raw: string): void {
    const decoded = decodePlainFrame(raw);
    if (!decoded.ok) return this.#fault(decoded.code, decoded.problem);
    const { frame } = decoded;
    if (frame.type === 'ping') return;
    if (frame.type === 'register') return this.#register(frame);
    const { conversation } = frame;
    const isNamed = this.name !== undefined && conversation !== undefined;
    const known = isNamed && this.#router.conversations.openedElsewhere.known(conversation);
    if (!known) return this.#handle(frame);
    const handle = () => {
      if (!this.#registration.isGone) this.#handle(frame);
    };
    return this.#registration.wait(known.then(handle));
  }

  #handle(frame: PlainFrameOf<'send' | 'pass' | 'leave'>): void {
    switch (frame.type) {
      case 'send':
        return this.#send(frame);
      case 'pass':
        return this.#pass(frame);
      case 'leave':
        return this.#leave(frame);
      default:
        frame satisfies never;
    }
  }

  ponged(ping: number): void {
    if (this.#client) this.#router.plainDelivery.ponged(this.#client, ping);
  }

  mayBeSilent(): boolean {
    return this.name !== undefined && this.#router.plainTurns.mayBeSilent(this.name);
  }

  closed(orderly: boolean): void {
    this.#registration.gone();
    if (this.#client) this.#router.presence.leavePlain(this.#client, orderly);
  }

  drain(): void {
    // The plain dialect has no frame for this. The client reconnects after its connection is closed.
  }

  #register(frame: PlainFrameOf<'register'>): void {
    const { name, token } = frame;
    if (this.name === name) return;
    if (this.name !== undefined) return this.#fault('already-registered', `this connection is ${this.name}`);
    this.#registration.ask(name, token, (refused) => this.#arrive(frame, refused ?? this.#refusalOf(name)));
  }

  #refusalOf(name: string): RefusedRegistration | undefined {
    if (this.identity && !maySpeak(this.identity)) return nameRefused('an observer may only read');
    return refusalFor(name, this.#router.presence.conflict(name, 'plain'));
  }

  /** With several routers, the client may have been connected to another one, which first reports what is still to be delivered. */
  #arrive(
    frame: PlainFrameOf<'register'>,
    refused: RefusedRegistration | undefined,
  ): Promise<void> | undefined {
    const { sharing } = this.#router;
    if (refused || !sharing) return void this.#enter(frame, refused);
    return sharing.handover.take(frame.name).then((fillMailbox) => {
      fillMailbox();
      // Another connection may have registered the name meanwhile.
      if (!this.#registration.isGone) this.#enter(frame, this.#refusalOf(frame.name));
    });
  }

  #enter({ name, target, ack }: PlainFrameOf<'register'>, refused: RefusedRegistration | undefined): void {
    if (refused) {
      this.#fault(refused.code, refused.message);
      return this.#connection.close(refused.closing, refused.reason);
    }
    const mayAddress = target !== undefined && (!this.identity || maySendTo(this.identity, target));
    this.#client = { name, connection: this.#connection, acks: ack ?? false };
    this.#acknowledge({ type: 'registered', name, router: this.#setting.routerName, maxTextLength });
    this.#router.presence.joinPlain(this.#client, { target: mayAddress ? target : undefined });
  }

  #send(frame: PlainFrameOf<'send'>): void {
    const { name } = this;
    const { text, done, target } = frame;
    if (name === undefined) return this.#fault('not-registered', 'register first', frame);
    if (target === name) return this.#fault('bad-target', 'the target must differ from the sender', frame);
    const { conversations, replyRouting, plainTurns } = this.#router;
    const place = placeOf(this.#router, name, frame);
    if (place === 'unknown') return this.#unknown(frame);
    const state = place.id === undefined ? undefined : conversations.find(place.id);
    const addressee = addresseeIn(state, name, target);
    const takes = state && plainTurns.answeredBy(name, state);
    const heardBy =
      state && addressee === undefined
        ? () => reachedWithoutTarget(state, name, text, takes !== undefined)
        : undefined;
    const forbidden = this.#whyForbidden(name, target, heardBy);
    if (forbidden !== undefined) return this.#fault('forbidden', forbidden, frame);
    const id = place.id ?? newConversationId();
    const regarding = { conversation: id, ref: frame.ref };
    if (target !== undefined && replyRouting.shared(name, target) === undefined)
      replyRouting.note(name, target, id);
    if (place.id === undefined) {
      const opening = this.#opening(name, target as string, text);
      // The message is the entry after the one that opens its conversation.
      return conversations.submit(id, opening, (outcome) =>
        this.#answerOutcome(
          regarding,
          outcome.kind === 'done' ? { ...outcome, seq: outcome.seq + 1 } : outcome,
          target,
        ),
      );
    }
    return conversations.submit(
      id,
      { type: 'say', from: name, text, target: addressee, done, takes },
      (outcome) => this.#answerOutcome(regarding, outcome, addressee),
    );
  }

  /** The client passes its turn. */
  #pass(frame: PlainFrameOf<'pass'>): void {
    const { name } = this;
    if (name === undefined) return this.#fault('not-registered', 'register first', frame);
    const place = placeOf(this.#router, name, frame);
    const { conversations, plainTurns } = this.#router;
    const state = place === 'unknown' ? undefined : conversations.get(place.id ?? '');
    if (!state) return this.#unknown(frame);
    const answers = plainTurns.answeredBy(name, state);
    const regarding = { conversation: state.id, ref: frame.ref };
    if (!answers) return this.#fault('not-your-turn', `${name} does not have the floor`, regarding);
    return conversations.submit(
      state.id,
      { type: 'pass', from: name, reason: 'nothing-to-say', ...answers },
      (outcome) => this.#answerOutcome(regarding, outcome),
    );
  }

  #leave(frame: PlainFrameOf<'leave'>): void {
    const { name } = this;
    if (name === undefined) return this.#fault('not-registered', 'register first', frame);
    const { conversations, replyRouting } = this.#router;
    const place = placeOf(this.#router, name, frame);
    const id = place === 'unknown' ? undefined : place.id;
    if (id === undefined) return this.#unknown(frame);
    return conversations.submit(id, { type: 'leave', who: name }, (outcome) => {
      if (outcome.kind === 'done') replyRouting.forget(name, id);
      this.#answerOutcome({ conversation: id, ref: frame.ref }, outcome);
    });
  }

  #whyForbidden(
    name: string,
    target: string | undefined,
    heardBy: (() => readonly string[]) | undefined,
  ): string | undefined {
    const { identity } = this;
    if (identity?.send === undefined) return undefined;
    const reached = [...(target === undefined ? [] : [target]), ...(heardBy?.() ?? [])];
    const stranger = reached.find((one) => one !== name && !maySendTo(identity, one));
    return stranger && `the token does not allow writing to ${stranger}`;
  }

  #unknown(regarding: Regarding): void {
    this.#fault('unknown-conversation', 'there is no such conversation', regarding);
  }

  /** Opens a direct conversation with the target, and submits its first message. */
  #opening(by: string, target: string, opening: string): Command {
    // People and programs repeat themselves (a greeting, a measured value). The limit on messages ends their loops.
    const limits = completeLimits(this.#setting.defaults, { maxRepetition: 0 });
    return { type: 'open', by, members: [target], first: by, policy: 'addressed', opening, limits };
  }

  #answerOutcome(
    { conversation, ref }: Regarding & { conversation: string },
    outcome: Outcome,
    target?: string,
  ): void {
    const { conversations, presence, replyRouting } = this.#router;
    if (outcome.kind === 'done') {
      const waits = target !== undefined && !presence.isConnected(target);
      return this.#acknowledge({
        type: 'accepted',
        conversation,
        seq: outcome.seq,
        ...(waits && { waits }),
        ...(ref !== undefined && { ref }),
      });
    }
    const { code, message } = outcome;
    if (!conversations.find(conversation)) replyRouting.drop(conversation);
    else if (code === 'conversation-ended' || code === 'not-a-member')
      replyRouting.forget(this.name as string, conversation);
    const text = code === 'conversation-ended' ? `${message}; your next message opens another` : message;
    return this.#fault(code, text, { conversation, ref });
  }

  #acknowledge(frame: PlainRouterFrame): void {
    if (this.#client?.acks) this.#connection.send(JSON.stringify(frame));
  }

  #fault(code: RefusalCode, message: string, { conversation, ref }: Regarding = {}): void {
    this.#router.metrics.refused(code);
    const about = this.#client?.acks ? defined({ conversation, ref }) : {};
    const frame: PlainRouterFrame = { type: 'error', code, message, ...about };
    this.#connection.send(JSON.stringify(frame));
  }
}
