import type { Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { until } from '../../../../tests/harness/poll.ts';
import { unrestricted } from '../../src/identity/identity.ts';
import { LedgerDamage } from '../../src/ledger/damage.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { finished, lines, opened } from '../ledger/ledger-entries.ts';
import { dialAgent, dialRaw, serveRouter } from '../socket/served-router.ts';

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;

/** Reads events from a stream until it has so many of them. */
const readEvents = async (port: number, path: string, count: number) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  const events: { position: number; entry: Entry }[] = [];
  let rest = '';
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    const blocks = (rest + Buffer.from(part).toString('latin1')).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, position, data] = /^id: (\d+)\nevent: entry\ndata: (.*)$/.exec(block) ?? [];
      if (data) events.push({ position: Number(position), entry: JSON.parse(data).entry });
    }
    if (events.length >= count) break;
  }
  return events;
};

/** A ledger with entries of `size` characters, and the count of entries that were read from it. */
const large = async (entries: number, size: number) => {
  const kept = openMemoryLedger();
  const texts = lines(2, entries, '\u0001'.repeat(size));
  await kept.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened(), ...texts] }]);
  const count = { read: 0 };
  const ledger: Ledger = {
    ...kept,
    readAll: (...asked) => {
      const page = kept.readAll(...asked);
      count.read += page.length;
      return page;
    },
  };
  return { ledger, count };
};

