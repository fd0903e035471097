import {
  request as ask,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Ends a hang; no test looks at it. */
const patienceMs = 60_000;
const againMs = 50;

/**
 * A load balancer before routers that are replaced. A request goes to the next router when it finds none at its port, and a read also
 * when the connection ended without an answer. What a router answers is passed on, whatever it is.
 */
export class Balancer {
  readonly #ports: readonly string[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #next = 0;

  private constructor(ports: readonly string[]) {
    this.#ports = ports;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.on('upgrade', (request, socket, head) => {
      this.#pass(request, socket as Socket, head).catch(() => socket.destroy());
    });
  }

  static async before(ports: readonly string[]): Promise<Balancer> {
    const balancer = new Balancer(ports);
    await new Promise<void>((resolve) => balancer.#server.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get http(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  get url(): string {
    return this.http.replace(/^http/, 'ws');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #port(): string {
    return this.#ports[this.#next++ % this.#ports.length] as string;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: Buffer[] = [];
    for await (const part of request) body.push(part as Buffer);
    const until = performance.now() + patienceMs;
    for (;;) {
      const failed = await this.#forward(this.#port(), request, Buffer.concat(body), response);
      if (failed === undefined) return;
      const mayRepeat = failed.code === 'ECONNREFUSED' || request.method === 'GET';
      if (!mayRepeat || performance.now() > until) {
        response.writeHead(502).end(failed.message);
        return;
      }
      await delay(againMs);
    }
  }

  /** Undefined when the router has answered. */
  #forward(
    port: string,
    { method, url, headers }: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
  ): Promise<NodeJS.ErrnoException | undefined> {
    return new Promise((resolve) => {
      // A connection for each request, as after a router was replaced.
      const asked = ask({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        response.once('close', () => resolve(undefined));
      });
      asked.once('error', resolve);
      asked.end(body);
    });
  }

  /** A WebSocket goes to a router that is ready. */
  async #pass({ url, rawHeaders }: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    this.#sockets.add(client);
    client.once('close', () => this.#sockets.delete(client)).on('error', () => client.destroy());
    for (const until = performance.now() + patienceMs; performance.now() < until; await delay(againMs)) {
      const port = this.#port();
      const isReady = await fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (!isReady) continue;
      const router = connect(Number(port), '127.0.0.1');
      router.on('error', () => client.destroy()).once('close', () => client.destroy());
      client.once('close', () => router.destroy());
      const lines = [`GET ${url} HTTP/1.1`];
      for (let at = 0; at < rawHeaders.length; at += 2)
        lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
      router.write(`${lines.join('\r\n')}\r\n\r\n`);
      router.write(head);
      router.pipe(client).pipe(router);
      return;
    }
    client.destroy();
  }
}
