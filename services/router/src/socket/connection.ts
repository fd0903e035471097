import type { Duplex } from 'node:stream';
import { type Closing, closings, maxBufferedBytes } from '@parley/protocol';
import type { WebSocket } from 'ws';
import type { Outgoing, Outlet } from '../quota/outgoing.ts';
import { maxShortText, shortTextFrame } from './text-frame.ts';

/** The connection of a session. The WebSocket server implements it; tests use fakes that record frames. */
export interface Connection {
  /** False as soon as either side has begun to close. Frames that are sent then are dropped. */
  readonly isOpen: boolean;
  /** `whenSent` is called when the network has taken the frame, so that a caller can send much data with bounded memory. */
  send(frame: string, whenSent?: () => void): void;
  /** Ends the connection; nothing is sent after it. */
  close(why: Closing, reason?: string): void;
  /** How many pings were sent. A pong to the newest one acknowledges all frames that were sent before it. */
  readonly pings: number;
  /** The peer has left pings unanswered for so long that it is busy or disconnected. */
  readonly isSilent: boolean;
  /** Asks the peer for a pong. */
  ping(): void;
}

/** A control frame of a WebSocket holds 125 bytes, of which two are the code. */
const fitting = (reason: string): string => {
  let bytes = 0;
  let end = 0;
  for (const character of reason) {
    bytes += Buffer.byteLength(character);
    if (bytes > 123) break;
    end += character.length;
  }
  return reason.slice(0, end);
};

/**
 * Delays writes until the end of an event-loop iteration, so that each socket gets one write for all its frames. Writing frame by
 * frame costs several times as much CPU time.
 */
export class WriteCoalescer {
  #corked: Duplex[] = [];
  #scheduled = false;

  hold(socket: Duplex): void {
    if (socket.writableCorked > 0) return;
    socket.cork();
    this.#corked.push(socket);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  flush(): void {
    const corked = this.#corked;
    if (corked.length === 0) return;
    this.#corked = [];
    for (const socket of corked) socket.uncork();
  }
}

/** The peer counts as silent after this number of unanswered heartbeats. */
const maxMissedPongs = 2;
/**
 * After the router closed with one of these reasons, it still receives frames until the peer has closed its side. The peer sent
 * them before it knew of the close, and it is not told that they were lost.
 */
const heardOut: readonly (Closing | 'binary')[] = ['draining', 'slow-consumer', 'heartbeat-timeout'];

/** A slow peer is disconnected at once, and not only after `stalledMs`, when more bytes than this wait for it. */
const maxStalledBytes = 16 * maxBufferedBytes;

/** Pongs that may wait for a peer. Of the pings that come meanwhile, the newest one alone is answered (RFC 6455 5.5.3). */
const maxWaitingPongs = 16;

export class SocketConnection implements Connection {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #writes: WriteCoalescer;
  readonly #outlet: Outlet;
  #end: Closing | 'binary' | undefined;
  #stalledSince: number | undefined;
  /** Heartbeats since the last sign of life. */
  missedPongs = 0;
  pings = 0;
  #newestAnswered = 0;
  #waitingPongs = 0;
  /** The newest ping that was not answered because too many pongs waited. */
  #unansweredPing: Buffer | undefined;
  /** The router does not read from the socket at present. */
  isPaused = false;

