import { once } from 'node:events';
import type { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { maxShortText, shortTextFrame } from '../../src/socket/text-frame.ts';

/** The part of `ws` that reads frames. Its types do not name it. */
const { Receiver } = ws as unknown as { readonly Receiver: new () => Writable };

const read = async (frame: Buffer): Promise<string> => {
  const receiver = new Receiver();
  const message = once(receiver, 'message') as Promise<[Buffer, boolean]>;
  receiver.write(frame);
  const [data, isBinary] = await message;
  expect(isBinary).toBe(false);
  return data.toString('utf8');
};

describe('a short text frame', () => {
  it('ws reads every short text from its frame as it was written, in any script', async () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: maxShortText / 8 });
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await read(shortTextFrame(text))).toBe(text);
      }),
    );
  });

  it('ws reads texts whose bytes are just below and above the lengths at which the header changes', async () => {
    for (const text of ['', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(257), '€'.repeat(maxShortText)])
      expect(await read(shortTextFrame(text))).toBe(text);
  });

  it('half of a surrogate pair becomes a replacement character, so that the frame is valid UTF-8', async () => {
    expect(await read(shortTextFrame('a\ud800b'))).toBe('a\ufffdb');
  });
});
