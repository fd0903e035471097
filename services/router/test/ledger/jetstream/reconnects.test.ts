import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { describe, expect, it, vi } from 'vitest';
import { hasNats } from '../../../../../tests/harness/nats-servers.ts';
import { NatsTable } from '../../../src/cluster/nats/nats-table.ts';
import { openNatsLink } from '../../../src/ledger/jetstream/nats-link.ts';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import { StreamFollower } from '../../../src/ledger/jetstream/stream/stream-follower.ts';
import { shut } from '../ledger-contract.ts';
import { opened } from '../ledger-entries.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { NatsObserver } from './jetstream-ledgers.ts';
import { natsOfTests } from './nats-of-tests.ts';

const routers = 50;

describe.skipIf(!hasNats)('many links that break again and again', { timeout: 180_000 }, () => {
  const nats = natsOfTests();

  it('links that break repeatedly leave one consumer for each router on the server, and every router gets every message', async () => {
    const proxy = await CuttingProxy.before(nats.server.port);
    const options = nats.options();
    const ledger = await openJetStreamLedger(options);
    const observer = await NatsObserver.of(nats.server.url);
    const links = await Promise.all(
      Array.from({ length: routers }, (_, index) =>
        openNatsLink({ servers: [proxy.url] }, `router ${index}`, `_INBOX_${index}`),
      ),
    );
    const followers = await Promise.all(
      links.map(async (link, index) => {
        const follower = new StreamFollower({
          ...{
            link,
            client: jetstream(link.connection),
            stream: options.stream,
            consumer: `router-${index}`,
          },
          manager: await jetstreamManager(link.connection, { checkAPI: false }),
          after: 0,
          take: () => {},
          onFailure: () => {},
        });
        follower.start();
        return follower;
      }),
    );
    const storms = 4;
    for (let storm = 1; storm <= storms; storm++) {
      await ledger.append([{ conversation: `c${storm}`, expectedSeq: 0, entries: [opened()] }]);
      await Promise.all(followers.map((follower) => follower.taken(storm)));
      if (storm < storms) proxy.cut();
    }
    const { state } = await observer.manager.streams.info(options.stream);
    expect(state.consumer_count).toBe(routers + 1);
    await Promise.all(followers.map((follower) => follower.stop()));
    await Promise.all(links.map((link) => link.close()));
    await observer.close();
    await shut(ledger);
    await proxy.close();
  });

  it('links that break repeatedly leave one consumer for each router on a bucket, and every router is told of every change', async () => {
    const proxy = await CuttingProxy.before(nats.server.port);
    const { stream } = nats.options();
    const observer = await NatsObserver.of(nats.server.url);
    const tables = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const link = await openNatsLink({ servers: [proxy.url] }, `router ${index}`, `_INBOX_${index}`);
        const table = new NatsTable({
          ...{ link, client: jetstream(link.connection), bucket: stream, consumer: `router-${index}` },
          ...{ replicas: 1, storage: StorageType.File },
          manager: await jetstreamManager(link.connection, { checkAPI: false }),
          onFailure: () => {},
        });
        const told: unknown[] = [];
        await table.watch(({ entry }) => told.push(entry?.value));
        return { link, table, told };
      }),
    );
    const patience = { timeout: 120_000, interval: 50 };
    const storms = 3;
    for (let storm = 1; storm <= storms; storm++) {
      await vi.waitFor(() => tables[0]?.table.put('k', storm), patience);
      await vi.waitFor(() => expect(tables.every(({ told }) => told.at(-1) === storm)).toBe(true), patience);
      if (storm < storms) proxy.cut();
    }
    await vi.waitFor(async () => {
      const { state } = await observer.manager.streams.info(`KV_${stream}`);
      expect(state.consumer_count).toBe(tables.length);
    }, patience);
    await Promise.all(tables.map(({ table }) => table.stop()));
    await Promise.all(tables.map(({ link }) => link.close()));
    await observer.close();
    await proxy.close();
  });
});
