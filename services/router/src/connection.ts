import type { Duplex } from 'node:stream';
import { type Closing, closings } from '@parley/protocol';
import type { WebSocket } from 'ws';

/** What a session needs of a connection. The door makes them; tests have fakes that record. */
export interface Connection {
  send(frame: string): void;
  /** Ends the connection; nothing is sent or heard after it. */
  close(why: Closing): void;
  /** Asks the peer for a pong with the same payload. What was sent before it has then arrived. */
  ping(payload: string): void;
}

/**
 * Holds back writes until the end of an event-loop turn, so that each socket gets one write however many frames
 * it is sent. That is most of the difference in cost to a router that writes frame by frame.
 */
export class Writes {
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

/** A peer that was told to leave is cut off when it has not left after this. */
const closeGraceMs = 2_000;

export class SocketConnection implements Connection {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #writes: Writes;
  #closing: Closing | undefined;
  /** Since when more than the limit waits to be read by the peer. */
  stalledSince: number | undefined;
  missedPongs = 0;
  /** Reading is paused because the peer is over its rate. */
  throttled = false;

  constructor(ws: WebSocket, socket: Duplex, writes: Writes) {
    this.#ws = ws;
    this.#socket = socket;
    this.#writes = writes;
  }

  get closing(): Closing | undefined {
    return this.#closing;
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  send(frame: string): void {
    if (this.#closing || this.#ws.readyState !== this.#ws.OPEN) return;
    this.#writes.hold(this.#socket);
    this.#ws.send(frame);
  }

  ping(payload: string): void {
    if (this.#closing || this.#ws.readyState !== this.#ws.OPEN) return;
    this.#writes.hold(this.#socket);
    this.#ws.ping(payload);
  }

  close(why: Closing): void {
    if (this.#closing) return;
    this.#closing = why;
    this.#writes.flush();
    this.#ws.close(closings[why].code, closings[why].reason);
    setTimeout(() => this.#ws.terminate(), closeGraceMs).unref();
  }

  terminate(why: Closing): void {
    this.close(why);
    this.#ws.terminate();
  }

  pause(): void {
    this.throttled = true;
    this.#ws.pause();
  }

  resume(): void {
    this.throttled = false;
    if (!this.#closing) this.#ws.resume();
  }
}
