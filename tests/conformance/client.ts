import assert from 'node:assert/strict';
import { plainRouterFrame, type RefusalCode, refusals, routerFrame, subprotocol } from '@parley/protocol';
import { WebSocket } from 'ws';
import { within } from '../harness/poll.ts';

export type Dialect = 'plain' | 'v1';
export type Received = { readonly type: string; readonly [field: string]: unknown };
export interface End {
  readonly code: number;
  readonly reason: string;
}

export interface ClientOptions {
  readonly dialect: Dialect;
  /** Instead of what the dialect offers. */
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Behind the URL, beginning with a slash. */
  readonly path?: string;
  /** False: pings are left unanswered. */
  readonly pongs?: boolean;
}

const patienceMs = 50_000;

/** What the checks have met, over all clients: which codes a router was really seen to use. */
export interface Seen {
  readonly refusals: Set<string>;
  readonly closings: Set<number>;
  readonly entries: Set<string>;
}

/** Every frame of the router must be one of its dialect's shapes, with no field too many. */
const examined = (dialect: Dialect, raw: string, seen: Seen): Received => {
  const frame: unknown = JSON.parse(raw);
  const shape = dialect === 'plain' ? plainRouterFrame : routerFrame;
  assert.equal(shape.fault(frame, 'frame'), undefined, `a frame of the wrong shape: ${raw.slice(0, 500)}`);
  assert.deepEqual(
    frame,
    (shape as { pick(value: unknown): unknown }).pick(frame),
    'fields that no shape has',
  );
  const received = frame as Received;
  const entries = (received.type === 'entry' ? [received.entry] : (received.entries ?? [])) as Received[];
  for (const { type } of entries) seen.entries.add(type);
  if (received.type === 'error' || received.type === 'refused') {
    seen.refusals.add(received.code as string);
    const { retry } = refusals[received.code as RefusalCode];
    if (received.type === 'refused') assert.equal(received.retry, retry, `8: retry of ${received.code}`);
  }
  return received;
};

/** One connection, whose frames are taken one by one with `next`. It holds no opinion of its own. */
export class Client {
  readonly ended: Promise<End>;
  readonly #ws: WebSocket;
  readonly #inbox: Received[] = [];
  #broken: unknown;
  #end: End | undefined;
  #heard: (() => void)[] = [];
  #pinged: () => void = () => {};

  constructor(url: string, { dialect, protocols, headers, path = '', pongs }: ClientOptions, seen: Seen) {
    this.#ws = new WebSocket(
      url.replace(/\/$/, '') + path,
      [...(protocols ?? (dialect === 'v1' ? [subprotocol] : []))],
      {
        autoPong: pongs ?? true,
        ...(headers && { headers }),
      },
    );
    this.#ws.on('message', (data) => {
      try {
        this.#inbox.push(examined(dialect, String(data), seen));
      } catch (error) {
        this.#broken ??= error;
      }
      this.#tell();
    });
    this.#ws.on('ping', () => this.#pinged());
    this.#ws.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.#ws.once('close', (code, reason) => {
        this.#end = { code, reason: String(reason) };
        seen.closings.add(code);
        this.#tell();
        resolve(this.#end);
      });
    });
  }

  /** Rejects with the HTTP status when the upgrade is refused. */
  opened(): Promise<this> {
    if (this.#ws.readyState === WebSocket.OPEN) return Promise.resolve(this);
    const opening = new Promise<this>((resolve, reject) => {
      this.#ws.once('open', () => resolve(this));
      this.#ws.once('unexpected-response', (request, { statusCode }) => {
        request.destroy();
        reject(new Error(`HTTP ${statusCode}`));
      });
      this.#ws.once('error', reject);
    });
    return within('the connection opens', patienceMs, opening);
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  get extensions(): string {
    return this.#ws.extensions;
  }

  send(...frames: readonly (object | string)[]): this {
    for (const frame of frames) this.#ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    return this;
  }

  sendBinary(frame: string): void {
    this.#ws.send(Buffer.from(frame), { binary: true });
  }

  /** The next frame, in the order in which frames come. Rejects when the connection ends first. */
  next(): Promise<Received>;
  /** The next frame of this type; others stay in the queue. Rejects when another refusal comes. */
  next(type: string): Promise<Received>;
  async next(type?: string): Promise<Received> {
    const what = type === undefined ? 'a frame' : `a frame of type ${type}`;
    return within(what, patienceMs, this.#take(type));
  }

  /** Drops what comes before the first frame that `fits`. */
  async find(fits: (frame: Received) => boolean): Promise<Received> {
    for (;;) {
      const frame = await this.next();
      if (fits(frame)) return frame;
    }
  }

  /** Fails unless all that the router had to say has been taken: the answer to a nonsense frame comes next. */
  async quiet(): Promise<void> {
    this.send({ type: 'no-such-type' });
    const frame = await this.next();
    assert.equal(frame.code, 'unknown-type', `expected nothing, got ${JSON.stringify(frame).slice(0, 500)}`);
  }

  /** Resolves at the next ping of the router. */
  pinged(): Promise<void> {
    return within('a ping', patienceMs, new Promise<void>((resolve) => (this.#pinged = resolve)));
  }

  /** The code with which the connection ends. */
  async closeCode(): Promise<number> {
    return (await within('the connection ends', 2 * patienceMs, this.ended)).code;
  }

  async close(): Promise<void> {
    this.#ws.close(1000);
    await this.closeCode();
  }

  /** An abnormal end, as when the machine is gone. */
  async vanish(): Promise<void> {
    this.#ws.terminate();
    await this.ended;
  }

  /** Resolves when there is a frame to take, or when none will come any more. */
  async ready(): Promise<void> {
    if (this.#inbox.length === 0 && !this.#end)
      await new Promise<void>((resolve) => this.#heard.push(resolve));
  }

  get hasFrame(): boolean {
    return this.#inbox.length > 0;
  }

  async #take(type: string | undefined): Promise<Received> {
    const fits = (frame: Received) =>
      type === undefined || frame.type === type || frame.type === 'refused' || frame.type === 'error';
    for (;;) {
      if (this.#broken) throw this.#broken;
      const at = this.#inbox.findIndex(fits);
      const [frame] = at < 0 ? [] : this.#inbox.splice(at, 1);
      if (frame) {
        const shown = JSON.stringify(frame).slice(0, 500);
        assert.ok(type === undefined || frame.type === type, `expected ${type}, got ${shown}`);
        return frame;
      }
      if (this.#end) throw new Error(`closed with ${this.#end.code} before ${type ?? 'a frame'} came`);
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  #tell(): void {
    for (const heard of this.#heard.splice(0)) heard();
  }
}

/** The next frame of whichever client gets one first. */
export const firstOf = async (...clients: readonly Client[]): Promise<[Client, Received]> => {
  await within('a frame at any of the clients', patienceMs, Promise.race(clients.map((one) => one.ready())));
  const first = clients.find((one) => one.hasFrame) ?? (clients[0] as Client);
  return [first, await first.next()];
};
