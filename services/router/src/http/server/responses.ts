import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Outgoing, Outlet } from '../../quota/outgoing.ts';
import type { RejectionReason, Rejections } from './rejections.ts';

export interface ResponseBounds {
  readonly outgoing: Outgoing;
  /** Milliseconds after which a peer that takes no byte of its response is disconnected. */
  readonly stalledMs: number;
  readonly rejections: Rejections;
}

interface Watched {
  /** Bytes that the network had taken at the last check. */
  taken: number;
  /** The last time at which it had taken bytes, or at which no bytes waited. */
  movedAt: number;
}

/** The maximum number of requests that wait on one connection while another one is answered. */
const maxPipelined = 16;
/** Small, so that also a slow peer makes visible progress. */
const pieceBytes = 16 * 1024;

/** The number of bytes of a body that were not written yet. */
const unwritten = new WeakMap<ServerResponse, number>();
const outlets = new WeakMap<ServerResponse, Outlet>();

/** To be called after each write of a streamed response. False when the connection was ended because its queue is too long. */
export const wroteTo = (response: ServerResponse): boolean => outlets.get(response)?.wrote() ?? true;

/** Sends a body at the speed of its reader. To be called once, instead of `response.end`. */
export const endWith = (response: ServerResponse, body: Buffer): void => {
  let from = 0;
  const next = (): void => {
    if (response.destroyed) return;
    while (from < body.length) {
      const piece = body.subarray(from, from + pieceBytes);
      from += piece.length;
      unwritten.set(response, body.length - from);
      if (response.write(piece)) continue;
      response.once('drain', next);
      return;
    }
    response.end();
  };
  response.setHeader('content-length', body.length);
  if (body.length <= pieceBytes) response.end(body);
  else next();
  wroteTo(response);
};

const closeAfter = (response: ServerResponse): void => {
  if (!response.headersSent) response.setHeader('connection', 'close');
};

/** Whether the response is sent piece by piece without a known length, as events are. */
const isStream = (response: ServerResponse): boolean =>
  response.headersSent && !response.writableEnded && !response.hasHeader('content-length');

/**
 * Bounds the memory of responses. The requests of one connection are answered one after the other, so pipelined requests do not
 * make many responses at once. Bytes that wait count in `outgoing`. A peer that takes nothing for some time is disconnected.
 */
export class Responses {
  readonly #bounds: ResponseBounds;
  readonly #open = new Map<ServerResponse, Watched>();
  readonly #waiting = new WeakMap<Socket, (() => void)[]>();
  #closesConnections = false;
  #whenNone = (): void => {};

  constructor(bounds: ResponseBounds) {
    this.#bounds = bounds;
  }

  /** Calls `answer` when the earlier responses on the same connection were sent. */
  inOrder({ socket }: IncomingMessage, response: ServerResponse, answer: () => void): void {
    const waiting = this.#waiting.get(socket);
    const begin = () => this.#begin(socket, response, answer);
    if (!waiting) {
      this.#waiting.set(socket, []);
      begin();
    } else if (waiting.length < maxPipelined) waiting.push(begin);
    else if (!socket.destroyed) this.#cutOff(socket, 'pipelined');
  }

  /** From now on a connection is closed after its response, so that its client connects to another router. */
  closeConnections(): void {
    this.#closesConnections = true;
    for (const response of this.#open.keys()) closeAfter(response);
  }

  /** Ends the event streams, which have no end of their own. Resolves when no response is left. */
  async ended(): Promise<void> {
    for (const response of this.#open.keys()) if (isStream(response)) response.end();
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenNone = resolve;
    });
  }

  /** Disconnects peers that take nothing. Called every second. */
  sweep(now: number): void {
    for (const [response, watched] of this.#open) {
      const { socket } = response;
      if (!socket) continue;
      // More bytes that were queued for a stalled peer must not look like progress.
      const taken = socket.bytesWritten - socket.writableLength;
      if (taken !== watched.taken || response.writableLength === 0) watched.movedAt = now;
      watched.taken = taken;
      if (now - watched.movedAt >= this.#bounds.stalledMs) this.#cutOff(socket, 'slow-consumer');
    }
  }

  #cutOff(socket: Socket, reason: RejectionReason): void {
    this.#bounds.rejections.note({ reason, address: socket.remoteAddress });
    socket.destroy();
  }

  #begin(socket: Socket, response: ServerResponse, answer: () => void): void {
    if (socket.destroyed) return;
    const outlet = this.#bounds.outgoing.open(
      () => response.writableLength + (unwritten.get(response) ?? 0),
      () => this.#cutOff(socket, 'slow-consumer'),
    );
    outlets.set(response, outlet);
    this.#open.set(response, { taken: -1, movedAt: 0 });
    if (this.#closesConnections) closeAfter(response);
    response.once('close', () => {
      outlet.gone();
      this.#open.delete(response);
      const next = this.#waiting.get(socket)?.shift();
      if (next) next();
      else this.#waiting.delete(socket);
      if (this.#open.size === 0) this.#whenNone();
    });
    answer();
  }
}
