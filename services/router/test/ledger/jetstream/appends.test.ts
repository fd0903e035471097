import type { Entry } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  hasNats,
  type NatsServer,
  startCluster,
  startNats,
} from '../../../../../tests/harness/nats-servers.ts';
import { AnswerLost, NotSent, openNatsLink } from '../../../src/ledger/jetstream/nats-link.ts';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import type { Appended, Ledger } from '../../../src/ledger/ledger.ts';
import { shut } from '../ledger-contract.ts';
import { ended, lines, opened } from '../ledger-entries.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { JetStreamFolder, NatsObserver, otherWriter } from './jetstream-ledgers.ts';

const all = Number.MAX_SAFE_INTEGER;
const append = async (
  ledger: Ledger,
  conversation: string,
  expectedSeq: number,
  entries: Entry[],
): Promise<Appended> => (await ledger.append([{ conversation, expectedSeq, entries }]))[0]!;

const kinds = [
  ['one server', () => startNats().then((server) => [server])],
  ['three servers', startCluster],
] as const;

describe.skipIf(!hasNats).each(kinds)('appends to a stream on %s', { timeout: 120_000 }, (_, start) => {
  let servers: NatsServer[];
  let observer: NatsObserver;
  const folder = new JetStreamFolder();
  beforeAll(async () => {
    servers = await start();
    observer = await NatsObserver.of(servers[0]!.url);
  }, 120_000);
  afterAll(async () => {
    await observer.close();
    for (const server of servers) await server.remove();
    folder.remove();
  });

  const open = async (url = servers[0]!.url) => {
    const options = folder.options(url);
    const ledger = await openJetStreamLedger(options);
    onTestFinished(() => shut(ledger));
    return { ledger, stream: options.stream, options };
  };

  it('a commit whose acknowledgement is lost is written once', async () => {
    const proxy = await CuttingProxy.before(servers[0]!.port);
    onTestFinished(() => proxy.close());
    const { ledger, stream } = await open(proxy.url);
    await append(ledger, 'c1', 0, [opened()]);
    proxy.mute();
    const appended = append(ledger, 'c1', 1, lines(2, 3));
    await observer.reached(stream, 2);
    proxy.cut();
    expect(await appended).toMatchObject({ ok: true });
    expect(ledger.read('c1', 0, all)).toEqual([opened(), ...lines(2, 3)]);
    expect(await observer.seqsOf(stream, 'c1')).toEqual([1, 2, 3]);
    expect(await append(ledger, 'c1', 3, lines(4, 4))).toMatchObject({ ok: true });
  });

  it('every commit of a batch whose acknowledgement is lost is written once', async () => {
    const proxy = await CuttingProxy.before(servers[0]!.port);
    onTestFinished(() => proxy.close());
    const { ledger, stream } = await open(proxy.url);
    const ids = Array.from({ length: 40 }, (_unused, index) => `c${index}`);
    const batches = ids.map((conversation) => ({ conversation, expectedSeq: 0, entries: [opened()] }));
    await ledger.append(batches);
    proxy.mute();
    const appended = ledger.append(
      ids.map((conversation) => ({ conversation, expectedSeq: 1, entries: lines(2, 2) })),
    );
    await observer.reached(stream, 80);
    proxy.cut();
    expect((await appended).map(({ ok }) => ok)).toEqual(ids.map(() => true));
    expect(await observer.lastSequence(stream)).toBe(80);
    for (const id of ids) expect(ledger.read(id, 0, all)).toEqual([opened(), ...lines(2, 2)]);
  });

  it('one of two routers that append the same entry wins, and the other one gets the entry of the winner', async () => {
    const { ledger, stream, options } = await open();
    const other = await otherWriter(options.access.servers[0]!, stream);
    onTestFinished(() => other.close());
    await append(ledger, 'c1', 0, [opened()]);
    const mine = lines(2, 2, 'mine');
    const theirs = lines(2, 2, 'theirs');
    const [here, there] = await Promise.all([append(ledger, 'c1', 1, mine), other.write('c1', 1, theirs)]);
    expect([here.ok, there.kind === 'stored'].filter((won) => won)).toHaveLength(1);
    expect(ledger.read('c1', 1, all)).toEqual(here.ok ? mine : theirs);
    if (!here.ok) expect(here).toEqual({ ok: false, seq: 2 });
    expect(await observer.seqsOf(stream, 'c1')).toEqual([1, 2]);
  });

  it('entries of another router are read, and listeners are called for them', async () => {
    const { ledger, stream, options } = await open();
    const other = await otherWriter(options.access.servers[0]!, stream);
    onTestFinished(() => other.close());
    const told = new Promise<string>((resolve) =>
      ledger.onForeign?.(({ conversation }) => resolve(conversation)),
    );
    await append(ledger, 'c1', 0, [opened()]);
    expect((await other.write('c2', 0, [opened(), ...lines(2, 2)])).kind).toBe('stored');
    expect(await told).toBe('c2');
    expect(ledger.read('c2', 0, all)).toHaveLength(2);
  });

  it('a conflict leaves only the conflicting commit out of a batch', async () => {
    const { ledger, stream, options } = await open();
    const other = await otherWriter(options.access.servers[0]!, stream);
    onTestFinished(() => other.close());
    const ids = Array.from({ length: 30 }, (_unused, index) => `c${index}`);
    const race = other.write('c7', 0, [opened()]);
    const appended = await ledger.append(
      ids.map((conversation) => ({ conversation, expectedSeq: 0, entries: [opened(), ...lines(2, 2)] })),
    );
    const won = (await race).kind === 'stored';
    expect(appended.map(({ ok }) => ok)).toEqual(ids.map((id) => !(won && id === 'c7')));
    expect(await observer.seqsOf(stream, 'c7')).toEqual(won ? [1] : [1, 2]);
    expect(ledger.total()).toBe(30);
  });

  it('a commit that is larger than a message of the server is divided', async () => {
    const { ledger, stream } = await open();
    const long = lines(2, 61, 'x'.repeat(30_000));
    expect(await append(ledger, 'c1', 0, [opened(), ...long])).toMatchObject({ ok: true });
    expect(await observer.lastSequence(stream)).toBe(2);
    expect(ledger.read('c1', 0, all)).toEqual([opened(), ...long]);
    expect(await append(ledger, 'c1', 61, [ended(62)])).toMatchObject({ ok: true });
  });
});

