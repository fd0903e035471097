import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ClientFrame, decodeClientFrame, type RouterFrame, subprotocol } from '@parley/protocol';
import { onTestFinished, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

type FrameOf<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;

/** One connection of an agent, as the router sees it. */
export class AgentConnection {
  readonly socket: WebSocket;
  /** The handshake. */
  readonly request: IncomingMessage;
  readonly frames: ClientFrame[] = [];
  readonly closed: Promise<number>;

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.socket = socket;
    this.request = request;
    socket.on('message', (data) => {
      const decoded = decodeClientFrame(String(data));
      if (!decoded.ok) throw new Error(`the agent sent ${decoded.problem}: ${data}`);
      this.frames.push(decoded.frame);
    });
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  send(frame: RouterFrame): void {
    this.socket.send(JSON.stringify(frame));
  }

  welcome(heartbeatMs = 10_000): void {
    this.send({
      type: 'welcome',
      name: 'alice',
      router: 'fake',
      heartbeatMs,
      maxFrameBytes: 262_144,
      maxTextLength: 32_000,
    });
  }

  /** The frames of a type, once there are `count` of them. */
  async heard<T extends ClientFrame['type']>(type: T, count = 1): Promise<FrameOf<T>[]> {
    return vi.waitFor(
      () => {
        const found = this.frames.filter((frame): frame is FrameOf<T> => frame.type === type);
        if (found.length < count) throw new Error(`${found.length} of ${count} ${type} frames`);
        return found;
      },
      { timeout: 60_000, interval: 5 },
    );
  }
}

/** A router on a free port that does what the test says. Gone when the test ends. */
export const fakeRouter = async (port = 0) => {
  const connections: AgentConnection[] = [];
  const server = new WebSocketServer({ port, host: '127.0.0.1', handleProtocols: () => subprotocol });
  server.on('connection', (socket, request) => connections.push(new AgentConnection(socket, request)));
  await new Promise((resolve) => server.once('listening', resolve));
  const close = () => {
    for (const socket of server.clients) socket.terminate();
    return new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(() => void close());
  const { port: taken } = server.address() as AddressInfo;
  return {
    port: taken,
    url: `ws://127.0.0.1:${taken}`,
    close,
    connection: (index = 0): Promise<AgentConnection> =>
      vi.waitFor(
        () => {
          const connection = connections[index];
          if (!connection)
            throw new Error(`${connections.length} connections, waiting for number ${index + 1}`);
          return connection;
        },
        { timeout: 60_000, interval: 5 },
      ),
  };
};
