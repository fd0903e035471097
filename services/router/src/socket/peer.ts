import { maxFrameBytes } from '@parley/protocol';
import type { RawData, WebSocket } from 'ws';
import type { Faults } from '../faults.ts';
import type { Rejections } from '../http/server/rejections.ts';
import type { RouterMetrics } from '../metrics.ts';
import type { Session } from '../sessions/session.ts';
import type { Clock } from '../time/clock.ts';
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
  /** Called once, when the socket has closed and all that was read from it has been received. */
  onGone(peer: Peer): void;
}

type WaitReason = 'rate' | 'share' | 'token';

type PeerState =
  /** Each frame is received when it is read. */
  | { readonly is: 'reading' }
  /**
   * The socket is paused: the peer is over its rate, has had its share of this event-loop iteration, or its session
   * waits (`entering`). `frames` were read before the pause, never more than one read of the socket gives.
   */
  | { readonly is: 'waiting'; readonly for: WaitReason; readonly frames: string[] }
  /** The socket has closed with this code. `frames` are received without waiting for the rate, then the peer leaves. */
  | { readonly is: 'finishing'; readonly code: number; readonly frames: string[] }
  | { readonly is: 'left' };

const reading: PeerState = { is: 'reading' };
const left: PeerState = { is: 'left' };

/** One WebSocket: reads its frames no faster than the rate and the fair share allow, and hands them to its session. */
export class Peer implements Sharer {
  readonly connection: SocketConnection;
  readonly session: Session;
  /** Sequence number of the connection. */
  readonly number: number;
  readonly share = { iteration: 0, used: 0 };
  readonly #options: PeerOptions;
  readonly #address: string | undefined;
  readonly #bucket: TokenBucket | undefined;
  #state: PeerState = reading;
  #registerTimer: NodeJS.Timeout | undefined;
  #rateTimer: NodeJS.Timeout | undefined;
  /** The monotonic time before which the rate allows no further frame. */
  #rateAllowsAt = 0;
  /** Being over the rate is counted once for each connection. */
  #isOverRateNoted = false;
  #lateLength = 0;

