import { describe, expect, it, onTestFinished } from 'vitest';
import { hasNats } from '../../../../../tests/harness/nats-servers.ts';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { serveRouter } from '../../socket/served-router.ts';
import { shut } from '../ledger-contract.ts';
import { lines, opened } from '../ledger-entries.ts';
import { NatsObserver } from './jetstream-ledgers.ts';
import { natsOfTests } from './nats-of-tests.ts';

const all = Number.MAX_SAFE_INTEGER;

/** Resolves when the ledger says that it can, or cannot, be written. */
const untilTrouble = async (ledger: Ledger, expected: boolean): Promise<void> => {
  while ((ledger.trouble?.() !== undefined) !== expected)
    await new Promise((resolve) => setTimeout(resolve, 10));
};

describe.skipIf(!hasNats)('a router whose engine is away', { timeout: 120_000 }, () => {
  const nats = natsOfTests();

  it('a router that cannot reach NATS refuses writes as unavailable, still reads, is not ready, and recovers without a restart', async () => {
    const ledger = await openJetStreamLedger(nats.options());
    onTestFinished(() => shut(ledger));
    const served = await serveRouter({ ledger });
    const ready = async () => (await fetch(`http://127.0.0.1:${served.port}/readyz`)).status;
    await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened(), ...lines(2, 3)] }]);
    expect(await ready()).toBe(200);

    await nats.server.kill();
    await untilTrouble(ledger, true);
    await expect(
      ledger.append([{ conversation: 'c1', expectedSeq: 3, entries: lines(4, 4) }]),
    ).rejects.toThrow('the connection to NATS is lost');
    const outcome = await new Promise((resolve) =>
      served.router.conversations.submit('c1', { type: 'pause', by: 'operator' } as never, resolve),
    );
    expect(outcome).toMatchObject({ kind: 'refused', code: 'unavailable' });
    expect(ledger.read('c1', 0, all)).toHaveLength(3);
    expect(await ready()).toBe(503);

    await nats.server.start();
    await untilTrouble(ledger, false);
    await ledger.append([{ conversation: 'c1', expectedSeq: 3, entries: lines(4, 4) }]);
    expect(ledger.read('c1', 3, all)).toEqual(lines(4, 4));
    expect(await ready()).toBe(200);
  });

  it('a router detects that its stream was deleted', async () => {
    const options = nats.options();
    const ledger = await openJetStreamLedger(options);
    onTestFinished(() => shut(ledger));
    const observer = await NatsObserver.of(nats.server.url);
    await observer.manager.streams.delete(options.stream);
    await observer.close();
    await untilTrouble(ledger, true);
    await expect(
      ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened()] }]),
    ).rejects.toThrow(/the stream cannot be read|the stream was deleted/);
  });
});
