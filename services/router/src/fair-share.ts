import type { SocketConnection } from './connection.ts';

/**
 * Frames that one peer is heard in one turn of the event loop. One that sends more is read on when the others have
 * been heard: a socket left to itself hands over two megabytes at a time.
 */
const maxPerTurn = 64;

/** What one peer has used of its share. */
export interface Share {
  turn: number;
  used: number;
}

export class FairShare {
  #turn = 0;
  #scheduled = false;
  #waiting: SocketConnection[] = [];

  take(share: Share, connection: SocketConnection): void {
    if (share.turn !== this.#turn) {
      share.turn = this.#turn;
      share.used = 0;
    }
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#next());
    }
    if (++share.used === maxPerTurn && connection.pause('share')) this.#waiting.push(connection);
  }

  #next(): void {
    this.#scheduled = false;
    this.#turn++;
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const connection of waiting) connection.resume('share');
  }
}
