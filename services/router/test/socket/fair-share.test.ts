import { setImmediate as nextIteration } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FairShare, type Sharer } from '../../src/socket/fair-share.ts';

/** A peer with frames to be received; each takes `msPerFrame` of the iteration. */
class Peer implements Sharer {
  readonly share = { iteration: 0, used: 0 };
  heard = 0;
  readonly #loop: SharedLoop;
  #left = 0;

  constructor(loop: SharedLoop) {
    this.#loop = loop;
  }

  says(frames: number): void {
    this.#left += frames;
    this.resume();
  }

  resume(): void {
    while (this.#left > 0 && this.#loop.shares.take(this)) {
      this.#left--;
      this.heard++;
      this.#loop.now += this.#loop.msPerFrame;
    }
  }
}

class SharedLoop {
  now = 0;
  msPerFrame = 0;
  readonly shares = new FairShare(() => this.now);
  peers(count: number): Peer[] {
    return Array.from({ length: count }, () => new Peer(this));
  }
}

describe('FairShare', () => {
  it('the fair share gives each peer at most 64 frames of one event-loop iteration, and all its frames in the end', async () => {
    const loop = new SharedLoop();
    const [flood, modest] = loop.peers(2) as [Peer, Peer];
    flood.says(200);
    modest.says(3);
    expect([flood.heard, modest.heard]).toEqual([64, 3]);
    await nextIteration();
    expect(flood.heard).toBe(128);
    await nextIteration();
    await nextIteration();
    expect(flood.heard).toBe(200);
  });

  it('the fair share keeps an iteration short however many peers send: peers that were active in the one before wait in a queue', async () => {
    const loop = new SharedLoop();
    loop.msPerFrame = 0.4;
    const crowd = loop.peers(30);
    // In the first iteration every peer is new: each gets at least one frame.
    for (const peer of crowd) peer.says(200);
    let spentMs = 0;
    let spread = 0;
    while (crowd.some(({ heard }) => heard < 200)) {
      const before = loop.now;
      await nextIteration();
      spentMs = Math.max(spentMs, loop.now - before);
      const heard = crowd.map((peer) => peer.heard);
      spread = Math.max(spread, Math.max(...heard) - Math.min(...heard));
    }
    expect(spread).toBeLessThanOrEqual(64);
    // Eight milliseconds, and the frame that was started in them.
    expect(spentMs).toBeLessThan(8.5);
  });

  it('the fair share receives the frame of an idle peer at once although the others have used up the iteration', async () => {
    const loop = new SharedLoop();
    loop.msPerFrame = 1;
    const crowd = loop.peers(20);
    const [quiet] = loop.peers(1) as [Peer];
    for (const peer of crowd) peer.says(500);
    for (let line = 1; line <= 50; line++) {
      const before = loop.now;
      await nextIteration();
      await nextIteration();
      // Iterations stay short after an idle peer has sent: two milliseconds each, and the frames that were started in them.
      expect(loop.now - before).toBeLessThanOrEqual(2 * 3);
      quiet.says(1);
      expect(quiet.heard).toBe(line);
    }
  });
});