  constructor(
    ws: WebSocket,
    connection: SocketConnection,
    session: Session,
    options: PeerOptions,
    number: number,
    address: string | undefined,
  ) {
    this.#address = address;
    this.number = number;
    this.connection = connection;
    this.session = session;
    this.#options = options;
    this.#bucket = options.rate.perSecond > 0 ? new TokenBucket(options.rate) : undefined;
    this.#registerTimer = setTimeout(() => {
      this.#registerTimer = undefined;
      if (session.name === undefined) connection.close('register-timeout');
    }, options.registerMs);
    options.metrics.connections[session.dialect]++;
    ws.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    ws.on('ping', (payload) => {
      connection.pong(payload);
      this.#onControlFrame();
    });
    ws.on('pong', (payload) => {
      const ping = connection.answered(String(payload));
      if (ping === undefined) return this.#onControlFrame();
      connection.heard();
      return options.faults.guard('session', 'pong', () => session.ponged(ping));
    });
    // Without a listener an error of the socket would end the process. `ws` closes the socket itself.
    ws.on('error', (error) => this.#onError(error));
    ws.on('close', (code) => this.#onClose(code));
  }

  /** The wait is over: receives the frames that were read before it. */
  resume(): void {
    const state = this.#state;
    if (state.is === 'waiting' || state.is === 'finishing') this.#receiveAll(state.frames);
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    const { connection } = this;
    if (!connection.isHeard) return;
    connection.heard();
    if (isBinary) return connection.refuseBinary();
    const raw = String(data);
    if (connection.isClosing && !this.#isWithinLateLimit(raw)) return undefined;
    const state = this.#state;
    if (state.is === 'reading') this.#receiveAll([raw]);
    else if (state.is !== 'left') state.frames.push(raw);
    return undefined;
  }

  /** Frames that break the protocol of WebSockets end the connection. An error of the network is no refusal. */
  #onError(error: Error): void {
    const code = 'code' in error ? String(error.code) : '';
    if (!code.startsWith('WS_ERR_')) return;
    const reason = code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'too-large' : 'malformed';
    this.#options.rejections.note({ reason, address: this.#address, about: code });
  }

  /** A ping, or a pong that answers no ping. It counts for the rate of the connection. */
  #onControlFrame(): void {
    const { connection } = this;
    connection.heard();
    if (connection.isClosing) return;
    this.#countFrame();
    if (this.#state.is === 'reading' && this.#rateDelay() > 0) this.#waitForRate([]);
  }

  /** The socket of a closing connection is not paused any more, so frames that arrive late are bounded here. */
  #isWithinLateLimit(raw: string): boolean {
    this.#lateLength += raw.length;
    return this.#lateLength <= maxFrameBytes;
  }

  /** Receives frames in order until one has to wait. */
  #receiveAll(frames: string[]): void {
    const { fairShare } = this.#options;
    for (let next = 0; next < frames.length && this.connection.isHeard; ) {
      if (this.#rateDelay() > 0) return this.#waitForRate(frames.slice(next));
      if (!fairShare.take(this)) return this.#wait('share', frames.slice(next));
      this.#receive(frames[next++] as string);
      const { entering } = this.session;
      if (entering) {
        this.#wait('token', frames.slice(next));
        return this.#resumeAfter(entering);
      }
    }
    const state = this.#state;
    if (state.is === 'finishing') return this.#leave(state.code);
    if (this.#rateDelay() > 0) return this.#waitForRate([]);
    if (state.is !== 'waiting') return undefined;
    this.#state = reading;
    return this.connection.resume();
  }

  #receive(raw: string): void {
    const { session } = this;
    const { metrics, faults } = this.#options;
    metrics.frames[session.dialect]++;
    faults.guard(
      'session',
      session.dialect,
      () => session.receive(raw),
      () => this.connection.close('unavailable'),
    );
    this.#countFrame();
  }

  #countFrame(): void {
    if (!this.#bucket || this.#state.is === 'finishing') return;
    const now = this.#options.clock.monotonic();
    this.#rateAllowsAt = now + this.#bucket.take(now);
  }

  #wait(reason: WaitReason, frames: string[]): void {
    const state = this.#state;
    this.#state = state.is === 'finishing' ? { ...state, frames } : { is: 'waiting', for: reason, frames };
    this.connection.pause();
  }

  #resumeAfter(entering: Promise<void>): void {
    const { faults } = this.#options;
    entering
      .catch((error: unknown) => {
        faults.caught('session', 'token', error);
        this.connection.close('unavailable');
      })
      .then(() => {
        const state = this.#state;
        if (state.is === 'waiting' && this.#rateDelay() > 0) this.#waitForRate(state.frames);
        else this.resume();
      })
      .catch((error: unknown) => faults.caught('session', 'token', error));
  }

  /** Milliseconds until the rate allows the next frame; 0 when it does, or when the peer is finishing. */
  #rateDelay(): number {
    if (!this.#bucket || this.#state.is === 'finishing') return 0;
    return Math.max(0, this.#rateAllowsAt - this.#options.clock.monotonic());
  }

  #waitForRate(frames: string[]): void {
    if (!this.#isOverRateNoted) this.#options.rejections.note({ reason: 'rate', address: this.#address });
    this.#isOverRateNoted = true;
    this.#wait('rate', frames);
    this.#rateTimer = setTimeout(() => this.resume(), Math.ceil(this.#rateDelay()));
  }

  /**
   * What a registered peer sent before it closed still counts, without a wait for the rate. A registration that is under way does
   * not.
   */
  #onClose(code: number): void {
    clearTimeout(this.#registerTimer);
    clearTimeout(this.#rateTimer);
    const state = this.#state;
    const { entering, name } = this.session;
    const isRegistering = entering !== undefined && name === undefined;
    if (state.is !== 'waiting' || !this.connection.isHeard || isRegistering) return this.#leave(code);
    this.#state = { is: 'finishing', code, frames: state.frames };
    // A peer that waits for its share is resumed by the fair share, one whose session waits by `#resumeAfter`.
    if (state.for !== 'share' && !entering) this.resume();
    return undefined;
  }

  #leave(code: number): void {
    const { connection, session } = this;
    const { metrics, rejections, faults, onGone } = this.#options;
    this.#state = left;
    rejections.closed(connection.closedFor, this.#address);
    connection.gone();
    metrics.connections[session.dialect]--;
    metrics.disconnected(connection.closeCode ?? code);
    const orderly = !connection.isClosing && (code === 1000 || code === 1001 || code === 1005);
    faults.guard('session', 'closed', () => session.closed(orderly));
    onGone(this);
  }
}
