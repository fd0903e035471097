import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { within } from './poll.ts';

/** A frame as a client sends it. `mask` false, a wrong `length` or reserved bits make it a broken one. */
export const wsFrame = (
  payload: string | Buffer,
  {
    opcode = 1,
    fin = true,
    rsv = 0,
    mask = true,
    length,
    wide,
  }: {
    opcode?: number;
    fin?: boolean;
    rsv?: number;
    mask?: boolean;
    /** What the header says, when that is not the truth. */
    length?: number | bigint;
    /** Bytes of the length field, when not the fewest. */
    wide?: 16 | 64;
  } = {},
): Buffer => {
  const body = Buffer.from(payload);
  const size = BigInt(length ?? body.length);
  const bits = wide ?? (size > 65_535n ? 64 : size > 125n ? 16 : 0);
  const head = Buffer.alloc(bits === 64 ? 10 : bits === 16 ? 4 : 2);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (mask ? 0x80 : 0) | (bits === 64 ? 127 : bits === 16 ? 126 : Number(size));
  if (bits === 16) head.writeUInt16BE(Number(size), 2);
  if (bits === 64) head.writeBigUInt64BE(size, 2);
  // A masking key of zeros is valid and leaves the payload as it is.
  return Buffer.concat(mask ? [head, Buffer.alloc(4), body] : [head, body]);
};

export const upgrade = (
  headers: Readonly<Record<string, string | undefined>> = {},
  line = 'GET / HTTP/1.1',
): string => {
  const all: Record<string, string | undefined> = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return `${[line, ...lines].join('\r\n')}\r\n\r\n`;
};

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Complete frames at the start of `bytes`; a server does not mask. */
const framesIn = (bytes: Buffer): Frame[] => {
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= 2) {
    const size = bytes[at + 1]! & 0x7f;
    const start = at + (size === 127 ? 10 : size === 126 ? 4 : 2);
    if (bytes.length < start) break;
    const length =
      size === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : size === 126 ? bytes.readUInt16BE(at + 2) : size;
    if (bytes.length < start + length) break;
    frames.push({ opcode: bytes[at]! & 0xf, payload: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return frames;
};

/** A TCP connection that says what it is told to, byte by byte, and keeps what comes back. */
export class RawPeer {
  readonly closed: Promise<void>;
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  isClosed = false;
  #heard: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.#tell();
    });
    socket.on('end', () => this.#ended());
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#ended();
        resolve();
      });
    });
  }

  static connect(port: number): Promise<RawPeer> {
    return RawPeer.#over(connect({ port, host: '127.0.0.1', allowHalfOpen: true }), 'connect');
  }

  static async #over(socket: Socket, open: 'connect' | 'secureConnect'): Promise<RawPeer> {
    socket.setNoDelay(true);
    await within(
      'a connection',
      10_000,
      new Promise((resolve, reject) => {
        socket.once(open, resolve);
        socket.once('error', reject);
      }),
    );
    return new RawPeer(socket);
  }

  /** A connection that has been upgraded. */
  static async webSocket(
    port: number,
    headers?: Readonly<Record<string, string | undefined>>,
  ): Promise<RawPeer> {
    return (await RawPeer.connect(port)).#upgraded(headers);
  }

  /** The same for the router at a URL, over TLS if that says so. */
  static async webSocketAt(url: string): Promise<RawPeer> {
    const { protocol, hostname, host: Host, port } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '');
    const at = { host, allowHalfOpen: true };
    const peer =
      protocol === 'wss:'
        ? await RawPeer.#over(
            connectTls({ ...at, port: Number(port || 443), servername: isIP(host) ? '' : host }),
            'secureConnect',
          )
        : await RawPeer.#over(connect({ ...at, port: Number(port || 80) }), 'connect');
    return peer.#upgraded({ Host });
  }

  async #upgraded(headers?: Readonly<Record<string, string | undefined>>): Promise<this> {
    this.write(upgrade(headers));
    await this.until('the upgrade', () => this.status === 101 && this.body !== undefined);
    return this;
  }

  write(...parts: readonly (string | Buffer)[]): this {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))));
    return this;
  }

  /** Of the HTTP response; undefined before there is one. */
  get status(): number | undefined {
    const [, code] = /^HTTP\/1\.[01] (\d{3})/.exec(this.received.toString('latin1', 0, 16)) ?? [];
    return code === undefined ? undefined : Number(code);
  }

  /** What follows the headers of the HTTP response. */
  get body(): Buffer | undefined {
    const end = this.received.indexOf('\r\n\r\n');
    return end < 0 ? undefined : this.received.subarray(end + 4);
  }

  get frames(): Frame[] {
    return framesIn(this.body ?? Buffer.alloc(0));
  }

  get texts(): string[] {
    return this.frames.filter(({ opcode }) => opcode === 1).map(({ payload }) => payload.toString());
  }

  /** Of the close frame; 1005 when it has none, undefined before there is one. */
  get closeCode(): number | undefined {
    const close = this.frames.find(({ opcode }) => opcode === 8);
    return close && (close.payload.length < 2 ? 1005 : close.payload.readUInt16BE(0));
  }

  /** Resolves once `holds`, which is asked whenever something came; rejects when the peer ends first. */
  until(what: string, holds: () => boolean, deadlineMs = 60_000): Promise<void> {
    const wait = async () => {
      while (!holds()) {
        if (this.isClosed)
          throw new Error(
            `the connection ended before ${what}: ${this.received.toString('latin1').slice(0, 300)}`,
          );
        await new Promise<void>((resolve) => this.#heard.push(resolve));
      }
    };
    return within(what, deadlineMs, wait());
  }

  /** Answers the pings among the frames that came, and forgets all frames. Only between whole frames. */
  answerPings(): void {
    for (const { opcode, payload } of this.frames) {
      if (opcode === 9) this.write(wsFrame(payload, { opcode: 10 }));
    }
    this.received = Buffer.from('HTTP/1.1 101\r\n\r\n');
  }

  /** Resolves when the router has ended the connection. */
  over(deadlineMs = 60_000): Promise<void> {
    return this.until('the end', () => this.isClosed, deadlineMs);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #ended(): void {
    this.isClosed = true;
    this.#tell();
  }

  #tell(): void {
    for (const heard of this.#heard.splice(0)) heard();
  }
}
