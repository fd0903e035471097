import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Outgoing, Outlet } from '../quota/outgoing.ts';

export interface ResponseBounds {
  readonly outgoing: Outgoing;
  /** How long a peer may take nothing of what waits for it. */
  readonly stalledMs: number;
}

interface Watched {
  /** Bytes that the network had taken at the last look. */
  taken: number;
  /** When it had last taken any, or nothing waited. */
  movedAt: number;
}

/** Requests that may wait behind the one that is being answered on the same connection. */
const maxPipelined = 16;
/** Small enough that a slow peer is seen to read. */
const pieceBytes = 16 * 1024;

/** How much of its body an answer has not written yet. */
const unwritten = new WeakMap<ServerResponse, number>();
const outlets = new WeakMap<ServerResponse, Outlet>();

/** To be called after each write of an answer that goes on. False when its reader has been cut off. */
export const wroteTo = (response: ServerResponse): boolean => outlets.get(response)?.wrote() ?? true;

/** Sends a body no faster than its reader takes it. To be used once, instead of `response.end`. */
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

/**
 * Bounds what answers hold in memory. The requests of one connection are answered one after the other, so that many
 * that come at once (pipelining) do not become as many answers; what waits counts in `outgoing`; a peer that takes
 * nothing for a while is cut off.
 */
export class Responses {
  readonly #bounds: ResponseBounds;
  readonly #open = new Map<ServerResponse, Watched>();
  readonly #waiting = new WeakMap<Socket, (() => void)[]>();

  constructor(bounds: ResponseBounds) {
    this.#bounds = bounds;
  }

  /** Calls `answer` when the answers before it on the same connection have gone. */
  inOrder({ socket }: IncomingMessage, response: ServerResponse, answer: () => void): void {
    const waiting = this.#waiting.get(socket);
    const begin = () => this.#begin(socket, response, answer);
    if (!waiting) {
      this.#waiting.set(socket, []);
      begin();
    } else if (waiting.length >= maxPipelined) socket.destroy();
    else waiting.push(begin);
  }

  /** Cuts off who takes nothing. Called every second. */
  sweep(now: number): void {
    for (const [response, watched] of this.#open) {
      const { socket } = response;
      if (!socket) continue;
      // What a peer is sent while it takes nothing must not look like progress.
      const taken = socket.bytesWritten - socket.writableLength;
      if (taken !== watched.taken || response.writableLength === 0) watched.movedAt = now;
      watched.taken = taken;
      if (now - watched.movedAt >= this.#bounds.stalledMs) response.destroy();
    }
  }

  #begin(socket: Socket, response: ServerResponse, answer: () => void): void {
    if (socket.destroyed) return;
    const outlet = this.#bounds.outgoing.open(
      () => response.writableLength + (unwritten.get(response) ?? 0),
      () => response.destroy(),
    );
    outlets.set(response, outlet);
    this.#open.set(response, { taken: -1, movedAt: 0 });
    response.once('close', () => {
      outlet.gone();
      this.#open.delete(response);
      const next = this.#waiting.get(socket)?.shift();
      if (next) next();
      else this.#waiting.delete(socket);
    });
    answer();
  }
}
