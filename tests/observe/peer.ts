import type { ClientFrame, RouterFrame, RouterFrameOf } from '@parley/protocol';

/** A `parley.v1` agent that does exactly what a test tells it to. */
export class Peer {
  readonly #socket: WebSocket;
  readonly #frames: RouterFrame[] = [];
  #wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      this.#frames.push(JSON.parse(data));
      this.#wake();
    });
  }

  static async join(url: string, name: string): Promise<Peer> {
    const socket = new WebSocket(url, 'parley.v1');
    const peer = new Peer(socket);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    peer.send({ type: 'register', name });
    await peer.next('welcome');
    return peer;
  }

  send(frame: ClientFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  /** The next frame of that type; those before it are dropped. */
  async next<T extends RouterFrame['type']>(type: T): Promise<RouterFrameOf<T>> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame?.type === type) return frame as RouterFrameOf<T>;
      if (!frame) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  close(): void {
    this.#socket.close();
  }
}
