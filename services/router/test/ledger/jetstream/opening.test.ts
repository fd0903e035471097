import { closeSync, existsSync, openSync, statSync, writeSync } from 'node:fs';
import type { Entry } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hasNats, type NatsServer, startNats } from '../../../../../tests/harness/nats-servers.ts';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import { allSubjects } from '../../../src/ledger/jetstream/subjects.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { openSqliteLedger } from '../../../src/ledger/sqlite.ts';
import { shut } from '../ledger-contract.ts';
import { ended, finished, lines, opened } from '../ledger-entries.ts';
import { JetStreamFolder, NatsObserver } from './jetstream-ledgers.ts';

const all = Number.MAX_SAFE_INTEGER;
const append = (ledger: Ledger, conversation: string, expectedSeq: number, entries: Entry[]) =>
  ledger.append([{ conversation, expectedSeq, entries }]);

describe.skipIf(!hasNats)('a ledger in JetStream that is opened', { timeout: 60_000 }, () => {
  let server: NatsServer;
  let observer: NatsObserver;
  const folder = new JetStreamFolder();
  beforeAll(async () => {
    server = await startNats();
    observer = await NatsObserver.of(server.url);
  });
  afterAll(async () => {
    await observer.close();
    await server.remove();
    folder.remove();
  });

  const written = async () => {
    const options = folder.options(server.url);
    const ledger = await openJetStreamLedger(options);
    await append(ledger, 'c1', 0, finished(5));
    await append(ledger, 'c2', 0, [opened(), ...lines(2, 3)]);
    const log = ledger.readAll(0, all);
    await shut(ledger);
    return { options, log };
  };

  it('a stream that could lose entries is refused with what may be lost, unless the operator accepts that', async () => {
    const options = folder.options(server.url, { acceptsLoss: false });
    await expect(openJetStreamLedger(options)).rejects.toThrow(
      /num_replicas: 1, and nothing says that its server writes each entry to the disk .*: a power failure loses the entries that were acknowledged in the last minutes\nROUTER_NATS_ACCEPT_LOSS: true starts the router all the same/,
    );
    await expect(openJetStreamLedger({ ...options, monitor: server.monitor })).rejects.toThrow(
      /its server does not write each entry to the disk \(sync_interval is not always\)/,
    );
    const risks: string[] = [];
    const ledger = await openJetStreamLedger({
      ...options,
      acceptsLoss: true,
      onEvent: (event) => event.type === 'risk' && risks.push(event.risk),
    });
    await shut(ledger);
    expect(risks).toHaveLength(1);
  });

  it('a stream is opened without a warning when the server says that it syncs each entry', async () => {
    const careful = await startNats({ jetstream: 'sync_interval: always' });
    onTestFinished(() => careful.remove());
    const options = folder.options(careful.url, { acceptsLoss: false, monitor: careful.monitor });
    const ledger = await openJetStreamLedger(options);
    await append(ledger, 'c1', 0, [opened()]);
    await shut(ledger);
  });

  it('a stream is refused when the monitoring address does not answer', async () => {
    await expect(
      openJetStreamLedger(folder.options(server.url, { monitor: 'http://127.0.0.1:1' })),
    ).rejects.toThrow(/ROUTER_NATS_MONITOR: http:\/\/127\.0\.0\.1:1\/varz cannot be read/);
  });

  it('a stream is refused when no server listens on its address', async () => {
    await expect(openJetStreamLedger(folder.options('nats://127.0.0.1:1'))).rejects.toThrow(
      /ROUTER_LEDGER: no connection to nats:\/\/127\.0\.0\.1:1/,
    );
  });

  it.each([
    ['max_age', { max_age: 3_600e9 }, /max_age: entries are deleted after/],
    ['max_msgs_per_subject', { max_msgs_per_subject: 5 }, /max_msgs_per_subject: the oldest entries/],
    ['discard: old', { max_bytes: 1e6, discard: 'old' }, /discard: when the stream is full/],
    ['storage: memory', { storage: 'memory' }, /storage: memory: all entries are lost/],
    ['no atomic batches', { allow_atomic: false }, /allow_atomic is off/],
  ])('a ledger is refused on a stream with %s', async (_, config, told) => {
    const options = folder.options(server.url, { acceptsLoss: false });
    await observer.manager.streams.add({
      name: options.stream,
      subjects: [allSubjects(options.stream)],
      allow_atomic: true,
      ...config,
    } as never);
    await expect(openJetStreamLedger(options)).rejects.toThrow(told);
  });

  it('a ledger in JetStream continues after its checkpoint and does not read earlier entries again', async () => {
    const { options, log } = await written();
    // What the router reads again would be missing.
    await observer.manager.streams.purge(options.stream, { seq: 2 });
    const ledger = await openJetStreamLedger(options);
    onTestFinished(() => shut(ledger));
    expect(ledger.readAll(0, all)).toEqual(log);
    await append(ledger, 'c2', 3, lines(4, 4));
    expect(ledger.read('c2', 0, all)).toHaveLength(4);
  });

  it('the local copy is made again from the stream, with the same positions, when it is missing or damaged', async () => {
    const { options, log } = await written();
    const elsewhere = await openJetStreamLedger({ ...options, projection: `${options.projection}.second` });
    expect(elsewhere.readAll(0, all)).toEqual(log);
    await shut(elsewhere);
    // The last page of the file: that of an index.
    const { size } = statSync(options.projection);
    const file = openSync(options.projection, 'r+');
    writeSync(file, Buffer.alloc(4_096, 7), 0, 4_096, size - 4_096);
    closeSync(file);
    const mended = await openJetStreamLedger(options);
    expect(mended.readAll(0, all)).toEqual(log);
    await shut(mended);
    expect(existsSync(`${options.projection}.damaged`)).toBe(true);
  });

  it('the delivery position of each client is kept beside the stream', async () => {
    const { options } = await written();
    const ledger = await openJetStreamLedger(options);
    ledger.mark(
      new Map([
        ['анна', 4_097],
        ['bob', 8_192],
        ['__proto__', 5],
      ]),
    );
    ledger.mark(new Map([['bob', 8_193]]));
    const marks = ledger.marks();
    await shut(ledger);
    const fresh = await openJetStreamLedger({ ...options, projection: `${options.projection}.second` });
    expect(fresh.marks()).toEqual(marks);
    await shut(fresh);
  });

  it('a ledger is refused when its stream was deleted and created again', async () => {
    const { options } = await written();
    await observer.manager.streams.delete(options.stream);
    await expect(openJetStreamLedger(options)).rejects.toThrow(
      /copy of another stream .*, which was deleted/,
    );
  });

  it('a ledger is refused when its stream was set back', async () => {
    const { options } = await written();
    const { config } = await observer.manager.streams.info(options.stream);
    await observer.manager.streams.delete(options.stream);
    await observer.manager.streams.add(config as never);
    await expect(openJetStreamLedger(options)).rejects.toThrow(
      /holds message 2, and the stream ends at 0: the stream .* was set back/,
    );
    const other = await openJetStreamLedger({ ...options, projection: `${options.projection}.other` });
    await append(other, 'd1', 0, [opened()]);
    await append(other, 'd2', 0, [opened()]);
    await shut(other);
    await expect(openJetStreamLedger(options)).rejects.toThrow(/holds another message 2 than the stream/);
  });

  it('a ledger is refused when the file of the copy is another ledger, or the copy of another stream', async () => {
    const { options } = await written();
    const path = `${options.projection}.own`;
    const own = openSqliteLedger(path);
    await append(own, 'c1', 0, [opened()]);
    own.close();
    await expect(openJetStreamLedger({ ...options, projection: path })).rejects.toThrow(
      /is a ledger of its own/,
    );
    const stream = `${options.stream}_2`;
    await expect(openJetStreamLedger({ ...options, stream })).rejects.toThrow(/is the copy of the stream/);
  });

  it('a ledger is refused when its stream has a message that no router has written', async () => {
    const { options } = await written();
    await observer.publish(`${options.stream}.c.c3`, '[]');
    await expect(openJetStreamLedger(options)).rejects.toThrow(
      /message 3 of the stream .* does not match its checksum/,
    );
  });

  it('a ledger removes from its stream what it could not remove before', async () => {
    const { options } = await written();
    const ledger = await openJetStreamLedger(options);
    expect(ledger.remove(['c1'], all)).toEqual({ gone: 1 });
    await shut(ledger);
    const again = await openJetStreamLedger(options);
    await append(again, 'c1', 0, [opened(9_000)]);
    expect(again.read('c1', 0, all)).toEqual([opened(9_000)]);
    await shut(again);
    expect(await observer.seqsOf(options.stream, 'c1')).toEqual([1]);
  });

  it('a router that was away while another one removed a conversation forgets it, also where it ran in its copy', async () => {
    const options = folder.options(server.url);
    const away = { ...options, projection: `${options.projection}.away` };
    const early = await openJetStreamLedger(away);
    for (const id of ['c1', 'c2', 'c3']) await append(early, id, 0, [opened()]);
    await shut(early);
    const ledger = await openJetStreamLedger(options);
    for (const id of ['c1', 'c2']) await append(ledger, id, 1, [ended(2)]);
    expect(ledger.remove(['c1'], all)).toEqual({ gone: 1 });
    await append(ledger, 'c4', 0, [opened()]);
    await shut(ledger);
    const back = await openJetStreamLedger(away);
    expect(back.unfinished()).toEqual(['c3', 'c4']);
    expect(back.read('c1', 0, all)).toEqual([]);
    expect(back.read('c2', 0, all)).toEqual([opened(), ended(2)]);
    await append(back, 'c3', 1, lines(2, 2));
    await shut(back);
  });

  it('a ledger waits for the lease of another router, and is refused when that router keeps the lease', async () => {
    const options = folder.options(server.url);
    const first = await openJetStreamLedger(options);
    const holders: string[] = [];
    const second = {
      ...options,
      projection: `${options.projection}.second`,
      lease: { patienceMs: 100 },
      onEvent: (event: { type: string; holder?: string }) =>
        void (event.type === 'waiting' && holders.push(event.holder ?? '')),
    };
    await expect(openJetStreamLedger(second)).rejects.toThrow(/one router at a time can/);
    expect(holders).toEqual(['test']);
    const patient = openJetStreamLedger({ ...second, lease: {} });
    await append(first, 'c1', 0, [opened()]);
    await shut(first);
    const ledger = await patient;
    expect(ledger.read('c1', 0, all)).toEqual([opened()]);
    await shut(ledger);
  });
});
