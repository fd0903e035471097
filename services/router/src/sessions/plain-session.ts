import { decodePlainFrame, type PlainError, type PlainFrame, type RefusalCode } from '@parley/protocol';
import type { Connection } from '../connection.ts';
import type { Outcome } from '../conversations.ts';
import type { Answers, Command } from '../core/command.ts';
import { type Identity, maySendTo, maySpeak } from '../identity/identity.ts';
import type { Router } from '../router.ts';
import { Admission, type NotAdmitted, nameRefused, nameTaken } from './admission.ts';
import { newConversationId } from './conversation-id.ts';
import { completeLimits } from './limit-defaults.ts';
import type { Session, SessionSetting, SessionStart } from './session.ts';

type Register = Extract<PlainFrame, { type: 'register' }>;

/** The plain dialect (PROTOCOL §3): three things a client sends, and nothing it did not ask for. */
export class PlainSession implements Session {
  readonly dialect = 'plain';
  name: string | undefined;
  readonly #setting: SessionSetting;
  readonly #router: Router;
  readonly #connection: Connection;
  readonly #admission: Admission;

  constructor(setting: SessionSetting, { connection, identity }: SessionStart) {
    this.#setting = setting;
    this.#router = setting.router;
    this.#connection = connection;
    this.#admission = new Admission(setting.guard, identity);
  }

  get identity(): Identity | undefined {
    return this.#admission.identity;
  }

  get entering(): Promise<void> | undefined {
    return this.#admission.entering;
  }

  receive(raw: string): void {
    const decoded = decodePlainFrame(raw);
    if (!decoded.ok) return this.#fault(decoded.code, decoded.problem);
    const { frame } = decoded;
    switch (frame.type) {
      case 'register':
        return this.#register(frame);
      case 'send':
        return this.#send(frame.target, frame.text);
      case 'ping':
        return;
      default:
        frame satisfies never;
    }
  }

  ponged(payload: string): void {
    if (this.name !== undefined) this.#router.mailboxes.ponged(this.name, payload);
  }

  closed(orderly: boolean): void {
    this.#admission.gone();
    if (this.name !== undefined) {
      this.#router.mailboxes.detach(this.name, this.#connection, orderly);
      this.#router.watchers.tell({ type: 'agents' });
    }
  }

  drain(): void {
    // A plain client knows no such frame; it comes back when it is closed.
  }

  #register({ name, token, target }: Register): void {
    if (this.name === name) return;
    if (this.name !== undefined) return this.#fault('already-registered', `this connection is ${this.name}`);
    this.#admission.ask(name, token, (refused) =>
      this.#enter(name, target, refused ?? this.#refusalOf(name)),
    );
  }

  #refusalOf(name: string): NotAdmitted | undefined {
    const { grants, mailboxes } = this.#router;
    if (this.identity && !maySpeak(this.identity)) return nameRefused('an observer has nothing to say here');
    if (grants.replicasOf(name).size > 0)
      return nameRefused(`${name} is in use by an agent that speaks another dialect`);
    return this.#setting.duplicates === 'reject' && mailboxes.isConnected(name) ? nameTaken(name) : undefined;
  }

  #enter(name: string, target: string | undefined, refused: NotAdmitted | undefined): void {
    if (refused) {
      this.#fault(refused.code, refused.message);
      return this.#connection.close(refused.closing, refused.reason);
    }
    const { mailboxes, targets, watchers, now } = this.#router;
    targets.registered(name, target);
    this.name = name;
    mailboxes.attach(name, this.#connection, now())?.close('taken-over');
    watchers.tell({ type: 'agents' });
  }

  #send(target: string, text: string): void {
    const { name } = this;
    if (name === undefined) return this.#fault('not-registered', 'register first');
    if (target === name) return this.#fault('bad-target', 'nobody addresses itself');
    if (this.identity && !maySendTo(this.identity, target))
      return this.#fault('forbidden', `the token does not allow writing to ${target}`);
    const { conversations, correspondence } = this.#router;
    const shared = correspondence.shared(name, target);
    const known = shared ?? this.#owedIn(name);
    const id = known ?? newConversationId();
    if (shared === undefined) correspondence.note(name, target, id);
    const line: Command = known
      ? { type: 'say', from: name, text, target, takes: this.#turnOf(name, known) }
      : this.#opening(name, target, text);
    conversations.submit(id, line, (outcome) => this.#told(id, outcome));
  }

  /** The conversation in which the client was last addressed and has not answered: this is its answer. */
  #owedIn(name: string): string | undefined {
    const current = this.#router.correspondence.current(name);
    const state = current === undefined ? undefined : this.#router.conversations.get(current);
    return state?.floor.some(({ member }) => member === name) ? current : undefined;
  }

  /** Where members speak in turn, the message that gave the client the floor is its grant. */
  #turnOf(name: string, conversation: string): Answers | 'any' {
    return this.#router.mailboxes.granted(name, conversation) ?? 'any';
  }

  /** A direct conversation with the target, and its first line. */
  #opening(by: string, target: string, opening: string): Command {
    const limits = completeLimits(this.#setting.defaults, undefined);
    return { type: 'open', by, members: [target], first: by, policy: 'addressed', opening, limits };
  }

  #told(id: string, outcome: Outcome): void {
    if (outcome.kind === 'done') return;
    const { code, message } = outcome;
    const { conversations, correspondence } = this.#router;
    if (!conversations.find(id)) correspondence.drop(id);
    else if (code === 'conversation-ended' || code === 'not-a-member')
      correspondence.forget(this.name as string, id);
    this.#fault(code, code === 'conversation-ended' ? `${message}; your next line opens another` : message);
  }

  #fault(code: RefusalCode, message: string): void {
    this.#router.metrics.refused(code);
    const frame: PlainError = { type: 'error', code, message };
    this.#connection.send(JSON.stringify(frame));
  }
}
