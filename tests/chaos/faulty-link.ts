import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { FrameTap } from './frame-tap.ts';

/** What the way between a client and the router does to what passes over it. */
export type LinkState =
  | { readonly kind: 'sound' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Both sides believe that they are connected, and nothing arrives any more. */
  | { readonly kind: 'half-open' };

interface Pair {
  readonly client: Socket;
  readonly router: Socket;
  /** Nothing passes any more, not even the news that one side has gone. */
  dead: boolean;
}

/** A TCP proxy between one client and a server (a router, or a server of NATS) that delays, cuts and half-opens at command. */
export class FaultyLink {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #onText: ((text: string) => void) | undefined;
  #state: LinkState = { kind: 'sound' };

  private constructor(port: () => number, onText: ((text: string) => void) | undefined) {
    this.#onText = onText;
    this.#server = createServer((client) => this.#join(client, connect(port(), '127.0.0.1')));
  }

  /**
   * `port` is asked for each connection, as a load balancer asks itself. `onText`: told every text frame that the router sends,
   * whether it arrives or not.
   */
  static async open(port: () => number, onText?: (text: string) => void): Promise<FaultyLink> {
    const link = new FaultyLink(port, onText);
    await new Promise<void>((listening) => link.#server.listen(0, '127.0.0.1', listening));
    return link;
  }

  /** `127.0.0.1:PORT`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `ws://${this.address}`;
  }

  /** Connections that are open stay as they are under `sound` and `slow`; half-open ones stay dead for good. */
  become(state: LinkState): void {
    this.#state = state;
    if (state.kind !== 'half-open') return;
    for (const pair of this.#pairs) pair.dead = true;
  }

  /** Resets every connection. */
  cut(): void {
    for (const { client, router } of this.#pairs) {
      client.resetAndDestroy();
      router.resetAndDestroy();
    }
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #join(client: Socket, router: Socket): void {
    const pair: Pair = { client, router, dead: this.#state.kind === 'half-open' };
    this.#pairs.add(pair);
    if (this.#onText) {
      const tap = new FrameTap(this.#onText);
      router.on('data', (part) => tap.write(part));
    }
    this.#carry(pair, client, router);
    this.#carry(pair, router, client);
  }

  #carry(pair: Pair, from: Socket, to: Socket): void {
    const { client, router } = pair;
    /** What is under way arrives in the order in which it was sent, however the delay changes meanwhile. */
    let underWay = Promise.resolve();
    const later = (work: () => void) => {
      const delayMs = this.#state.kind === 'slow' ? this.#state.delayMs : 0;
      const due = delayMs === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, delayMs));
      underWay = underWay.then(async () => {
        await due;
        work();
      });
    };
    from.on('data', (part) => {
      later(() => !pair.dead && to.writable && to.write(part));
    });
    from.on('error', () => {});
    from.on('end', () => later(() => pair.dead || to.end()));
    from.on('close', () => {
      later(() => pair.dead || to.destroy());
      if (client.destroyed && router.destroyed) this.#pairs.delete(pair);
    });
  }
}
