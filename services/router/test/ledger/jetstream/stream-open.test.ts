import { JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasNats, startNats } from '../../../../../tests/harness/nats-servers.ts';
import { afterElection } from '../../../src/ledger/jetstream/electing.ts';
import { openStream } from '../../../src/ledger/jetstream/stream/stream-open.ts';
import { allSubjects } from '../../../src/ledger/jetstream/subjects.ts';

const refused = (err_code: number) => new JetStreamApiError({ err_code, code: 400, description: 'refused' });

/** What the server says of a stream of three replicas. */
const created = {
  config: {
    ...{ subjects: [allSubjects('TOGETHER')], storage: 'file', retention: 'limits', discard: 'new' },
    ...{ max_age: 0, max_msgs: -1, max_bytes: -1, max_msgs_per_subject: -1, num_replicas: 3 },
    ...{ allow_atomic: true, metadata: { 'parley.incarnation': 'i1' } },
  },
  state: { last_seq: 0 },
};

it('a router waits for a stream that another router is creating and that the cluster does not know yet', async () => {
  let looks = 0;
  const manager = {
    streams: {
      info: () => (++looks < 5 ? Promise.reject(refused(10_059)) : Promise.resolve(created)),
      add: () => Promise.reject(refused(10_058)),
    },
  } as unknown as JetStreamManager;
  const open = () =>
    openStream(manager, {
      ...{ stream: 'TOGETHER', replicas: 3, acceptsLoss: true },
      sync: 'always',
      onRisk: () => {},
    });
  expect(await afterElection(open, () => true)).toMatchObject({ replicas: 3 });
  expect(looks).toBe(5);
});

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
