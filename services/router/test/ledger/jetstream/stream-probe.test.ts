import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it, onTestFinished } from 'vitest';
import { hasNats, startNats } from '../../../../../tests/harness/nats-servers.ts';
import { type NatsLink, openNatsLink } from '../../../src/ledger/jetstream/nats-link.ts';
import { untilStreamTakesMessages } from '../../../src/ledger/jetstream/stream/stream-probe.ts';

/** A link on which no server takes the first messages of the stream. */
const linkWithout = (responders: number, cluster: string | undefined) => {
  const asked: string[] = [];
  const link = {
    connection: { info: { cluster } },
    request: async (subject: string) => {
      asked.push(subject);
      const error = new Error('no responders', {
        cause: Object.assign(new Error(), { name: 'NoResponders' }),
      });
      if (asked.length <= responders) throw error;
    },
  } as unknown as NatsLink;
  return { asked, link };
};

it('a router of a cluster is ready when its server can route messages to the stream', async () => {
  const { asked, link } = linkWithout(2, 'test');
  await untilStreamTakesMessages(link, 'PARLEY');
  expect(asked).toEqual(['PARLEY.c.probe', 'PARLEY.c.probe', 'PARLEY.c.probe']);
});

it('a single server without a stream for the messages is reported as an error immediately', async () => {
  const { asked, link } = linkWithout(2, undefined);
  await expect(untilStreamTakesMessages(link, 'PARLEY')).rejects.toThrow('no responders');
  expect(asked).toHaveLength(1);
});

it.skipIf(!hasNats)('the probe message of a stream is not stored in it', async () => {
  const nats = await startNats();
  onTestFinished(() => nats.remove());
  const link = await openNatsLink({ servers: [nats.url] }, 'test', '_INBOX_ASKED');
  onTestFinished(() => link.close());
  const manager = await jetstreamManager(link.connection);
  await manager.streams.add({ name: 'ASKED', subjects: ['ASKED.c.*'] });
  await untilStreamTakesMessages(link, 'ASKED');
  expect((await manager.streams.info('ASKED')).state).toMatchObject({ messages: 0, last_seq: 0 });
});
