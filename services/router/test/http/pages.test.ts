import type { Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { ended, finished, lines, opened } from '../ledger/ledger-entries.ts';
import { serveRouter } from '../socket/served-router.ts';

const kibibyte = 1024;

interface Page {
  readonly conversations: { readonly id: string }[];
  readonly conversation: object;
  readonly entries: Entry[];
  readonly found?: Record<string, { readonly seq: number; readonly from: string; readonly text: string }>;
  readonly total: number;
  readonly next?: string;
}

/** All pages from `path` on, and the size of the largest. */
const pagesOf = async (port: number, path: string) => {
  const pages: Page[] = [];
  let largest = 0;
  for (let next: string | undefined = path; next !== undefined; ) {
    const text = await (await fetch(`http://127.0.0.1:${port}${next}`)).text();
    largest = Math.max(largest, Buffer.byteLength(text));
    const page = JSON.parse(text) as Page;
    pages.push(page);
    next = page.next;
  }
  return { pages, largest };
};

describe('GET /v1/conversations/:id', () => {
  it('GET /v1/conversations/:id gives a long conversation in pages of a bounded size, each with the path of the next', async () => {
    const ledger = openMemoryLedger();
    const texts = lines(2, 40, '\u0001'.repeat(31_000));
    await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened(), ...texts, ended(41)] }]);
    const { port } = await serveRouter({ ledger });
    const { pages, largest } = await pagesOf(port, '/v1/conversations/c1');
    expect(pages.flatMap(({ entries }) => entries.map(({ seq }) => seq))).toEqual(
      Array.from({ length: 41 }, (_, i) => i + 1),
    );
    expect(pages.length).toBeGreaterThan(10);
    expect(largest).toBeLessThan(520 * kibibyte);
  });

  it('GET /v1/conversations/:id gives one page without a next one when all entries fit, and no more entries than the limit', async () => {
    const ledger = openMemoryLedger();
    await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: finished(30) }]);
    const { port } = await serveRouter({ ledger });
    const whole = await pagesOf(port, '/v1/conversations/c1');
    expect(whole.pages.map(({ entries }) => entries.length)).toEqual([30]);
    const some = await pagesOf(port, '/v1/conversations/c1?since=2&limit=10');
    expect(some.pages.map(({ entries }) => entries.length)).toEqual([10, 10, 8]);
    const none = await pagesOf(port, '/v1/conversations/c1?since=30');
    expect(none.pages.map(({ entries }) => entries.length)).toEqual([0]);
  });
});

