import { Kvm } from '@nats-io/kv';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasNats } from '../../../../../tests/harness/nats-servers.ts';
import { openNatsLink } from '../../../src/ledger/jetstream/nats-link.ts';
import { StreamMarks } from '../../../src/ledger/jetstream/stream/stream-marks.ts';
import { markDocumentOf, markDocuments, mostMarks } from '../../../src/ledger/mark-documents.ts';
import { natsOfTests } from './nats-of-tests.ts';

describe.skipIf(!hasNats)('the marks of plain clients in a key-value bucket', { timeout: 120_000 }, () => {
  const nats = natsOfTests();

  const link = async () => {
    const opened = await openNatsLink({ servers: [nats.server.url] }, 'test', '_INBOX_test');
    onTestFinished(() => opened.close());
    return opened;
  };

  const open = async (stream: string, incarnation = 'i1') =>
    StreamMarks.open({
      ...{ link: await link(), stream, incarnation, replicas: 1 },
      onFailure: (error) => {
        throw error;
      },
    });

  it('the watermarks that two routers write at the same time are all kept, and none goes back', async () => {
    const [one, other] = [await open('TWO'), await open('TWO')];
    for (let round = 1; round <= 5; round++) {
      for (let client = 0; client < 40; client++) {
        one.put(new Map([[`client-${client}`, round]]));
        other.put(
          new Map([
            [`client-${client}`, 10 * round - client],
            [`other-${client}`, round],
          ]),
        );
      }
    }
    await Promise.all([one.stop(), other.stop()]);
    const all = (await open('TWO')).all();
    for (let client = 0; client < 40; client++) {
      expect(all.get(`client-${client}`)).toBe(Math.max(5, 50 - client));
      expect(all.get(`other-${client}`)).toBe(5);
    }
  });

  it('watermarks of another incarnation of the stream are ignored and overwritten immediately', async () => {
    const old = await open('AGAIN', 'i1');
    old.put(new Map([['ann', 4_096]]));
    await old.stop();
    const next = await open('AGAIN', 'i2');
    expect(next.all().size).toBe(0);
    await next.stop();
    const bucket = await new Kvm((await link()).connection).open('AGAIN_marks');
    const entry = await bucket.get(markDocumentOf('ann'));
    expect(entry?.json()).toEqual({ incarnation: 'i2', marks: {} });
  });

  it('a document forgets its oldest watermarks when it has too many, at both of two routers', async () => {
    const [one, other] = [await open('MANY'), await open('MANY')];
    const names = Array.from(
      { length: mostMarks + 20_000 },
      (_, index) => [`client-${index}`, index + 1] as const,
    );
    one.put(new Map(names.slice(0, mostMarks / 2)));
    await one.written();
    other.put(new Map(names.slice(mostMarks / 2)));
    await other.stop();
    one.put(new Map([['late', names.length + 1]]));
    await one.stop();
    for (const { size } of [one.all(), other.all()]) expect(size).toBeLessThanOrEqual(mostMarks);
    const marks = (await open('MANY')).all();
    expect(marks.size).toBeLessThanOrEqual(mostMarks);
    expect([marks.has('client-0'), marks.get('late')]).toEqual([false, names.length + 1]);
    expect(names.slice(-mostMarks / 2).filter(([name, at]) => marks.get(name) !== at)).toEqual([]);
  });

  it('a client is in one of 32 documents, whatever its name', () => {
    const keys = new Set(Array.from({ length: 2_000 }, (_, n) => markDocumentOf(`client-${n}`)));
    expect([...keys].map(Number).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: markDocuments }, (_, n) => n),
    );
  });
});
