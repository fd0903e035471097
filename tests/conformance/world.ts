import { randomBytes } from 'node:crypto';
import { Client, type ClientOptions, type Received, type Seen } from './client.ts';

/** What a check may do to the router itself. Only a suite that started the router has it. */
export interface Control {
  /** As at a deployment: told to stop, given time, started again with the same ledger. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** A router under test, and what it was told about those who may use it. */
export interface Subject {
  readonly url: string;
  /** The token of an operator for every name; undefined for a router without tokens. */
  readonly token?: string | undefined;
  /** Of an agent that may be `peer-*` and may address `friend-*` alone. */
  readonly peerToken?: string | undefined;
  /** Of an observer who may be `watcher-*`. */
  readonly watcherToken?: string | undefined;
  /** Shared secret of JWTs. */
  readonly jwtSecret?: string | undefined;
  readonly control?: Control | undefined;
}

const bearer = (token: string | undefined): { authorization?: string } =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** What a check needs: fresh names, clients that are cleaned up behind it, and the router under test. */
export class World {
  readonly subject: Subject;
  readonly #seen: Seen;
  readonly #clients: Client[] = [];
  readonly #run = randomBytes(4).toString('hex');

  constructor(subject: Subject, seen: Seen) {
    this.subject = subject;
    this.#seen = seen;
  }

  /** A unique name, so that the suite can run against a router with other peers. */
  name(word: string): string {
    return `${word}-${this.#run}`;
  }

  get control(): Control {
    if (!this.subject.control) throw new Error('this check needs a router that it may restart');
    return this.subject.control;
  }

  /** As an operator, where tokens are needed. */
  connect(options: ClientOptions): Promise<Client> {
    return this.connectWith(this.subject.token, options);
  }

  /** With this token in the handshake, or none. */
  connectWith(token: string | undefined, options: ClientOptions): Promise<Client> {
    const headers = { ...bearer(token), ...options.headers };
    const client = new Client(this.subject.url, { ...options, headers }, this.#seen);
    this.#clients.push(client);
    return client.opened();
  }

  /** Over HTTP, as an operator where tokens are needed. */
  request(path: string, init: RequestInit = {}): Promise<Response> {
    return this.requestWith(this.subject.token, path, init);
  }

  /** Over HTTP, with this token or none. */
  requestWith(token: string | undefined, path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.subject.url.replace(/^ws/, 'http').replace(/\/$/, '') + path, {
      ...init,
      headers: { ...bearer(token), ...init.headers },
      signal: AbortSignal.timeout(50_000),
    });
  }

  /** A registered plain client: the router has heard of it when this resolves. */
  async plain(word: string, options: Partial<ClientOptions> = {}, more: object = {}): Promise<Client> {
    const client = await this.connect({ dialect: 'plain', ...options });
    client.send({ type: 'register', name: this.name(word), ...more });
    return client;
  }

  /** A registered `parley.v1` client that has been welcomed. */
  async agent(
    word: string,
    more: { capacity?: number; target?: string; working?: object[]; prompts?: boolean } = {},
  ): Promise<Client> {
    const client = await this.connect({ dialect: 'v1' });
    client.send({ type: 'register', name: this.name(word), ...more });
    await client.next('welcome');
    return client;
  }

  /** Opens a conversation and returns its id. The opener's own grant, if it has the floor, is still to come. */
  async open(opener: Client, members: readonly string[], more: object = {}): Promise<string> {
    opener.send({
      type: 'open',
      ref: 'opening',
      members: members.map((word) => this.name(word)),
      policy: 'addressed',
      ...more,
    });
    const accepted = await opener.next('accepted');
    return accepted.conversation as string;
  }

  /** All entries of a conversation so far, oldest first. Asked for twice: where the second answer begins, the first is whole. */
  async entries(conversation: string): Promise<Received[]> {
    const reader = await this.agent('reader');
    reader.send({ type: 'history', conversation }, { type: 'history', conversation });
    const entries: Received[] = [];
    for (;;) {
      const entry = (await reader.next('entry')).entry as Received;
      if (Number(entry.seq) <= Number(entries.at(-1)?.seq ?? 0)) break;
      entries.push(entry);
    }
    await reader.vanish();
    return entries;
  }

  async leave(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.vanish()));
  }
}
