import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FairShare, type Sharer } from '../../src/socket/fair-share.ts';

/** Somebody with `frames` to say, and each of them takes `ms` of the turn. */
class Peer implements Sharer {
  readonly share = { turn: 0, used: 0 };
  heard = 0;
  readonly #room: CapacityLimit;
  #left = 0;

  constructor(room: CapacityLimit) {
    this.#room = room;
  }

  says(frames: number): void {
    this.#left += frames;
    this.resume();
  }

  resume(): void {
    while (this.#left > 0 && this.#room.shares.admits(this)) {
      this.#left--;
      this.heard++;
      this.#room.now += this.#room.msPerFrame;
    }
  }
}

class CapacityLimit {
  now = 0;
  msPerFrame = 0;
  readonly shares = new FairShare(() => this.now);
  peers(count: number): Peer[] {
    return Array.from({ length: count }, () => new Peer(this));
  }
}

describe('the turns of the event loop', () => {
  it('give nobody more than 64 frames each, and everybody all that they have to say', async () => {
    const room = new CapacityLimit();
    const [flood, modest] = room.peers(2) as [Peer, Peer];
    flood.says(200);
    modest.says(3);
    expect([flood.heard, modest.heard]).toEqual([64, 3]);
    await nextTurn();
    expect(flood.heard).toBe(128);
    await nextTurn();
    await nextTurn();
    expect(flood.heard).toBe(200);
  });

  it('grow no longer however many speak: who was heard in the last one, too, waits, by turns', async () => {
    const room = new CapacityLimit();
    room.msPerFrame = 0.4;
    const crowd = room.peers(30);
    // The first turn is all newcomers', one frame each at least.
    for (const peer of crowd) peer.says(200);
    let spentMs = 0;
    let spread = 0;
    while (crowd.some(({ heard }) => heard < 200)) {
      const before = room.now;
      await nextTurn();
      spentMs = Math.max(spentMs, room.now - before);
      const heard = crowd.map((peer) => peer.heard);
      spread = Math.max(spread, Math.max(...heard) - Math.min(...heard));
    }
    expect(spread).toBeLessThanOrEqual(64);
    // Eight milliseconds, and the frame that was begun in them.
    expect(spentMs).toBeLessThan(8.5);
  });

  it('hear at once whoever was silent in the last, though the others have used it up', async () => {
    const room = new CapacityLimit();
    room.msPerFrame = 1;
    const crowd = room.peers(20);
    const [quiet] = room.peers(1) as [Peer];
    for (const peer of crowd) peer.says(500);
    for (let line = 1; line <= 50; line++) {
      const before = room.now;
      await nextTurn();
      await nextTurn();
      // Turns are short while somebody listens: two milliseconds each, and the frames that were begun in them.
      expect(room.now - before).toBeLessThanOrEqual(2 * 3);
      quiet.says(1);
      expect(quiet.heard).toBe(line);
    }
  });
});
