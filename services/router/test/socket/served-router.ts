import { createConnection, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { Fault } from '../../src/faults.ts';
import { openAuthenticator } from '../../src/identity/authenticator.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { type RunningRouter, type ServeOptions, serve } from '../../src/serve.ts';
import type { LimitDefaults } from '../../src/sessions/limit-defaults.ts';
import { systemClock } from '../../src/time/clock.ts';
import { routerOptions } from '../router-options.ts';

type ServedOptions = Partial<Omit<ServeOptions, 'version' | 'routerName' | 'defaults' | 'console'>>;

export interface ServedRouter extends Pick<RunningRouter, 'router' | 'server' | 'drain' | 'close'> {
  readonly port: number;
  /** Value of one line of /metrics, for example `parley_disconnects_total{code="4102"}`; 0 when there is none. */
  metric(line: string): Promise<number>;
}

const limits: LimitDefaults = {
  maxTurns: 0,
  maxDurationMs: 0,
  stopPhrases: [],
  maxAttempts: 5,
  onFailure: 'end',
  turnDeadlineMs: 60_000,
};

/** A router on a free port of loopback, with everything but a process around it. It is closed when the test is over. */
export const serveRouter = async (options: ServedOptions = {}): Promise<ServedRouter> => {
  const faults: Fault[] = [];
  const running = serve({
    ...routerOptions({ ledger: options.ledger ?? openMemoryLedger(), clock: systemClock }),
    onFault: (fault) => faults.push(fault),
    authenticator: openAuthenticator,
    requestFilter: { origins: [], hosts: [] },
    connectionLimits: { total: 0, perAddress: 0 },
    onRejection: () => {},
    defaults: limits,
    routerName: 'test',
    console: new Map(),
    outgoingBytes: 1e9,
    stalledMs: 10_000,
    registerMs: 10_000,
    heartbeatMs: 10_000,
    rate: { perSecond: 0, burst: 1 },
    ...options,
  });
  const { router, server, drain, close } = running;
  await running.joined();
  const address = await running.listen('127.0.0.1', 0);
  onTestFinished(async () => {
    await running.close();
    // Without a listener of its own, an unexpected error fails the test.
    expect(faults).toEqual([]);
  });
  const metric = async (line: string): Promise<number> => {
    const text = await router.metrics.registry.metrics();
    const found = text.split('\n').find((one) => one.startsWith(`${line} `));
    return Number(found?.split(' ')[1] ?? 0);
  };
  return { router, server, drain, close, port: Number(address.split(':').at(-1)), metric };
};

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export interface TestClient {
  readonly ws: WebSocket;
  /** Resolves when the handshake is over; rejects with what the router answered instead. */
  readonly opened: Promise<void>;
  readonly closed: Promise<Closed>;
  send(frame: object | string): void;
  /** The next frame that has not been asked for. */
  next(): Promise<Frame>;
  /** The next one of this type; others before it are passed over. */
  nextOf(type: string): Promise<Frame>;
}
export interface Frame {
  readonly type: string;
  readonly [field: string]: unknown;
}

const patienceMs = 10_000;

interface DialOptions extends ClientOptions {
  readonly protocols?: string[];
  readonly scheme?: 'ws' | 'wss';
  readonly path?: string;
}

/** A client that keeps what it is sent until it is asked for. */
export const dial = (
  port: number,
  { protocols, scheme = 'ws', path = '/', ...options }: DialOptions = {},
): TestClient => {
  const ws = new WebSocket(`${scheme}://127.0.0.1:${port}${path}`, protocols, {
    perMessageDeflate: false,
    ...options,
  });
  const frames: Frame[] = [];
  const asking: ((frame: Frame) => void)[] = [];
  ws.on('message', (data) => {
    const frame = JSON.parse(String(data)) as Frame;
    const ask = asking.shift();
    if (ask) ask(frame);
    else frames.push(frame);
  });
  const opened = new Promise<void>((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('error', reject);
  });
  opened.catch(() => {});
  ws.on('error', () => {});
  const closed = new Promise<Closed>((resolve) => {
    ws.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  onTestFinished(() => ws.terminate());
  const client: TestClient = {
    ws,
    opened,
    closed,
    send: (frame) => ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    next: () => {
      const frame = frames.shift();
      if (frame) return Promise.resolve(frame);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no frame came')), patienceMs);
        asking.push((one) => {
          clearTimeout(timer);
          resolve(one);
        });
      });
    },
    async nextOf(type) {
      let frame = await client.next();
      while (frame.type !== type) frame = await client.next();
      return frame;
    },
  };
  return client;
};

/** A `parley.v1` client that is registered. */
export const dialAgent = async (
  port: number,
  name: string,
  options: DialOptions = {},
  more: object = {},
): Promise<TestClient> => {
  const client = dial(port, { protocols: ['parley.v1'], ...options });
  await client.opened;
  client.send({ type: 'register', name, ...more });
  const welcome = await client.next();
  if (welcome.type !== 'welcome') throw new Error(`not welcome: ${JSON.stringify(welcome)}`);
  return client;
};

/** A plain client that is registered. A line to a name of its own proves it, for there is no answer to `register`. */
export const dialPlain = async (
  port: number,
  name: string,
  options: DialOptions = {},
): Promise<TestClient> => {
  const client = dial(port, options);
  await client.opened;
  client.send({ type: 'register', name });
  client.send({ target: name, text: 'x' });
  const answer = await client.next();
  if (answer.code !== 'bad-target') throw new Error(`not registered: ${JSON.stringify(answer)}`);
  return client;
};

/** A bare TCP connection, for what no client library would do. */
export const dialRaw = async (port: number): Promise<Socket> => {
  const socket = createConnection({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
};

/** A handshake as raw bytes. */
export const handshake = (port: number, headers = ''): string =>
  `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${headers}\r\n`;
