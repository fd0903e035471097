import { openAuthenticator } from '../src/identity/authenticator.ts';
import { type Identity, unrestricted } from '../src/identity/identity.ts';
import { PlainSession } from '../src/sessions/plain-session.ts';
import { limits } from './core/talk.ts';
import { FakeConnection, RouterBench } from './router-harness.ts';

/** A plain client: a session on a connection that records. */
export class Plain {
  readonly connection = new FakeConnection();
  readonly session: PlainSession;
  readonly #bench: RouterBench;

  constructor(bench: RouterBench, name: string, more: object = {}, identity: Identity = unrestricted) {
    this.#bench = bench;
    const setting = {
      router: bench.router,
      authenticator: openAuthenticator,
      defaults: limits(),
      routerName: 'test',
    } as const;
    this.session = new PlainSession(setting, { connection: this.connection, identity });
    this.session.receive(JSON.stringify({ type: 'register', name, ...more }));
  }

  /** What else is said in the same moment is decided together with it. */
  say(target: string, text: string): void {
    this.session.receive(JSON.stringify({ target, text }));
  }

  async send(target: string, text: string): Promise<void> {
    this.say(target, text);
    await this.#bench.settled();
  }

  /** Answers the router's ping, so that what was sent before it has arrived. */
  async confirm(): Promise<void> {
    await this.#bench.pass(1_000);
    if (this.connection.pings > 0) this.session.ponged(this.connection.pings);
  }

  leave({ orderly = true } = {}): void {
    this.connection.isOpen = false;
    this.session.closed(orderly);
  }

  get codes(): string[] {
    return this.connection.frames.flatMap((frame) => ('code' in frame ? [String(frame.code)] : []));
  }

  get problems(): string[] {
    return this.connection.frames.flatMap((frame) => ('message' in frame ? [String(frame.message)] : []));
  }
}

/** A router whose mailboxes hold so much, each and all together. */
export const bounded = (each: object, all: object = {}) =>
  new RouterBench({
    mailboxLimits: {
      each: { messages: 1_000, bytes: 1e6, ...each },
      all: { messages: 1e6, bytes: 1e9, ...all },
      maxAgeMs: 60_000,
    },
  });
