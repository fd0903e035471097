import type { AddressInfo } from 'node:net';
import { subprotocol } from '@parley/protocol';
import { type WebSocket, WebSocketServer } from 'ws';

/** A router that grants the turns of one conversation to one agent as fast as it answers them, and keeps nothing. */
export class GrantingRouter {
  readonly #server: WebSocketServer;
  #agent: WebSocket | undefined;
  #answered: (() => void) | undefined;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#agent = socket;
      socket.on('message', (data) => this.#receive(JSON.parse(String(data)) as { type: string }));
    });
  }

  static async listen(): Promise<GrantingRouter> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => subprotocol });
    await new Promise((resolve) => server.once('listening', resolve));
    return new GrantingRouter(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#agent?.terminate();
    this.#server.close();
  }

  /** Grants one turn. Resolves when the agent has answered it. */
  async grant(turn: number, message: string): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    const at = { seq: 2 * turn - 1, at: 0 };
    const opened = {
      ...at,
      type: 'opened',
      by: 'bob',
      members: ['alice', 'bob'],
      policy: 'addressed',
      limits: {
        maxTurns: 0,
        maxDurationMs: 0,
        stopPhrases: [],
        maxAttempts: 5,
        onFailure: 'end',
        turnDeadlineMs: 120_000,
      },
      floor: ['alice'],
    };
    const said = { ...at, type: 'said', from: 'bob', turn, text: `${turn}: ${message}`, floor: ['alice'] };
    this.#send({
      type: 'turn',
      conversation: 'c1',
      turn,
      attempt: 1,
      deadlineMs: 60_000,
      remaining: {},
      entries: [turn === 1 ? opened : said],
    });
    await answered;
    this.#send({ type: 'accepted', conversation: 'c1', turn, seq: 2 * turn });
  }

  #receive(frame: { readonly type: string }): void {
    if (frame.type === 'register')
      this.#send({
        type: 'welcome',
        name: 'alice',
        router: 'bench',
        heartbeatMs: 10_000,
        maxFrameBytes: 262_144,
        maxTextLength: 32_000,
      });
    if (frame.type === 'say' || frame.type === 'pass') this.#answered?.();
  }

  #send(frame: object): void {
    this.#agent?.send(JSON.stringify(frame));
  }
}
