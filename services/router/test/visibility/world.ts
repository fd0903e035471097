import type { ClientFrame, Entry, RouterFrameOf } from '@parley/protocol';
import { makeLogger } from '@parley/runtime';
import { LifeLog } from '../../src/delivery/life-log.ts';
import { Control } from '../../src/http/handlers/control.ts';
import { entriesAs } from '../../src/http/pages/views.ts';
import { openAuthenticator } from '../../src/identity/authenticator.ts';
import type { Identity } from '../../src/identity/identity.ts';
import { AgentSession } from '../../src/sessions/agent-session.ts';
import { PlainSession } from '../../src/sessions/plain-session.ts';
import type { SessionSetting } from '../../src/sessions/session.ts';
import { limits } from '../core/talk.ts';
import { FakeConnection, RouterBench } from '../router-harness.ts';
import { Oracle, outsider } from './oracle.ts';
import { sharedStream } from './shared-stream.ts';

/** A peer that reads at once. */
class ReadingConnection extends FakeConnection {
  override send(frame: string, whenSent?: () => void): void {
    super.send(frame);
    whenSent?.();
  }
}

export type Turn = RouterFrameOf<'turn'>;

const agentNamed = (name: string): Identity => ({
  role: 'agent',
  names: [name],
  send: undefined,
  isValid: () => true,
});

/** The names that speak `parley.v1`, and the one of a plain client. */
export const agents = ['ann', 'bob', 'eve', 'dan', 'fay'] as const;
export const plainName = 'pat';

/** Agents with a token each, a plain client and an operator, on the real sessions of a router without sockets. */
export class World {
  readonly bench = new RouterBench({ duplicates: 'takeover' });
  readonly oracle = new Oracle();
  #control!: Control;
  #setting!: SessionSetting;
  readonly #sessions = new Map<string, AgentSession>();
  /** Every connection that ever spoke for a name. */
  readonly #connections = new Map<string, ReadingConnection[]>();
  #plain: PlainSession | undefined;
  #position = 0;
  #canaries = 0;
  /** Conversations, in the order in which they were opened. */
  readonly conversations: string[] = [];
  /** The lines of the router's log. */
  readonly log: string[] = [];
  /** By conversation: the events that a reader with a share link was sent. */
  readonly shared = new Map<string, string[]>();
  readonly #streams: (() => void)[] = [];

  constructor() {
    this.#begin();
  }

  close(): void {
    for (const end of this.#streams.splice(0)) end();
  }

  /** The router is killed after it has written states, and another one reads them. */
  restart(): void {
    this.bench.router.conversations.keepStates();
    this.close();
    this.#sessions.clear();
    this.#plain = undefined;
    this.bench.restart();
    this.#begin();
    for (const id of this.conversations) this.#share(id);
  }

  #begin(): void {
    const { router } = this.bench;
    const log = makeLogger('router', 'trace', {}, { write: (line) => void this.log.push(line) });
    const life = new LifeLog(log, () => [...agents, plainName], router.now);
    router.conversations.follow('life', (commit) => life.onCommit(commit));
    this.#control = new Control(router, limits({ maxAttempts: 1 }));
    this.#setting = {
      router,
      authenticator: openAuthenticator,
      defaults: limits({ maxAttempts: 1 }),
      routerName: 'test',
    };
    for (const name of [...agents, outsider]) this.connect(name);
    this.connectPlain();
  }

  canary(): string {
    return `canary-${++this.#canaries}`;
  }

  /** A new connection of the name; the one before it ends. */
  connect(name: string): void {
    this.#sessions.get(name)?.closed();
    const session = new AgentSession(this.#setting, {
      connection: this.#connection(name),
      identity: agentNamed(name),
    });
    this.#sessions.set(name, session);
    session.receive(JSON.stringify({ type: 'register', name, capacity: 8, prompts: true }));
  }

  connectPlain(): void {
    this.#plain?.closed(false);
    this.#plain = new PlainSession(this.#setting, {
      connection: this.#connection(plainName),
      identity: agentNamed(plainName),
    });
    this.#plain.receive(JSON.stringify({ type: 'register', name: plainName }));
  }

  send(name: string, frame: ClientFrame | object): void {
    if (name === plainName) this.#plain?.receive(JSON.stringify(frame));
    else this.#sessions.get(name)?.receive(JSON.stringify(frame));
  }

  async act(action: Parameters<Control['handle']>[0]['action'], id: string | undefined, body: object) {
    const answer = this.#control.handle({ action, id: id ?? '', body, by: 'operator', key: undefined });
    await this.settled();
    const { status, body: answered } = await answer;
    const { conversation } = JSON.parse(String(answered)) as { conversation?: string };
    if (status !== 201 || conversation === undefined) return;
    this.conversations.push(conversation);
    this.#share(conversation);
  }

  /** A person reads the conversation by a share link, from its beginning and then live. */
  #share(conversation: string): void {
    const { router, ledger } = this.bench;
    const events = this.shared.get(conversation) ?? [];
    this.shared.set(conversation, events);
    this.#streams.push(sharedStream(router, ledger.port, conversation, (text) => events.push(text)));
  }

  /** An operator asks for the prompt of a turn, and the agent answers. */
  askPrompt(name: string, conversation: string): void {
    this.bench.router.prompts.ask(name, { conversation, turn: 1 }).catch(() => {});
    const frames = this.told(name).split('\n');
    const prompt = frames.findLast((frame) => frame.startsWith('{"type":"prompt"'));
    if (prompt === undefined) return;
    const messages = [{ role: 'user', content: this.canary() }];
    const call = { purpose: 'message', attempt: 1, at: 1, model: 'm', parameters: [], messages };
    this.send(name, { type: 'prompt', ref: JSON.parse(prompt).ref, calls: [call] });
  }

  /** Grants that the name has been sent on its connection of now, newest first. */
  turns(name: string): Turn[] {
    const connection = this.#connections.get(name)?.at(-1);
    return (connection?.frames ?? []).filter((frame): frame is Turn => frame.type === 'turn').reverse();
  }

  /** Everything that came of what was sent has happened, and the oracle knows of it. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) {
      await this.bench.settled();
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const { position, conversation, entry } of this.bench.ledger.kept.readAll(this.#position, 1_000)) {
      this.#position = position;
      this.oracle.follow(conversation, entry);
    }
  }

  /** All that the name was ever sent, as text. */
  told(name: string): string {
    return (this.#connections.get(name) ?? []).flatMap(({ sent }) => sent).join('\n');
  }

  /** How much it was sent, so that what comes later can be told apart. */
  toldSince(name: string, length: number): string {
    return this.told(name).slice(length);
  }

  /** As an observer reads it over HTTP in the place of the name. */
  readAs(name: string, id: string): readonly Entry[] {
    const { conversations } = this.bench.router;
    const state = conversations.find(id);
    return (state && entriesAs(state, name, conversations.entriesSince(id, 0))) ?? [];
  }

  #connection(name: string): ReadingConnection {
    const connection = new ReadingConnection();
    this.#connections.set(name, [...(this.#connections.get(name) ?? []), connection]);
    return connection;
  }
}
