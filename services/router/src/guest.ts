import type { RawData, WebSocket } from 'ws';
import type { SocketConnection } from './connection.ts';
import type { FairShare, Share } from './fair-share.ts';
import type { RouterMetrics } from './metrics.ts';
import type { Session } from './sessions/session.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

export interface GuestSetting {
  readonly rate: Rate;
  readonly registerMs: number;
  readonly metrics: RouterMetrics;
  readonly fairShare: FairShare;
  /** Called once, when the socket is gone. */
  onGone(guest: Guest): void;
}

/** One peer at the door: hears its socket no faster than it may speak, and hands what it says to its session. */
export class Guest {
  readonly connection: SocketConnection;
  readonly session: Session;
  /** Counts the peers as they come. */
  readonly number: number;
  readonly #setting: GuestSetting;
  readonly #bucket: TokenBucket | undefined;
  readonly #share: Share = { turn: 0, used: 0 };
  readonly #registerTimer: NodeJS.Timeout;
  #rateTimer: NodeJS.Timeout | undefined;
  /** What came while the session was finding out who speaks. */
  #held: string[] | undefined;

  constructor(
    ws: WebSocket,
    connection: SocketConnection,
    session: Session,
    setting: GuestSetting,
    number: number,
  ) {
    this.number = number;
    this.connection = connection;
    this.session = session;
    this.#setting = setting;
    this.#bucket = setting.rate.perSecond > 0 ? new TokenBucket(setting.rate) : undefined;
    this.#registerTimer = setTimeout(() => {
      if (session.name === undefined) connection.close('register-timeout');
    }, setting.registerMs);
    setting.metrics.connections[session.dialect]++;
    ws.on('message', (data, isBinary) => this.#hear(data, isBinary));
    ws.on('pong', (payload) => {
      connection.missedPongs = 0;
      session.ponged(String(payload));
    });
    // A socket without this listener would take the process down with it.
    ws.on('error', () => ws.terminate());
    ws.on('close', (code) => this.#gone(code));
  }

  #hear(data: RawData, isBinary: boolean): void {
    const { connection, session } = this;
    if (connection.isClosing) return;
    if (isBinary) return connection.refuseBinary();
    this.#setting.metrics.frames[session.dialect]++;
    this.#receive(String(data));
    this.#setting.fairShare.take(this.#share, connection);
    if (this.#bucket) this.#pace(this.#bucket);
    return undefined;
  }

  #receive(raw: string): void {
    if (this.#held) {
      this.#held.push(raw);
      return;
    }
    this.session.receive(raw);
    if (this.session.entering) this.#hold(this.session.entering);
  }

  /** Pausing keeps what is held small: no more comes than has been read from the socket already. */
  #hold(entering: Promise<void>): void {
    this.#held = [];
    this.connection.pause('token');
    void entering.then(() => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const raw of held) if (!this.connection.isClosing) this.#receive(raw);
      if (!this.#held) this.connection.resume('token');
    });
  }

  #pace(bucket: TokenBucket): void {
    const waitMs = bucket.take(Date.now());
    if (waitMs > 0 && this.connection.pause('rate')) this.#rest(bucket, waitMs);
  }

  #rest(bucket: TokenBucket, waitMs: number): void {
    this.#rateTimer = setTimeout(() => {
      const leftMs = bucket.wait(Date.now());
      if (leftMs > 0) this.#rest(bucket, leftMs);
      else this.connection.resume('rate');
    }, waitMs);
  }

  #gone(code: number): void {
    const { connection, session } = this;
    const { metrics, onGone } = this.#setting;
    clearTimeout(this.#registerTimer);
    clearTimeout(this.#rateTimer);
    metrics.connections[session.dialect]--;
    metrics.disconnected(connection.closeCode ?? code);
    session.closed(!connection.isClosing && (code === 1000 || code === 1001 || code === 1005));
    onGone(this);
  }
}