describe.skipIf(!hasNats)('a link to NATS', { timeout: 60_000 }, () => {
  it('the link to NATS distinguishes a request that no server has taken from one whose answer is lost', async () => {
    const server = await startNats();
    onTestFinished(() => server.remove());
    const link = await openNatsLink({ servers: [server.url] }, 'test', '_INBOX_test');
    const nothingThere = await link.request('NO_STREAM.c.c1', 'x').catch((error: unknown) => error);
    expect(nothingThere).not.toBeInstanceOf(AnswerLost);
    const observer = await openNatsLink({ servers: [server.url] }, 'silent', '_INBOX_silent');
    observer.connection.subscribe('silent', { callback: () => {} });
    await observer.connection.flush();
    const asked = link.request('silent', 'x').catch((error: unknown) => error);
    await link.connection.flush();
    await link.close();
    expect(await asked).toBeInstanceOf(AnswerLost);
    expect(await link.request('silent', 'x').catch((error: unknown) => error)).toBeInstanceOf(NotSent);
    await observer.close();
  });
});

describe.skipIf(!hasNats)('a leader that is killed', { timeout: 180_000 }, () => {
  it('a leader that is killed between a commit and its acknowledgement loses nothing and doubles nothing', async () => {
    const servers = await startCluster();
    const folder = new JetStreamFolder();
    onTestFinished(async () => {
      for (const server of servers) await server.remove();
      folder.remove();
    }, 60_000);
    const urls = servers.map(({ url }) => url);
    const options = folder.options(urls[0]!, { access: { servers: urls } });
    const ledger = await openJetStreamLedger(options);
    onTestFinished(() => shut(ledger));
    const observer = await NatsObserver.of(urls.join(','));
    onTestFinished(() => observer.close());
    const ids = ['c1', 'c2', 'c3'];
    for (const id of ids) await append(ledger, id, 0, [opened()]);
    const { cluster } = await observer.manager.streams.info(options.stream);
    const leader = servers.find(({ name }) => name === cluster?.leader)!;
    const rounds = 60;
    const write = async (id: string): Promise<void> => {
      for (let seq = 1; seq <= rounds; seq++) {
        if (id === 'c1' && seq === rounds / 2) leader.signal('SIGKILL');
        // While the link is away, nothing is sent, and a router says so.
        while (!(await append(ledger, id, seq, lines(seq + 1, seq + 1)).catch(() => undefined))?.ok)
          await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await Promise.all(ids.map(write));
    const expected = Array.from({ length: rounds + 1 }, (_unused, index) => index + 1);
    for (const id of ids) {
      expect(ledger.read(id, 0, all).map(({ seq }) => seq)).toEqual(expected);
      expect(await observer.seqsOf(options.stream, id)).toEqual(expected);
    }
  });
});
