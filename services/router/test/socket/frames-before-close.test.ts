import { describe, expect, it } from 'vitest';
import { wsFrame } from '../../../../tests/harness/raw-peer.ts';
import type { Ledger, OnForeign } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { opened } from '../ledger/ledger-entries.ts';
import { dialRaw, handshake, serveRouter } from './served-router.ts';

const until = (probe: () => unknown) => expect.poll(probe, { timeout: 60_000, interval: 10 });

const text = (value: object) => wsFrame(JSON.stringify(value));
const normalClose = wsFrame(Buffer.from([0x03, 0xe8]), { opcode: 8 });

/** A ledger that another router writes too. `x` is opened there, and this router hears of it when `catchUp` is called. */
const sharedLedger = () => {
  const kept = openMemoryLedger();
  const listeners: OnForeign[] = [];
  const asking: (() => void)[] = [];
  const ledger: Ledger = {
    ...kept,
    onForeign: (listener) => void listeners.push(listener),
    caughtUp: () => new Promise<void>((resolve) => asking.push(resolve)),
  };
  const catchUp = async () => {
    const entries = [{ ...opened(Date.now()), policy: 'open' as const, members: ['ann', 'carol'] }];
    const [done] = await kept.append([{ conversation: 'x', expectedSeq: 0, entries }]);
    if (!done?.ok) throw new Error('x was not written');
    for (const listener of listeners) listener({ conversation: 'x', entries, position: done.position });
    for (const resolve of asking.splice(0)) resolve();
  };
  return { ledger, asking, catchUp };
};

describe('a registered peer that closes while one of its frames waits for another router', () => {
  it.each<[dialect: string, headers: string, frames: object[]]>([
    [
      'plain',
      '',
      [
        { target: 'ann', text: 'one', conversation: 'x' },
        { target: 'bob', text: 'two' },
      ],
    ],
    [
      'parley.v1',
      'Sec-WebSocket-Protocol: parley.v1\r\n',
      [
        { type: 'say', conversation: 'x', text: 'one' },
        { type: 'open', ref: 'r1', members: ['bob'], opening: 'two' },
      ],
    ],
  ])(
    'all frames that a %s peer sent before it closed are handled in order, and then it leaves',
    async (_dialect, headers, frames) => {
      const { ledger, asking, catchUp } = sharedLedger();
      const { port, router } = await serveRouter({ ledger });
      const socket = await dialRaw(port);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      const upgraded = new Promise((resolve) => socket.once('data', resolve));
      socket.write(handshake(port, headers));
      await upgraded;
      socket.resume();
      // In one write, so that the router reads all of it before it pauses the socket.
      socket.write(
        Buffer.concat([text({ type: 'register', name: 'carol' }), ...frames.map(text), normalClose]),
      );
      await until(() => asking.length).toBe(1);
      await closed;
      // The router sees the end of the socket before it answers this.
      await fetch(`http://127.0.0.1:${port}/healthz`);
      expect(router.presence.isConnected('carol')).toBe(true);
      await catchUp();
      await until(() => router.conversations.count).toBe(2);
      const said = [...router.conversations.running()].flatMap(({ id }) =>
        router.conversations
          .entriesSince(id, 0)
          .flatMap((entry) => (entry.type === 'said' ? [[id === 'x' ? 'x' : 'new', entry.text]] : [])),
      );
      expect(said).toEqual([
        ['x', 'one'],
        ['new', 'two'],
      ]);
      await until(() => router.presence.isConnected('carol')).toBe(false);
    },
  );
});
