import { maxFrameBytes } from '@parley/protocol';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Rejections } from '../http/rejections.ts';
import type { RouterMetrics } from '../metrics.ts';
import type { Session } from '../sessions/session.ts';
import type { SocketConnection } from './connection.ts';
import type { FairShare, Sharer } from './fair-share.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

export interface PeerOptions {
  readonly rate: Rate;
  readonly clock: Clock;
  readonly registerMs: number;
  readonly metrics: RouterMetrics;
  readonly fairShare: FairShare;
  readonly faults: Faults;
  readonly rejections: Rejections;
  /** Called once, when the socket is gone. */
  onGone(peer: Peer): void;
}

/** A peer is over its rate, had its share of this turn of the event loop, or its token is being checked. */
const reasons = { rate: 1, share: 2, token: 4 } as const;
type PauseReason = keyof typeof reasons;

/** One peer at the webSocketServer: hears its socket no faster than it may speak, and hands what it says to its session. */
export class Peer implements Sharer {
  readonly connection: SocketConnection;
  readonly session: Session;
  /** Counts the peers as they come. */
  readonly number: number;
  readonly share = { turn: 0, used: 0 };
  readonly #setting: PeerOptions;
  readonly #address: string | undefined;
  readonly #bucket: TokenBucket | undefined;
  /** Bits of `reasons`: a Set would be a fifth of what an idle peer costs here. */
  #pauses = 0;
  /** What was read from the socket before it was paused: never more than one read gives. */
  #waiting: string[] = [];
  #registerTimer: NodeJS.Timeout | undefined;
  #rateTimer: NodeJS.Timeout | undefined;
  /** Its socket has closed with this code. It leaves when all that it said has been heard. */
  #goneWith: number | undefined;
  #hasLeft = false;
  /** It was faster than its rate, which is told once. */
  #isSlowed = false;
  #lateLength = 0;

  constructor(
    ws: WebSocket,
    connection: SocketConnection,
    session: Session,
    setting: PeerOptions,
    number: number,
    address: string | undefined,
  ) {
    this.#address = address;
    this.number = number;
    this.connection = connection;
    this.session = session;
    this.#setting = setting;
    this.#bucket = setting.rate.perSecond > 0 ? new TokenBucket(setting.rate) : undefined;
    this.#registerTimer = setTimeout(() => {
      this.#registerTimer = undefined;
      if (session.name === undefined) connection.close('register-timeout');
    }, setting.registerMs);
    setting.metrics.connections[session.dialect]++;
    ws.on('message', (data, isBinary) => this.#hear(data, isBinary));
    ws.on('pong', (payload) => {
      const ping = connection.answered(String(payload));
      if (ping !== undefined) setting.faults.guard('session', 'pong', () => session.ponged(ping));
    });
    // A socket without this listener would take the process down with it. It is closed already, with the reason.
    ws.on('error', () => {});
    ws.on('close', (code) => this.#gone(code));
  }

  resume(why: PauseReason = 'share'): void {
    if (this.#hasLeft) return;
    this.#pauses &= ~reasons[why];
    const waiting = this.#waiting;
    let next = 0;
    while (next < waiting.length && this.#hears) this.#receive(waiting[next++] as string);
    waiting.splice(0, next);
    if (this.#pauses !== 0) return;
    if (this.#goneWith === undefined) this.connection.resume();
    else this.#leave(this.#goneWith);
  }

  /** Whether it may be heard now; when not, `resume` follows. */
  get #hears(): boolean {
    if (this.#pauses !== 0 || !this.connection.isHeard) return false;
    if (this.#setting.fairShare.admits(this)) return true;
    this.#pause('share');
    return false;
  }

  #pause(why: PauseReason): void {
    this.#pauses |= reasons[why];
    this.connection.pause();
  }

  #hear(data: RawData, isBinary: boolean): void {
    const { connection } = this;
    if (!connection.isHeard) return;
    connection.heard();
    if (isBinary) return connection.refuseBinary();
    const raw = String(data);
    if (connection.isClosing && !this.#mayBeLate(raw)) return undefined;
    if (this.#hears) this.#receive(raw);
    else this.#waiting.push(raw);
    return undefined;
  }

  /** Its socket is not held back any more, so what it says late is bounded here. */
  #mayBeLate(raw: string): boolean {
    this.#lateLength += raw.length;
    return this.#lateLength <= maxFrameBytes;
  }

  #receive(raw: string): void {
    const { session } = this;
    this.#setting.metrics.frames[session.dialect]++;
    this.#setting.faults.guard(
      'session',
      session.dialect,
      () => session.receive(raw),
      () => this.connection.close('unavailable'),
    );
    if (this.#bucket && this.#goneWith === undefined) this.#pace(this.#bucket);
    if (session.entering) this.#wait(session.entering);
  }

  #wait(entering: Promise<void>): void {
    this.#pause('token');
    entering
      .catch((error: unknown) => {
        this.#setting.faults.caught('session', 'token', error);
        this.connection.close('unavailable');
      })
      .then(() => this.resume('token'))
      .catch((error: unknown) => this.#setting.faults.caught('session', 'token', error));
  }

  #pace(bucket: TokenBucket): void {
    const waitMs = bucket.take(this.#setting.clock.monotonic());
    if (waitMs === 0) return;
    if (!this.#isSlowed) this.#setting.rejections.note({ reason: 'rate', address: this.#address });
    this.#isSlowed = true;
    this.#pause('rate');
    this.#rateTimer = setTimeout(() => this.resume('rate'), waitMs);
  }

  /** It spoke and left: what it said stands, however long it would have had to wait. */
  #gone(code: number): void {
    clearTimeout(this.#registerTimer);
    clearTimeout(this.#rateTimer);
    if (!this.connection.isHeard || this.session.entering) return this.#leave(code);
    this.#goneWith = code;
    this.resume('rate');
  }

  #leave(code: number): void {
    const { connection, session } = this;
    const { metrics, rejections, onGone } = this.#setting;
    this.#hasLeft = true;
    rejections.closed(connection.closedFor, this.#address);
    connection.gone();
    metrics.connections[session.dialect]--;
    metrics.disconnected(connection.closeCode ?? code);
    const orderly = !connection.isClosing && (code === 1000 || code === 1001 || code === 1005);
    this.#setting.faults.guard('session', 'closed', () => session.closed(orderly));
    onGone(this);
  }
}
