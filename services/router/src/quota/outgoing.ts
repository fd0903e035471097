/** The outgoing queue of one connection: bytes that were handed to its socket and that its peer has not read. */
export interface Outlet {
  /**
   * To be called after each write. False when the peer has been cut off, because the queues of all connections
   * together were over the limit and its queue was among the longest.
   */
  wrote(): boolean;
  /** The connection is gone, and with it its queue. To be called once. */
  gone(): void;
}

export interface OutgoingOptions {
  /** Bytes that may wait in all connections together. */
  readonly limit: number;
  /** Writes what is held back to the sockets, so that only what peers do not read is counted. */
  flush(): void;
}

interface Peer {
  readonly queued: () => number;
  readonly cutOff: () => void;
  counted: number;
}

/** Share of the limit that is freed in one go, so that all queues are measured rarely. */
const freedShare = 0.1;

/**
 * Bounds the outgoing queues of all connections together: WebSockets, event streams and HTTP responses. A bound for each
 * connection is not enough, because a peer may open many.
 *
 * A queue is measured when its connection writes, so the sum is an upper bound: bytes that were sent since are noticed at the
 * next write. Only when the sum exceeds the limit, all queues are measured and the longest ones are cut off: those of peers that do
 * not read.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #peers = new Set<Peer>();
  #bytes = 0;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** `queued`: how many bytes wait for the peer now. `cutOff`: ends the connection; what waited is dropped. */
  open(queued: () => number, cutOff: () => void): Outlet {
    const peer: Peer = { queued, cutOff, counted: 0 };
    this.#peers.add(peer);
    return {
      wrote: () => {
        if (!this.#peers.has(peer)) return false;
        this.#count(peer);
        if (this.#bytes > this.#options.limit) this.#relieve();
        return this.#peers.has(peer);
      },
      gone: () => this.#drop(peer),
    };
  }

  /** Bytes that wait now, in all connections. */
  measure(): number {
    for (const peer of this.#peers) this.#count(peer);
    return this.#bytes;
  }

  #count(peer: Peer): void {
    const now = peer.queued();
    this.#bytes += now - peer.counted;
    peer.counted = now;
  }

  #drop(peer: Peer): void {
    if (!this.#peers.delete(peer)) return;
    this.#bytes -= peer.counted;
    peer.counted = 0;
  }

  #relieve(): void {
    this.#options.flush();
    const most = this.#options.limit * (1 - freedShare);
    if (this.measure() <= most) return;
    const longest = [...this.#peers].sort((a, b) => b.counted - a.counted);
    for (const peer of longest) {
      if (this.#bytes <= most) return;
      this.#drop(peer);
      peer.cutOff();
    }
  }
}
