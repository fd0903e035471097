import type { Entry, EntryOf } from '@parley/protocol';
import { makeAuthenticator } from '../../src/identity/authenticator.ts';
import { newToken } from '../../src/identity/token-command.ts';
import { readTokens, TokenList } from '../../src/identity/token-list.ts';
import type { Frame, serveRouter, TestClient } from '../socket/served-router.ts';

type Served = Awaited<ReturnType<typeof serveRouter>>;

export interface Answered {
  readonly status: number;
  readonly body: {
    readonly conversation: string;
    readonly seq: number;
    readonly error?: { readonly code: string; readonly message: string };
  };
}

/** A token of each role, and the authenticator that accepts them. */
const made = {
  operator: newToken(['boss', '--role', 'operator']),
  observer: newToken(['watcher', '--role', 'observer']),
  agent: newToken(['*']),
};
export const tokens = {
  operator: made.operator.token,
  observer: made.observer.token,
  agent: made.agent.token,
};

export const roleAuthenticator = () => {
  const read = readTokens(
    Object.values(made)
      .map(({ line }) => line)
      .join('\n'),
  );
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  return makeAuthenticator({ tokens: new TokenList(read.lines), verifyJwt: undefined });
};

/** What an operator does over HTTP, and what it sees. */
export class Operator {
  readonly #port: number;

  constructor({ port }: Pick<Served, 'port'>) {
    this.#port = port;
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/v1/conversations${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answered['body'] };
  }

  async open(body: object): Promise<string> {
    const { status, body: answered } = await this.post('', body);
    if (status !== 201) throw new Error(JSON.stringify(answered));
    return answered.conversation;
  }

  act(id: string, action: string, body: object = {}): Promise<Answered> {
    return this.post(`/${id}/${action}`, body);
  }

  async see(id: string): Promise<{ conversation: Record<string, unknown>; entries: Entry[] }> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/v1/conversations/${id}`);
    return (await response.json()) as { conversation: Record<string, unknown>; entries: Entry[] };
  }

  async entries(id: string): Promise<Entry[]> {
    return (await this.see(id)).entries;
  }

  async said(id: string): Promise<EntryOf<'said'>[]> {
    return (await this.entries(id)).filter((entry) => entry.type === 'said');
  }

  async last(id: string): Promise<Entry | undefined> {
    return (await this.entries(id)).at(-1);
  }
}

/** The next turn of an agent, answered with a line. Resolves with the turn frame when the line has been accepted. */
export const takeTurn = async (agent: TestClient, text: string, more: object = {}): Promise<Frame> => {
  const frame = await agent.nextOf('turn');
  agent.send({ type: 'say', conversation: frame.conversation, turn: frame.turn, text, ...more });
  await agent.nextOf('accepted');
  return frame;
};

export const entriesOf = (frame: Frame): Entry[] => frame.entries as Entry[];
