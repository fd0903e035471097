import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEventStream, type ServerSentEvent } from '../src/api/event-stream.ts';

const read = async (...chunks: readonly (string | Uint8Array)[]): Promise<ServerSentEvent[]> => {
  async function* source() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
  }
  const events: ServerSentEvent[] = [];
  for await (const event of readEventStream(source())) events.push(event);
  return events;
};

describe('readEventStream', () => {
  it('reads id, event and data, and several lines of data as one', async () => {
    expect(await read('id: 7\nevent: entry\ndata: {"a":1}\n\ndata:x\ndata: y\n\n')).toEqual([
      { id: '7', event: 'entry', data: '{"a":1}' },
      { id: undefined, event: 'message', data: 'x\ny' },
    ]);
  });

  it('leaves out comments, hints and events without data, and what the stream broke off in', async () => {
    expect(await read('retry: 1000\n\n: keep-alive\n\nevent: agents\n\ndata: whole\n\ndata: half\n')).toEqual(
      [{ id: undefined, event: 'message', data: 'whole' }],
    );
  });

  it('keeps colons and spaces of the data', async () => {
    expect((await read('data:  a: b\n\n'))[0]?.data).toBe(' a: b');
  });

  it('does not mind where the bytes are cut, nor which line breaks are used', async () => {
    const text = 'id: 1\r\nevent: entry\r\ndata: {"text":"né 漢 😀"}\r\n\r\ndata: second\n\ndata: third\r\r';
    const bytes = new TextEncoder().encode(text);
    const whole = await read(text, '\n');
    expect(whole).toHaveLength(3);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
        const parts = ends.map((end, i) => bytes.slice(i === 0 ? 0 : ends[i - 1], end));
        expect(await read(...parts, '\n')).toEqual(whole);
      }),
    );
  });
});
