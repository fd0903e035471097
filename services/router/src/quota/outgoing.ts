/** The queue of one connection: what was handed to its socket and its peer has not taken. */
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
  /** Gives the network what is held back, so that only what it does not take is counted. */
  flush(): void;
}

interface Peer {
  readonly queued: () => number;
  readonly cutOff: () => void;
  counted: number;
}

/** After a cut there is room for this share of the limit, so that the next look at all queues is far away. */
const roomAfterCut = 0.1;

/**
 * Counts what waits to be read by all peers together: WebSockets, event streams and HTTP answers. A bound for each
 * connection alone is none, because a peer may open many.
 *
 * The count is taken when something is written, so it is an upper bound: what has left since is seen at the next
 * write. Only when the bound is passed are all queues looked at, and the longest ones cut off, those of peers that
 * do not read.
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

  /** What waits now, in all connections. */
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
    const most = this.#options.limit * (1 - roomAfterCut);
    if (this.measure() <= most) return;
    const longest = [...this.#peers].sort((a, b) => b.counted - a.counted);
    for (const peer of longest) {
      if (this.#bytes <= most) return;
      this.#drop(peer);
      peer.cutOff();
    }
  }
}
