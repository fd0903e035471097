import { connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy before a server: it can swallow what the server says, and cut all connections. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isMuted = false;
  port = 0;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const upstream = connect(target, '127.0.0.1');
      const pair = [client, upstream] as const;
      this.#pairs.add(pair);
      const end = () => {
        this.#pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      };
      client.on('data', (bytes) => upstream.write(bytes));
      upstream.on('data', (bytes) => {
        if (!this.#isMuted) client.write(bytes);
      });
      for (const socket of pair) socket.on('error', end).on('close', end);
    });
  }

  static async before(target: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    const address = proxy.#server.address();
    proxy.port = typeof address === 'object' && address ? address.port : 0;
    return proxy;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** From now on the client hears nothing, and the server hears everything. */
  mute(): void {
    this.#isMuted = true;
  }

  /** Ends all connections; new ones are heard again. */
  cut(): void {
    this.#isMuted = false;
    for (const [client, upstream] of [...this.#pairs]) {
      client.destroy();
      upstream.destroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