describe('a reader of events that comes back', () => {
  it('a reader of events that reconnects gets any number of entries of 190 KB on one connection', async () => {
    const { ledger } = await large(60, 31_000);
    const { port } = await serveRouter({ ledger });
    const events = await readEvents(port, '/v1/events?since=0', 60);
    expect(events.map(({ position }) => position)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  it('a reader of events that never reads occupies one page of memory, and no more is read from the ledger for it', async () => {
    const { ledger, count } = await large(2_000, 5_000);
    const { port } = await serveRouter({ ledger });
    const before = count.read;
    const readers = await Promise.all(Array.from({ length: 10 }, () => dialRaw(port)));
    for (const reader of readers) reader.pause().write(get('/v1/events?since=0'));
    await expect.poll(() => count.read - before, { timeout: 60_000 }).toBeGreaterThan(20);
    let seen = -1;
    await expect
      .poll(
        () => {
          const same = seen === count.read;
          seen = count.read;
          return same;
        },
        { interval: 300, timeout: 60_000 },
      )
      .toBe(true);
    // What the network has taken, and a page for each: the ledger has 60 MB for each of the ten.
    expect(count.read - before).toBeLessThan(10 * 600);
  });
});

describe('a reader of events that follows', () => {
  it('a reader of live events that does not read for some time misses no entry and gets none twice', {
    timeout: 30_000,
  }, async () => {
    const { port } = await serveRouter();
    const writer = await dialAgent(port, 'writer');
    writer.send({ type: 'open', ref: '1', members: ['x'], policy: 'open' });
    const { conversation } = await writer.nextOf('accepted');
    const reader = await dialRaw(port);
    let text = '';
    reader.on('data', (data) => {
      text += data.toString('latin1');
    });
    reader.write(get('/v1/events'));
    await expect.poll(() => text).toContain('retry');
    reader.pause();
    for (let i = 0; i < 600; i++)
      writer.send({ type: 'say', conversation, text: `${i} `.padEnd(30_000, 'x') });
    for (let i = 0; i < 600; i++) await writer.nextOf('accepted');
    reader.resume();
    writer.send({ type: 'say', conversation, text: 'the last' });
    await expect.poll(() => text.includes('the last'), { timeout: 60_000 }).toBe(true);
    const ids = [...text.matchAll(/id: (\d+)\r?\n/g)].map(([, id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: 601 }, (_, i) => i + 2));
  });

  it('a reader of the events of one conversation is sent no entry of another', async () => {
    const ledger = openMemoryLedger();
    for (const conversation of ['c1', 'c2', 'c3'])
      await ledger.append([{ conversation, expectedSeq: 0, entries: finished(5) }]);
    const { port } = await serveRouter({ ledger });
    const events = await readEvents(port, '/v1/events?since=0&conversation=c2', 5);
    expect(events.map(({ position }) => position)).toEqual([6, 7, 8, 9, 10]);
  });

  it('a reader of the events of one conversation costs no read of other conversations, and misses nothing by their damage', async () => {
    const kept = openMemoryLedger();
    for (const conversation of ['c1', 'c2', 'c3'])
      await kept.append([{ conversation, expectedSeq: 0, entries: finished(5) }]);
    const read: number[] = [];
    const ledger: Ledger = {
      ...kept,
      readAll: (since, limit, maxBytes) => {
        // Nothing but the events asks at position 0 or later for so many.
        if (limit === 500) throw new LedgerDamage('ledger', ['an entry of c1 does not match its checksum']);
        return kept.readAll(since, limit, maxBytes);
      },
      readOf: (...asked) => {
        const page = kept.readOf(...asked);
        read.push(...page.map(({ position }) => position));
        return page;
      },
    };
    const { port } = await serveRouter({ ledger });
    const later = await readEvents(port, '/v1/events?since=7&conversation=c2', 3);
    expect(later.map(({ position }) => position)).toEqual([8, 9, 10]);
    expect(read).toEqual([8, 9, 10]);
  });
});

describe('a stream of events', () => {
  it('a reader that leaves while its token is checked watches nothing afterwards', async () => {
    const checks: (() => void)[] = [];
    const { router, server, port } = await serveRouter({
      authenticator: {
        identify: () =>
          new Promise((resolve) => checks.push(() => resolve({ ok: true, identity: unrestricted }))),
      },
    });
    const watched: (string | undefined)[] = [];
    router.routerEvents.observe({
      watched: (conversation, isWatched) => void (isWatched && watched.push(conversation)),
      written: () => {},
    });
    const reader = await dialRaw(port);
    reader.write(get('/v1/events?conversation=gone'));
    await until('the token of the reader is checked', () => checks.length === 1);
    reader.destroy();
    const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
    await until('the router has noticed that the reader left', async () => (await open()) === 0);
    checks[0]?.();
    const other = await dialRaw(port);
    other.write(get('/v1/events?conversation=there'));
    await until('the token of another reader is checked', () => checks.length === 2);
    checks[1]?.();
    await until('the other reader watches', () => watched.includes('there'));
    expect(watched).toEqual(['there']);
  });

  it('a HEAD of a stream of events ends at once, and the next request of the connection is answered', async () => {
    const { port } = await serveRouter();
    const reader = await dialRaw(port);
    let text = '';
    reader.on('data', (data) => {
      text += data.toString('latin1');
    });
    reader.write(get('/v1/events').replace('GET', 'HEAD') + get('/healthz'));
    await until('the second request is answered', () => text.includes('ok\n'));
    expect(text.match(/^HTTP\/1\.1 200 OK/gm)).toHaveLength(2);
    expect(text).not.toContain('retry:');
  });

  it('a reader that names a position behind the end, as after a backup was restored, gets what is new', async () => {
    const ledger = openMemoryLedger();
    await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: finished(5) }]);
    const { port } = await serveRouter({ ledger });
    const reader = await dialRaw(port);
    let text = '';
    reader.on('data', (data) => {
      text += data.toString('latin1');
    });
    reader.write(get('/v1/events').replace('\r\n\r\n', '\r\nLast-Event-ID: 4000\r\n\r\n'));
    await until('the stream has begun', () => text.includes('retry'));
    const writer = await dialAgent(port, 'writer');
    writer.send({ type: 'open', ref: '1', members: ['x'], policy: 'open' });
    await until('the entry behind the end of the ledger is sent', () => text.includes('id: 6'));
    expect(text).not.toContain('id: 5');
  });
});
