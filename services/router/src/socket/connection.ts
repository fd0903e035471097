import type { Duplex } from 'node:stream';
import { type Closing, closings, maxBufferedBytes } from '@parley/protocol';
import type { WebSocket } from 'ws';
import type { Outgoing, Outlet } from '../quota/outgoing.ts';

/** What a session needs of a connection. The WebSocket server makes them; tests have fakes that record. */
export interface Connection {
  /** False as soon as either side has begun to close: what is sent then goes nowhere. */
  readonly isOpen: boolean;
  /** `whenSent` is called when the frame has left for the network: the way to send much without piling it up. */
  send(frame: string, whenSent?: () => void): void;
  /** Ends the connection; nothing is sent after it. */
  close(why: Closing, reason?: string): void;
  /** How many pings were sent. A pong to the newest of them says that what was sent before it has arrived. */
  readonly pings: number;
  /** Pings have been left unanswered for so long that the peer is at other work, or gone. */
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
 * Holds back writes until the end of an event-loop iteration, so that each socket gets one write however many frames
 * it is sent. That is most of the difference in cost to a router that writes frame by frame.
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

/** So many heartbeats without an answer are silence. */
const maxMissedPongs = 2;
/**
 * After these ends the peer is still heard until it has closed its side, too: what it had sent by then was not refused, and
 * it is not told that it was lost.
 */
const heardOut: readonly (Closing | 'binary')[] = ['draining', 'slow-consumer', 'heartbeat-timeout'];

/** A peer that reads too slowly is cut off at once, instead of after a while, when this many bytes wait for it. */
const maxStalledBytes = 16 * maxBufferedBytes;

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
  /** Nothing is read from the peer for now. */
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

  /** Why we ended it; undefined when we did not. */
  get closedFor(): Closing | 'binary' | undefined {
    return this.#end;
  }

  /** Whether what it says still counts. */
  get isHeard(): boolean {
    return this.#end === undefined || heardOut.includes(this.#end);
  }

  /** The code with which we ended it; undefined when we did not. */
  get closeCode(): number | undefined {
    if (this.#end === undefined) return undefined;
    return this.#end === 'binary' ? 1003 : closings[this.#end].code;
  }

  /** Since when more than the limit waits to be read by the peer. Looked at now and then. */
  stalledFor(now: number): number {
    if (this.#ws.bufferedAmount <= maxBufferedBytes) this.#stalledSince = undefined;
    else this.#stalledSince ??= now;
    return now - (this.#stalledSince ?? now);
  }

  send(frame: string, whenSent?: () => void): void {
    if (!this.isOpen) return;
    if (this.#stalledSince !== undefined && this.#ws.bufferedAmount > maxStalledBytes)
      return this.close('slow-consumer');
    this.#writes.hold(this.#socket);
    this.#ws.send(frame, whenSent);
    this.#outlet.wrote();
  }

  /** The socket is gone, and what waited with it. */
  gone(): void {
    this.#outlet.gone();
  }

  get isSilent(): boolean {
    return this.missedPongs >= maxMissedPongs;
  }

  /** All pings are numbered, for a peer may answer the newest alone (RFC 6455 5.5.3). */
  ping(): void {
    if (!this.isOpen) return;
    this.#writes.hold(this.#socket);
    this.pings++;
    this.#ws.ping(String(this.pings));
  }

  /** The peer has said something. */
  heard(): void {
    this.missedPongs = 0;
  }

  /** The number of the ping that a pong answers; undefined when it answers none of ours. */
  answered(payload: string): number | undefined {
    this.heard();
    const ping = /^[1-9]\d{0,15}$/.test(payload) ? Number(payload) : 0;
    return ping >= 1 && ping <= this.pings ? ping : undefined;
  }

  close(why: Closing, reason: string = closings[why].reason): void {
    this.#leave(why, fitting(reason));
  }

  /** There are no binary frames (PROTOCOL §2.1). */
  refuseBinary(): void {
    this.#leave('binary', 'text frames only');
  }

  /** Ends it without waiting for the peer to agree. */
  terminate(why: Closing): void {
    this.close(why);
    this.#ws.terminate();
  }

  /** What has been read from the socket already still comes. */
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
    // A paused peer's answer to the closing would not be heard.
    this.resume();
    this.#ws.close(this.closeCode, reason);
  }
}
