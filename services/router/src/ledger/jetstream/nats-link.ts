import { readFileSync } from 'node:fs';
import type { Msg, MsgHdrs, NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { ConfigError } from '@parley/runtime';

/** The servers, and the credentials of the router. */
export interface NatsAccess {
  readonly servers: readonly string[];
  readonly credentials?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** There was no connection when the request was made: it has not reached the server. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}

/** The connection broke, or no answer came: the server may have got the request. */
export class AnswerLost extends Error {
  override readonly name = 'AnswerLost';
}

/** A change of the leader of a stream took 6 s when it was measured. */
const answerMs = 10_000;

const optionsOf = (access: NatsAccess, name: string, inbox: string): NodeConnectionOptions => {
  const { servers, credentials, user, password, ca, cert, key } = access;
  return {
    ...{ servers: [...servers], name, inboxPrefix: inbox },
    ...(credentials !== undefined && { authenticator: credsAuthenticator(readFileSync(credentials)) }),
    ...(user !== undefined && { user, pass: password ?? '' }),
    ...((ca ?? cert) !== undefined && {
      tls: { ...(ca && { caFile: ca }), ...(cert && { certFile: cert }), ...(key && { keyFile: key }) },
    }),
    timeout: answerMs,
    // A router reconnects without end, and detects a dead connection within half a minute.
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    // A trace of each request costs more than the request.
    noAsyncTraces: true,
    reconnectTimeWait: 500,
    reconnectJitter: 500,
    reconnectJitterTLS: 500,
    pingInterval: 10_000,
    maxPingOut: 2,
  };
};

/** Errors after which it is certain that no server has processed the request. */
const certain = ['NoResponders', 'PermissionViolationError', 'InvalidArgumentError'];

const wasNotTaken = ({ name, cause }: Error): boolean =>
  certain.includes(name) || certain.includes((cause as Error | undefined)?.name ?? '');

/**
 * The connection to NATS. The NATS client queues requests while it is disconnected. This class never does: a request is sent
 * immediately or not at all, and it fails immediately when the connection breaks.
 */
export class NatsLink {
  readonly connection: NatsConnection;
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #changed = new Set<() => void>();
  #isConnected = true;
  #isClosing = false;

  constructor(connection: NatsConnection) {
    this.connection = connection;
    this.#watch().catch(() => {
      this.#isConnected = false;
    });
  }

  get isConnected(): boolean {
    return this.#isConnected && !this.#isClosing;
  }

  /** Calls `listener` when the connection breaks and when it is back. */
  onChange(listener: () => void): void {
    this.#changed.add(listener);
  }

  /** Rejects with `NotSent` or `AnswerLost`, or with what the server says, for example that there is no JetStream. */
  request(subject: string, body: Uint8Array | string, headers?: MsgHdrs): Promise<Msg> {
    if (!this.isConnected) return Promise.reject(new NotSent('the connection to NATS is lost'));
    return new Promise<Msg>((resolve, reject) => {
      const lost = (error: Error) => reject(error);
      this.#waiting.add(lost);
      this.connection
        .request(subject, body, { timeout: answerMs, ...(headers && { headers }) })
        .then(resolve, (error: Error) =>
          reject(wasNotTaken(error) ? error : new AnswerLost('NATS does not answer', { cause: error })),
        )
        .finally(() => this.#waiting.delete(lost));
    });
  }

  /**
   * Sends a message without an answer. Returns false when the link is down, or when the NATS client refuses the message, for example
   * because it is larger than the server accepts. Never throws.
   */
  send(subject: string, body: string, headers?: MsgHdrs): boolean {
    if (!this.isConnected) return false;
    try {
      this.connection.publish(subject, body, headers && { headers });
      return true;
    } catch {
      return false;
    }
  }

  /** Resolves when the connection exists, or when it is closed for good. */
  async connected(): Promise<void> {
    while (!this.isConnected && !this.#isClosing)
      await new Promise<void>((resolve) => {
        const changed = () => {
          this.#changed.delete(changed);
          resolve();
        };
        this.#changed.add(changed);
      });
  }

  get isClosed(): boolean {
    return this.#isClosing;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const lost of [...this.#waiting]) lost(new AnswerLost('the connection to NATS is closed'));
    this.#notify();
    await this.connection.close();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect' || type === 'staleConnection' || type === 'forceReconnect') {
        this.#isConnected = false;
        for (const lost of [...this.#waiting]) lost(new AnswerLost('the connection to NATS broke'));
        this.#notify();
      } else if (type === 'reconnect') {
        this.#isConnected = true;
        this.#notify();
      }
    }
    this.#isConnected = false;
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#changed]) listener();
  }
}

/** Rejects with a ConfigError when no server accepts the router. `inbox`: the prefix of the subjects of answers. */
export const openNatsLink = async (access: NatsAccess, name: string, inbox: string): Promise<NatsLink> => {
  try {
    return new NatsLink(await connect(optionsOf(access, name, inbox)));
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigError([`ROUTER_LEDGER: no connection to ${access.servers.join(', ')}: ${message}`]);
  }
};
