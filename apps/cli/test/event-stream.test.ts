import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsOf, type RouterEvent } from '../src/api/event-stream.ts';

const read = async (...chunks: readonly (string | Uint8Array)[]): Promise<RouterEvent[]> => {
  const source = ReadableStream.from(
    chunks.map((chunk) => (typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)),
  );
  const events: RouterEvent[] = [];
  for await (const event of eventsOf(source)) events.push(event);
  return events;
};

const text = [
  'retry: 1000\n\n: keep-alive\n\n',
  'id: 7\nevent: entry\ndata: {"conversation":"c1","entry":{"seq":1,"text":"né 漢 😀"}}\n\n',
  'event: chunk\r\ndata: {"conversation":"c1","turn":2,"from":"bob","text":" a: b"}\r\n\r\n',
  'event: later-version\ndata: {}\n\n',
  'event: agents\ndata: {}\n\n',
].join('');
const events = [
  { kind: 'entry', position: 7, conversation: 'c1', entry: { seq: 1, text: 'né 漢 😀' } },
  { kind: 'chunk', conversation: 'c1', turn: 2, from: 'bob', text: ' a: b' },
  { kind: 'agents' },
];

describe('The event stream of a router', () => {
  it('the event stream is read as entries with positions, chunks and agents, without comments and unknown events', async () => {
    expect(await read(text)).toEqual(events);
  });

  it('the event stream loses only the event in which the connection breaks', async () => {
    expect(await read(text, 'id: 8\nevent: entry\ndata: {"conversation":"c1"}\n')).toEqual(events);
  });

  it('the event stream gives the same events wherever its bytes are split', async () => {
    const bytes = new TextEncoder().encode(text);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
        const parts = ends.map((end, i) => bytes.slice(i === 0 ? 0 : ends[i - 1], end));
        expect(await read(...parts)).toEqual(events);
      }),
    );
  });
});