describe('GET /v1/conversations', () => {
  it('GET /v1/conversations lists the conversations that match a filter, gives the total number, and examines few for one page', async () => {
    const ledger = openMemoryLedger();
    for (let i = 0; i < 1_205; i++) {
      const [first, ...others] = finished(3);
      const topic = i === 3 ? 'The Price of TEA' : `number ${i}`;
      await ledger.append([
        { conversation: `c${i}`, expectedSeq: 0, entries: [{ ...first, topic } as Entry, ...others] },
      ]);
    }
    const { port } = await serveRouter({ ledger });
    const { pages } = await pagesOf(port, '/v1/conversations?q=price+of+tea&status=ended&limit=10');
    expect(pages.map(({ conversations }) => conversations.map(({ id }) => id))).toEqual([[], ['c3']]);
    expect(pages.map(({ total }) => total)).toEqual([1_205, 1_205]);
    for (const none of ['status=running', 'member=no-member', 'ending=failed', 'q=coffee']) {
      const found = await pagesOf(port, `/v1/conversations?limit=10&${none}`);
      expect(found.pages.flatMap(({ conversations }) => conversations)).toEqual([]);
    }
    const some = await pagesOf(port, '/v1/conversations?limit=500&ending=operator');
    expect(some.pages.flatMap(({ conversations }) => conversations).length).toBe(1_205);
  });

  it('GET /v1/conversations finds a text in what was said, says where, and comes to the end of a large ledger', async () => {
    const ledger = openMemoryLedger();
    for (let i = 0; i < 12; i++) {
      const entries: Entry[] = [
        opened(),
        ...lines(2, 80, i === 4 ? 'x '.repeat(100) : 'y'.repeat(30_000)),
        ended(81),
      ];
      const said = i === 4 ? { ...entries[40], text: `${'so '.repeat(60)}Green TEA\nhelps` } : entries[40];
      await ledger.append([
        { conversation: `c${i}`, expectedSeq: 0, entries: entries.with(40, said as Entry) },
      ]);
    }
    const { port } = await serveRouter({ ledger });
    const titles = await pagesOf(port, '/v1/conversations?q=green+tea');
    expect(titles.pages.flatMap(({ conversations }) => conversations)).toEqual([]);
    const { pages } = await pagesOf(port, '/v1/conversations?q=green+tea&scope=messages');
    // 2.4 MB each: a page ends when it has read 16 MiB.
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flatMap(({ conversations }) => conversations.map(({ id }) => id))).toEqual(['c4']);
    const found = pages.flatMap((page) => Object.entries(page.found ?? {}));
    expect(found).toEqual([
      ['c4', { seq: 41, from: 'bob', text: expect.stringMatching(/^….*Green TEA helps$/) }],
    ]);
    expect(found[0]?.[1].text.length).toBeLessThanOrEqual(160);
  });

  it('GET /v1/conversations finds conversations by label and by the time when they were opened, and shows labels to readers only', async () => {
    const ledger = openMemoryLedger();
    for (let i = 0; i < 4; i++) {
      const first = { ...opened(1_000 * i), ...(i % 2 === 0 && { labels: ['batch:a', `cell ${i}`] }) };
      await ledger.append([{ conversation: `c${i}`, expectedSeq: 0, entries: [first, ended(2)] }]);
    }
    const { port } = await serveRouter({ ledger });
    const idsOf = async (query: string) =>
      (await pagesOf(port, `/v1/conversations?${query}`)).pages.flatMap(({ conversations }) =>
        conversations.map(({ id }) => id),
      );
    expect(await idsOf('label=batch:a')).toEqual(['c2', 'c0']);
    expect(await idsOf('label=cell+2')).toEqual(['c2']);
    expect(await idsOf('label=batch')).toEqual([]);
    expect(await idsOf('from=1000&to=3000')).toEqual(['c2', 'c1']);
    const { pages } = await pagesOf(port, '/v1/conversations/c2');
    expect(pages[0]?.conversation).toMatchObject({ labels: ['batch:a', 'cell 2'] });
    const { pages: asMember } = await pagesOf(port, '/v1/conversations/c2?as=alice');
    expect(asMember[0]?.entries[0]).not.toHaveProperty('labels');
  });

  it('GET /v1/conversations lists all conversations in pages, newest first, each once', async () => {
    const ledger = openMemoryLedger();
    for (let i = 0; i < 25; i++)
      await ledger.append([{ conversation: `c${i}`, expectedSeq: 0, entries: finished(3) }]);
    const { port } = await serveRouter({ ledger });
    const { pages } = await pagesOf(port, '/v1/conversations?limit=10');
    expect(pages.map(({ conversations }) => conversations.length)).toEqual([10, 10, 5]);
    expect(pages.flatMap(({ conversations }) => conversations.map(({ id }) => id))).toEqual(
      Array.from({ length: 25 }, (_, i) => `c${24 - i}`),
    );
  });

  it('GET /v1/conversations ends a page early when it grows large', async () => {
    const ledger = openMemoryLedger();
    const members = Array.from({ length: 250 }, (_, i) => `m${i}`.padEnd(64, 'x'));
    const first = { ...opened(), members: ['alice', 'bob', ...members] };
    for (let i = 0; i < 100; i++)
      await ledger.append([{ conversation: `c${i}`, expectedSeq: 0, entries: [first, ended(2)] }]);
    const { port } = await serveRouter({ ledger });
    const { pages, largest } = await pagesOf(port, '/v1/conversations?limit=1000');
    expect(largest).toBeLessThan(520 * kibibyte);
    expect(pages.flatMap(({ conversations }) => conversations)).toHaveLength(100);
  });
});