  constructor(ws: WebSocket, socket: Duplex, writes: WriteCoalescer, outgoing: Outgoing) {
    this.#ws = ws;
    this.#socket = socket;
    this.#writes = writes;
    this.#outlet = outgoing.open(
      () => ws.bufferedAmount,
      () => this.terminate('slow-consumer'),
    );
  }

  get isOpen(): boolean {
    return this.#end === undefined && this.#ws.readyState === this.#ws.OPEN;
  }

  get isClosing(): boolean {
    return this.#end !== undefined;
  }

  /** Why the router closed the connection; undefined when it did not. */
  get closedFor(): Closing | 'binary' | undefined {
    return this.#end;
  }

  /** Whether frames of the peer are still received. */
  get isHeard(): boolean {
    return this.#end === undefined || heardOut.includes(this.#end);
  }

  /** The code with which the router closed the connection; undefined when it did not. */
  get closeCode(): number | undefined {
    if (this.#end === undefined) return undefined;
    return this.#end === 'binary' ? 1003 : closings[this.#end].code;
  }

  /** How long more bytes or pongs than the limit have been waiting for the peer. To be called at intervals. */
  stalledFor(now: number): number {
    const isFull = this.#ws.bufferedAmount > maxBufferedBytes || this.#unansweredPing !== undefined;
    if (!isFull) this.#stalledSince = undefined;
    else this.#stalledSince ??= now;
    return now - (this.#stalledSince ?? now);
  }

  send(frame: string, whenSent?: () => void): void {
    if (!this.isOpen) return;
    if (this.#stalledSince !== undefined && this.#ws.bufferedAmount > maxStalledBytes)
      return this.close('slow-consumer');
    this.#writes.hold(this.#socket);
    if (frame.length > maxShortText) this.#ws.send(frame, whenSent);
    else this.#socket.write(shortTextFrame(frame), whenSent);
    this.#outlet.wrote();
  }

  /** The socket has closed, and its queue is dropped. */
  gone(): void {
    this.#outlet.gone();
  }

  get isSilent(): boolean {
    return this.missedPongs >= maxMissedPongs;
  }

  /** All pings are numbered, because a peer may answer only the newest one (RFC 6455 5.5.3). */
  ping(): void {
    if (!this.isOpen) return;
    this.#writes.hold(this.#socket);
    this.pings++;
    this.#ws.ping(String(this.pings));
    this.#outlet.wrote();
  }

  /** Answers a ping of the peer. What waits for a peer that does not read stays bounded, however many pings it sends. */
  pong(received: Buffer): void {
    if (!this.isOpen) return;
    // A part of what was read from the socket would keep all of it in memory.
    const payload = Buffer.from(received);
    if (this.#waitingPongs >= maxWaitingPongs) {
      this.#unansweredPing = payload;
      return;
    }
    this.#waitingPongs++;
    this.#writes.hold(this.#socket);
    this.#ws.pong(payload, false, () => this.#ponged());
    this.#outlet.wrote();
  }

  #ponged(): void {
    this.#waitingPongs--;
    // The peer reads, although it may send pings faster than it does.
    if (this.#ws.bufferedAmount <= maxBufferedBytes) this.#stalledSince = undefined;
    const payload = this.#unansweredPing;
    this.#unansweredPing = undefined;
    if (payload) this.pong(payload);
  }

  /** A frame of the peer was received. */
  heard(): void {
    this.missedPongs = 0;
  }

  /** The number of the ping that a pong answers; undefined when no ping waits for it. */
  answered(payload: string): number | undefined {
    const ping = /^[1-9]\d{0,15}$/.test(payload) ? Number(payload) : 0;
    if (ping <= this.#newestAnswered || ping > this.pings) return undefined;
    this.#newestAnswered = ping;
    return ping;
  }

  close(why: Closing, reason: string = closings[why].reason): void {
    this.#leave(why, fitting(reason));
  }

  /** There are no binary frames (PROTOCOL §2.1). */
  refuseBinary(): void {
    this.#leave('binary', 'text frames only');
  }

  /** Ends the connection without a closing handshake. */
  terminate(why: Closing): void {
    this.close(why);
    this.#ws.terminate();
  }

  /** Frames that were read from the socket already are still received. */
  pause(): void {
    this.isPaused = true;
    this.#ws.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.#ws.resume();
  }

  #leave(why: Closing | 'binary', reason: string): void {
    if (this.#end) return;
    this.#end = why;
    this.#writes.flush();
    // While the socket is paused, the close frame of the peer cannot be received.
    this.resume();
    this.#ws.close(this.closeCode, reason);
  }
}
