import assert from 'node:assert/strict';
import { subprotocol } from '@parley/protocol';
import { RawPeer, wsFrame } from '../harness/raw-peer.ts';

export type Dialect = 'plain' | 'v1';

/** One thing that a hostile or broken peer does, and how a router that stays calm answers. */
export interface Case {
  readonly title: string;
  /** Rejects when the router answers otherwise. Takes milliseconds unless `slow`. */
  run(port: number): Promise<void>;
  /** It waits for one of the router's deadlines. */
  readonly slow?: boolean;
}

export const headersOf = (dialect: Dialect): Record<string, string> =>
  dialect === 'v1' ? { 'Sec-WebSocket-Protocol': subprotocol } : {};

const shown = (peer: RawPeer) => peer.received.toString('latin1').slice(0, 300);

/** Bytes sent instead of a request: the answer has one of these statuses, or is the end of the connection. */
export const httpCase = (title: string, bytes: string | Buffer, statuses: readonly number[] = []): Case => ({
  title: `HTTP: ${title}`,
  async run(port) {
    const peer = await RawPeer.connect(port);
    peer.write(bytes);
    peer.socket.end();
    await peer.until('an answer or the end', () => peer.isClosed || peer.body !== undefined);
    const { status } = peer;
    peer.destroy();
    assert.ok(
      status === undefined || statuses.includes(status) || (status >= 400 && status < 500),
      shown(peer),
    );
  },
});

/** Bytes sent over a WebSocket: it is closed with one of these codes. */
export const closingCase = (
  title: string,
  frames: () => readonly Buffer[],
  codes: readonly number[],
  dialect: Dialect = 'plain',
): Case => ({
  title: `WebSocket, ${dialect}: ${title}`,
  async run(port) {
    const peer = await RawPeer.webSocket(port, headersOf(dialect));
    peer.write(...frames());
    await peer.until('a close frame or the end', () => peer.closeCode !== undefined || peer.isClosed);
    const code = peer.closeCode;
    peer.destroy();
    assert.ok(code !== undefined && codes.includes(code), `closed with ${code}: ${shown(peer)}`);
  },
});

let names = 0;
/** Registers under a name that nothing else uses. */
export const registered = async (port: number, dialect: Dialect): Promise<RawPeer> => {
  const peer = await RawPeer.webSocket(port, headersOf(dialect));
  return peer.write(wsFrame(JSON.stringify({ type: 'register', name: `hostile${++names}` })));
};

const isFault = (text: string): boolean => /^\{"type":"(error|refused)"/.test(text);

/**
 * Frames sent by a registered peer: the faults that come back have these codes, one after the other, and the connection
 * stays. `undefined`: there is no fault.
 */
export const faultCase = (
  title: string,
  payload: string,
  code: string | undefined,
  dialect: Dialect,
  fragments: (payload: string) => readonly Buffer[] = (whole) => [wsFrame(whole)],
): Case => ({
  title: `frame, ${dialect}: ${title}`,
  async run(port) {
    const peer = await registered(port, dialect);
    peer.write(...fragments(payload), wsFrame('{"type":"last-one"}'));
    const faults = () => peer.texts.filter(isFault).map((text) => JSON.parse(text).code as string);
    await peer.until(
      'the connection answers',
      () =>
        faults().includes('unknown-type') &&
        faults().at(-1) === 'unknown-type' &&
        faults().length >= (code === 'unknown-type' ? 2 : 1),
    );
    const heard = faults();
    peer.destroy();
    assert.deepEqual(heard, code === undefined ? ['unknown-type'] : [code, 'unknown-type']);
  },
});
