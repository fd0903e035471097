import type { Entry } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { hasNats } from '../../../../../tests/harness/nats-servers.ts';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import { catchUp } from '../../../src/ledger/jetstream/stream/catch-up.ts';
import { allSubjects, subjectOf } from '../../../src/ledger/jetstream/subjects.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { joinRouter } from '../../cluster/joined-router.ts';
import { shut } from '../ledger-contract.ts';
import { finished, lines, opened } from '../ledger-entries.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { NatsObserver } from './jetstream-ledgers.ts';
import { natsOfTests } from './nats-of-tests.ts';

const all = Number.MAX_SAFE_INTEGER;
const running: Entry[] = [opened(), ...lines(2, 3)];
const append = (ledger: Ledger, conversation: string, expectedSeq: number, entries: Entry[] = running) =>
  ledger.append([{ conversation, expectedSeq, entries }]);

describe.skipIf(!hasNats)('a stream whose newest message was removed', { timeout: 120_000 }, () => {
  const nats = natsOfTests();
  let observer: NatsObserver;
  beforeAll(async () => {
    observer = await NatsObserver.of(nats.server.url);
  });
  afterAll(() => observer.close());

  type Options = ReturnType<typeof nats.options>;

  const stateOf = async (stream: string) => (await observer.manager.streams.info(stream)).state;

  /** Removes the conversation from the stream as another router does. */
  const removed = async ({ stream }: Options, conversation: string) => {
    await observer.manager.streams.purge(stream, { filter: subjectOf(stream, conversation) });
  };

  it('a router starts with an empty local copy, and with one that is behind, and is ready', async () => {
    const options = nats.options();
    const early = await openJetStreamLedger(options);
    await append(early, 'c2', 0);
    await shut(early);
    const second = { ...options, projection: `${options.projection}.second` };
    const ledger = await openJetStreamLedger(second);
    await append(ledger, 'c3', 0);
    await append(ledger, 'c1', 0, finished(5));
    expect(ledger.remove(['c1'], all)).toEqual({ gone: 1 });
    // The conversation is written only when its earlier messages are removed.
    await append(ledger, 'c1', 0, finished(4));
    expect(ledger.remove(['c1'], all)).toEqual({ gone: 1 });
    await shut(ledger);
    await removed(options, 'c1');
    expect(await stateOf(options.stream)).toMatchObject({ messages: 2, last_seq: 4 });

    for (const copy of [`${options.projection}.third`, options.projection]) {
      const again = await openJetStreamLedger({ ...options, projection: copy });
      expect(again.trouble?.()).toBeUndefined();
      expect(again.unfinished()).toEqual(['c2', 'c3']);
      expect(again.read('c1', 0, all)).toEqual([]);
      await shut(again);
    }
    const last = await openJetStreamLedger({ ...options, projection: `${options.projection}.fourth` });
    expect(await append(last, 'c1', 0, [opened(9_000)])).toMatchObject([{ ok: true }]);
    expect(last.read('c1', 0, all)).toEqual([opened(9_000)]);
    await shut(last);
  });

  it('a router starts with a stream from which everything was removed', async () => {
    const options = nats.options();
    const ledger = await openJetStreamLedger(options);
    await append(ledger, 'c1', 0, finished(5));
    await shut(ledger);
    await removed(options, 'c1');
    expect(await stateOf(options.stream)).toMatchObject({ messages: 0, last_seq: 1 });
    const again = await openJetStreamLedger({ ...options, projection: `${options.projection}.second` });
    expect(again.position()).toBe(0);
    expect(again.trouble?.()).toBeUndefined();
    await append(again, 'c2', 0);
    expect(again.read('c2', 0, all)).toEqual(running);
    await shut(again);
  });

  it('one of several routers joins, reads to the end as often as it is asked, and reads what comes later', async () => {
    const options = nats.options();
    const early = await joinRouter(options, 'a');
    await append(early.ledger, 'c2', 0);
    await append(early.ledger, 'c1', 0, finished(5));
    await early.cluster.table('shares').create('k', 1);
    await early.leave();
    await removed(options, 'c1');
    // It has no local copy yet; the leases and tables of routers are in streams of their own.
    const { ledger, engine } = await joinRouter(options, 'b');
    await engine.caughtUp();
    await ledger.caughtUp?.();
    expect(ledger.trouble?.()).toBeUndefined();
    expect(ledger.unfinished()).toEqual(['c2']);
    const other = await joinRouter(options, 'c');
    await append(other.ledger, 'c3', 0);
    await ledger.caughtUp?.();
    expect(ledger.read('c3', 0, all)).toEqual(running);
  });

  it('an append whose message was removed before it was read ends, and the next one is written', async () => {
    const proxy = await CuttingProxy.before(nats.server.port);
    onTestFinished(() => proxy.close());
    const options = nats.options({ access: { servers: [proxy.url] } });
    const ledger = await openJetStreamLedger(options);
    proxy.mute();
    const appended = append(ledger, 'c1', 0, finished(5));
    await observer.reached(options.stream, 1);
    await removed(options, 'c1');
    proxy.cut();
    // The same commit is sent again, and the server says under which sequence it had stored it.
    expect(await appended).toMatchObject([{ ok: true }]);
    await vi.waitFor(() => expect(ledger.trouble?.()).toBeUndefined(), { timeout: 60_000, interval: 20 });
    await append(ledger, 'c2', 0);
    expect(ledger.read('c2', 0, all)).toEqual(running);
    await shut(ledger);
  });
});

describe('the end of a stream', () => {
  /** A follower that has taken two messages of a stream. `kept`: the last message of the stream, at each look. */
  const following = (kept: readonly (number | Error)[]) => {
    const follower = { last: 2, isStopped: false, takenWithin: async () => {} };
    const asked: unknown[] = [];
    const getMessage = async (stream: string, query: unknown) => {
      asked.push([stream, query]);
      const seq = kept[Math.min(asked.length, kept.length) - 1]!;
      if (seq instanceof Error) throw seq;
      return (seq === 0 ? null : { seq }) as never;
    };
    return { follower, asked, options: { manager: { streams: { getMessage } }, stream: 'TEST', follower } };
  };

  it.each([
    ['a message that remains', [2]],
    ['nothing', [0]],
    ['a message that remains, told after a failure', [new Error('no leader'), 2]],
    ['a message that is removed too', [3, 2]],
  ])(
    'the end is not awaited any more when it was removed before it was read, and the last message is %s',
    async (_, kept) => {
      const { options, asked } = following(kept);
      await catchUp(options, 4);
      expect(asked).toHaveLength(kept.length);
      expect(asked[0]).toEqual(['TEST', { last_by_subj: allSubjects('TEST') }]);
    },
  );

  it('the end stays the same while more messages are written', async () => {
    const { follower, options, asked } = following([9]);
    follower.takenWithin = async () => {
      if (asked.length === 3) follower.last = 4;
    };
    await catchUp(options, 4);
    expect(asked).toHaveLength(3);
  });

  it('the end is not awaited any more when the stream is not read any more', async () => {
    const { follower, options } = following([4]);
    follower.takenWithin = async () => {
      follower.isStopped = true;
    };
    await expect(catchUp(options, 4)).rejects.toThrow('the stream TEST is not read any more');
  });
});
