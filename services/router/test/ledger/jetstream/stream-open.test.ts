import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasNats, startNats } from '../../../../../tests/harness/nats-servers.ts';
import { openStream } from '../../../src/ledger/jetstream/stream/stream-open.ts';

describe.skipIf(!hasNats)('a stream that is not there', () => {
  it('routers that create the stream at the same time all use the one that was created first', async () => {
    const nats = await startNats({ jetstream: 'sync_interval: always' });
    onTestFinished(() => nats.remove());
    const routers = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const connection = await connect({ servers: nats.url });
        onTestFinished(() => connection.close());
        return jetstreamManager(connection);
      }),
    );
    const opened = await Promise.all(
      routers.map((manager) =>
        openStream(manager, {
          ...{ stream: 'TOGETHER', replicas: 1, acceptsLoss: true },
          sync: 'always',
          onRisk: () => {},
        }),
      ),
    );
    expect(new Set(opened.map(({ incarnation }) => incarnation)).size).toBe(1);
  });
});
