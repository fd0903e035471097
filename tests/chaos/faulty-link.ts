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

/** A TCP proxy between one client and the router that delays, cuts and half-opens at command. */
export class FaultyLink {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #onText: (text: string) => void;
  #state: LinkState = { kind: 'sound' };

  private constructor(routerPort: number, onText: (text: string) => void) {
    this.#onText = onText;
    this.#server = createServer((client) => this.#join(client, connect(routerPort, '127.0.0.1')));
  }

  /** `onText`: told every text frame that the router sends, whether it arrives or not. */
  static async open(routerPort: number, onText: (text: string) => void): Promise<FaultyLink> {
    const link = new FaultyLink(routerPort, onText);
    await new Promise<void>((listening) => link.#server.listen(0, '127.0.0.1', listening));
    return link;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
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
    const tap = new FrameTap(this.#onText);
    router.on('data', (part) => tap.write(part));
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
