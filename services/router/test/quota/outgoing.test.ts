import { describe, expect, it } from 'vitest';
import { Outgoing } from '../../src/quota/outgoing.ts';

/** A peer whose queue the test sets. */
const peerOf = (outgoing: Outgoing) => {
  const peer = { queued: 0, isCutOff: false };
  const outlet = outgoing.open(
    () => peer.queued,
    () => {
      peer.isCutOff = true;
    },
  );
  const write = (bytes: number): boolean => {
    peer.queued += bytes;
    return outlet.wrote();
  };
  return { peer, outlet, write };
};

describe('the outgoing queues of all peers together', () => {
  it('when the limit is exceeded the peers with the longest queues are cut off, and the others stay', () => {
    const outgoing = new Outgoing({ limit: 1_000, flush() {} });
    const reads = peerOf(outgoing);
    const stuck = [peerOf(outgoing), peerOf(outgoing), peerOf(outgoing)];
    reads.write(10);
    for (const { write } of stuck) write(320);
    expect(outgoing.measure()).toBe(970);
    expect(reads.write(60)).toBe(true);
    expect(stuck.map(({ peer }) => peer.isCutOff).filter(Boolean)).toHaveLength(1);
    expect(reads.peer.isCutOff).toBe(false);
    expect(outgoing.measure()).toBe(710);
  });

  it('bytes that were sent since they were written do not count', () => {
    const outgoing = new Outgoing({ limit: 1_000, flush() {} });
    const peers = Array.from({ length: 100 }, () => peerOf(outgoing));
    for (const { peer, write } of peers) {
      expect(write(500)).toBe(true);
      peer.queued = 0;
    }
    expect(peers.some(({ peer }) => peer.isCutOff)).toBe(false);
  });

  it('held back writes are flushed before a peer is cut off', () => {
    const peers: ReturnType<typeof peerOf>[] = [];
    const outgoing = new Outgoing({
      limit: 1_000,
      flush: () => {
        for (const { peer } of peers) peer.queued = 0;
      },
    });
    for (let i = 0; i < 10; i++) peers.push(peerOf(outgoing));
    for (const { write } of peers) expect(write(300)).toBe(true);
  });

  it('a closed connection does not count, and a write to a cut-off peer reports that', () => {
    const outgoing = new Outgoing({ limit: 1_000, flush() {} });
    const gone = peerOf(outgoing);
    gone.write(900);
    gone.outlet.gone();
    gone.outlet.gone();
    expect(outgoing.measure()).toBe(0);
    const greedy = peerOf(outgoing);
    expect(greedy.write(1_001)).toBe(false);
    expect(greedy.peer.isCutOff).toBe(true);
    expect(greedy.write(1)).toBe(false);
    expect(outgoing.measure()).toBe(0);
  });
});
