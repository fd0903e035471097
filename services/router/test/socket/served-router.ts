import { type AddressInfo, createConnection, type Socket } from 'node:net';
import type { Limits } from '@parley/protocol';
import { expect, onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { systemClock } from '../../src/clock.ts';
import type { Fault } from '../../src/faults.ts';
import { type ConnectionLimitRules, ConnectionLimits } from '../../src/http/connection-limits.ts';
import { Control } from '../../src/http/control.ts';
import { makeHttpServer } from '../../src/http/http-server.ts';
import { Rejections, type ToldRejection } from '../../src/http/rejections.ts';
import { makeRequestFilter, type RequestFilterRules } from '../../src/http/request-filter.ts';
import type { Certificate } from '../../src/http/tls.ts';
import { type Authenticator, openAuthenticator } from '../../src/identity/authenticator.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import type { DuplicateRule } from '../../src/presence/presence.ts';
import { Outgoing } from '../../src/quota/outgoing.ts';
import { Pools } from '../../src/quota/pools.ts';
import { Prices } from '../../src/quota/prices.ts';
import { makeRouter, type Router } from '../../src/router.ts';
import { AgentSession } from '../../src/sessions/agent-session.ts';
import { PlainSession } from '../../src/sessions/plain-session.ts';
import { WriteCoalescer } from '../../src/socket/connection.ts';
import type { Rate } from '../../src/socket/token-bucket.ts';
import { startWebSocketServer } from '../../src/socket/websocket-server.ts';

interface ServedOptions {
  onRejection?: (rejection: ToldRejection) => void;
  /** One that another router has used, or will. */
  ledger?: Ledger;
  pools?: Pools;
  prices?: Prices;
  onLedgerFailure?: (error: unknown) => void;
  authenticator?: Authenticator;
  visitors?: RequestFilterRules;
  connectionLimits?: ConnectionLimitRules;
  certificate?: Certificate;
  duplicates?: DuplicateRule;
  rate?: Rate;
  registerMs?: number;
  heartbeatMs?: number;
  stalledMs?: number;
  /** Bytes that may wait to be read by all peers together. */
  outgoingLimit?: number;
  /** Why /readyz says that the router is not ready. */
  unready?: () => string | undefined;
  /** Told of unexpected errors; without it, one fails the test. */
  onFault?: (fault: Fault) => void;
}

export interface ServedRouter {
  readonly router: Router;
  readonly server: ReturnType<typeof makeHttpServer>;
  readonly port: number;
  /** Value of one line of /metrics, for example `parley_disconnects_total{code="4102"}`; 0 when there is none. */
  metric(line: string): Promise<number>;
}

const limits: Limits = {
  maxTurns: 0,
  maxDurationMs: 0,
  stopPhrases: [],
  maxAttempts: 5,
  onFailure: 'end',
  turnDeadlineMs: 60_000,
} as Limits;

/** A router on a free port of loopback, with everything but a process around it. Gone when the test is over. */
export const serveRouter = async (options: ServedOptions = {}): Promise<ServedRouter> => {
  const ledger = options.ledger ?? openMemoryLedger();
  const writes = new WriteCoalescer();
  const rejections = new Rejections(options.onRejection ?? (() => {}));
  const outgoing = new Outgoing({ limit: options.outgoingLimit ?? 1e9, flush: () => writes.flush() });
  const faults: Fault[] = [];
  const router = makeRouter({
    ledger,
    clock: systemClock,
    rejections,
    version: 'test',
    prices: options.prices ?? new Prices({}),
    pools: options.pools ?? new Pools(new Map()),
    duplicates: options.duplicates ?? 'replicas',
    retention: { maxAgeMs: 0, maxBytes: 0 },
    mailboxLimits: { each: { lines: 1_000, bytes: 1e9 }, all: { lines: 1e9, bytes: 1e9 }, maxAgeMs: 60_000 },
    onLedgerFailure:
      options.onLedgerFailure ??
      ((error) => {
        throw error;
      }),
    onFault: options.onFault ?? ((fault) => faults.push(fault)),
  });
  router.conversations.afterFlush(() => writes.flush());
  const authenticator = options.authenticator ?? openAuthenticator;
  const connectionLimits = new ConnectionLimits(
    options.connectionLimits ?? { total: 0, perAddress: 0 },
    rejections,
  );
  const filterRequest = makeRequestFilter(
    options.visitors ?? { origins: [], hosts: [] },
    connectionLimits,
    rejections,
  );
  const server = makeHttpServer(
    {
      router,
      ledger,
      authenticator,
      filterRequest,
      control: new Control(router, limits),
      rejections,
      console: new Map(),
      probes: { unready: options.unready ?? (() => undefined), metrics: router.metrics.registry },
      outgoing,
      stalledMs: options.stalledMs ?? 10_000,
    },
    options.certificate,
  );
  connectionLimits.watch(server);
  const setting = {
    router,
    authenticator,
    defaults: limits,
    routerName: 'test',
  };
  const webSocketServer = startWebSocketServer(server, {
    registerMs: options.registerMs ?? 10_000,
    heartbeatMs: options.heartbeatMs ?? 10_000,
    stalledMs: options.stalledMs ?? 10_000,
    rate: options.rate ?? { perSecond: 0, burst: 1 },
    metrics: router.metrics,
    writes,
    outgoing,
    faults: router.faults,
    authenticator,
    filterRequest,
    rejections,
    wall: Date.now,
    openSession: (dialect, connection, identity) =>
      dialect === 'plain'
        ? new PlainSession(setting, { connection, identity })
        : new AgentSession(setting, { connection, identity }),
  });
  const clock = setInterval(() => router.tick(), 100);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = webSocketServer.close();
    clearInterval(clock);
    server.closeAllConnections();
    await closed;
    await new Promise((resolve) => server.close(resolve));
    expect(faults).toEqual([]);
  });
  const metric = async (line: string): Promise<number> => {
    const text = await router.metrics.registry.metrics();
    return Number(
      text
        .split('\n')
        .find((one) => one.startsWith(`${line} `))
        ?.split(' ')[1] ?? 0,
    );
  };
  return { router, server, port: (server.address() as AddressInfo).port, metric };
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
): Promise<TestClient> => {
  const client = dial(port, { protocols: ['parley.v1'], ...options });
  await client.opened;
  client.send({ type: 'register', name });
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
