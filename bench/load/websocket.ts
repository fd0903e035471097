import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/**
 * A cheap WebSocket client, so that a load generator on one core can saturate a server on another. Frames are prepared once, and
 * received frames are counted without a copy.
 */
export interface RawClient {
  write(frames: Buffer): void;
  close(): void;
}

/** A text frame as a client sends it. A masking key of zeros is valid and leaves the payload as it is. */
export const textFrame = (value: object): Buffer => masked(0x81, Buffer.from(JSON.stringify(value)));

const masked = (opcode: number, payload: Buffer): Buffer => {
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 8 : 6);
  head[0] = opcode;
  head[1] = 0x80 | (long ? 126 : payload.length);
  if (long) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
};

const ping = 0x9;
const text = 0x1;

interface Connect {
  port: number;
  /** None is the plain dialect. */
  subprotocol?: string;
  /** Called once for each batch read from the socket, with the start of each text payload in `data`. */
  onTexts?(starts: readonly number[], data: Buffer): void;
  onClosed?(): void;
}

const handshake = (port: number, subprotocol: string | undefined) =>
  `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n` +
  (subprotocol === undefined ? '\r\n' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`);

export const connectRaw = ({ port, subprotocol, onTexts, onClosed }: Connect): Promise<RawClient> =>
  new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1' });
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error('closed'));
      onClosed?.();
    });
    socket.once('connect', () => socket.write(handshake(port, subprotocol)));

    let rest: Buffer = Buffer.alloc(0);
    const onFrames = (chunk: Buffer) => {
      const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      const starts: number[] = [];
      let at = 0;
      while (data.length - at >= 2) {
        const size = data[at + 1]! & 0x7f;
        const start = at + (size === 127 ? 10 : size === 126 ? 4 : 2);
        if (data.length < start) break;
        const length =
          size === 127
            ? Number(data.readBigUInt64BE(at + 2))
            : size === 126
              ? data.readUInt16BE(at + 2)
              : size;
        if (data.length < start + length) break;
        const opcode = data[at]! & 0xf;
        if (opcode === text) starts.push(start);
        else if (opcode === ping) socket.write(masked(0x8a, data.subarray(start, start + length)));
        at = start + length;
      }
      rest = data.subarray(at);
      if (starts.length > 0) onTexts?.(starts, data);
    };
    const onHandshake = (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const status = rest.toString('latin1', 0, rest.indexOf('\r\n'));
      if (!status.startsWith('HTTP/1.1 101')) return reject(new Error(status));
      socket.off('data', onHandshake);
      socket.on('data', onFrames);
      const early = rest.subarray(end + 4);
      rest = Buffer.alloc(0);
      resolve({ write: (frames) => void socket.write(frames), close: () => socket.destroy() });
      if (early.length > 0) onFrames(early);
    };
    socket.on('data', onHandshake);
  });
