import { describe, expect, it, onTestFinished } from 'vitest';
import { hasNats } from '../../../../tests/harness/nats-servers.ts';
import { OtherStreams } from '../../src/cluster/other-streams.ts';
import { type ShardStream, streamOf } from '../../src/cluster/streams.ts';
import { movedTo, opensAt } from '../../src/http/handlers/moved.ts';
import { LedgerDamage } from '../../src/ledger/damage.ts';
import { openJetStreamLedger } from '../../src/ledger/jetstream/open-jetstream.ts';
import { natsOfTests } from '../ledger/jetstream/nats-of-tests.ts';
import { shut } from '../ledger/ledger-contract.ts';
import { serveRouter } from '../socket/served-router.ts';

type Redirect = NonNullable<RequestInit['redirect']>;

interface Page {
  readonly conversation: { readonly id: string };
  readonly entries: readonly { readonly type: string; readonly text?: string }[];
}

describe.skipIf(!hasNats)('conversations that are divided among two streams', { timeout: 120_000 }, () => {
  const nats = natsOfTests();

  /** A router on a stream of its own, which is added to the list. The names are fixed, so that each run chooses the same. */
  const shard = async (streams: ShardStream[], stream: string) => {
    const options = nats.options({ stream });
    const ledger = await openJetStreamLedger(options);
    onTestFinished(() => shut(ledger));
    const { port } = await serveRouter({ ledger, streams: { own: stream, streams } });
    const url = `http://127.0.0.1:${port}`;
    streams.push({ name: stream, weight: 1, url });
    const get = (path: string, redirect: Redirect = 'follow') =>
      fetch(url + path, { redirect, signal: AbortSignal.timeout(60_000) });
    const post = (path: string, body: unknown, key?: string, redirect: Redirect = 'follow') =>
      fetch(`${url}/v1/conversations${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
        signal: AbortSignal.timeout(60_000),
        redirect,
      });
    const open = async (key?: string): Promise<string> => {
      const opened = (await (
        await post('', { members: ['ann', 'bob'], policy: 'round-robin' }, key)
      ).json()) as {
        conversation: string;
      };
      return opened.conversation;
    };
    const total = async () => ((await (await get('/v1/conversations')).json()) as { total: number }).total;
    return { url, stream, get, post, open, total };
  };

  it('a router sends reads, acts and events of a conversation of the other stream to the routers that have it', async () => {
    const streams: ShardStream[] = [];
    const [a, b] = [await shard(streams, 'READ_A'), await shard(streams, 'READ_B')];
    const id = await b.open();
    expect([await a.total(), await b.total()]).toEqual([0, 1]);

    const told = await a.get(`/v1/conversations/${id}?since=0`, 'manual');
    expect([told.status, told.headers.get('location')]).toEqual([
      307,
      `${b.url}/v1/conversations/${id}?since=0`,
    ]);
    const events = await a.get(`/v1/events?conversation=${id}&since=0`, 'manual');
    expect(events.headers.get('location')).toBe(`${b.url}/v1/events?conversation=${id}&since=0`);
    expect((await a.post(`/${id}/say`, { text: 'Hello.' }, 'k')).status).toBe(200);
    const page = (await (await a.get(`/v1/conversations/${id}`)).json()) as Page;
    expect(page.conversation.id).toBe(id);
    expect(page.entries.map(({ type }) => type)).toEqual(['opened', 'said']);
  });

  it('a conversation of no stream is unknown, and a path that is no id is asked of no stream', async () => {
    const streams: ShardStream[] = [];
    const [a, b] = [await shard(streams, 'NONE_A'), await shard(streams, 'NONE_B')];
    await b.open();
    for (const id of ['no-such', '*', '%3E', 'c.*']) {
      const answer = await a.get(`/v1/conversations/${id}`, 'manual');
      expect([id, answer.status]).toEqual([id, 404]);
    }
  });

  it('a stream that is not made yet has no conversation, and a request with a bad body is refused as such', async () => {
    const streams: ShardStream[] = [];
    const a = await shard(streams, 'FIRST_A');
    streams.push({ name: 'FIRST_LATER', weight: 1, url: 'http://later.example' });
    expect((await a.get('/v1/conversations/no-such', 'manual')).status).toBe(404);
    const statusOf = async (key: string, body: unknown = { members: ['ann', 'bob'] }) =>
      (await a.post('', body, key, 'manual')).status;
    const keys = Array.from({ length: 12 }, (_, index) => `key ${index}`);
    expect(new Set(await Promise.all(keys.map((key) => statusOf(key))))).toEqual(new Set([201, 307]));
    const bad = await Promise.all(keys.map((key) => statusOf(`bad ${key}`, { members: 'ann' })));
    expect(new Set(bad)).toEqual(new Set([400]));
  });

  it('requests with one key open one conversation, in the stream that its id chooses, whichever router is asked', async () => {
    const streams: ShardStream[] = [];
    const [a, b] = [await shard(streams, 'KEYS_A'), await shard(streams, 'KEYS_B')];
    const keys = Array.from({ length: 12 }, (_, index) => `key ${index}`);
    for (const key of keys) {
      const [first, second] = [await a.open(key), await b.open(key)];
      expect(second).toBe(first);
      const owner = streamOf(first, streams)?.name === a.stream ? a : b;
      expect((await owner.get(`/v1/conversations/${first}`, 'manual')).status).toBe(200);
    }
    const totals = [await a.total(), await b.total()];
    expect(totals[0]! + totals[1]!).toBe(keys.length);
    expect(Math.min(...totals)).toBeGreaterThan(0);
  });

  it('a stream that gets weight 0 keeps its conversations, repeats earlier replies and gets no new conversation', async () => {
    const streams: ShardStream[] = [];
    const [a, b] = [await shard(streams, 'ZERO_A'), await shard(streams, 'ZERO_B')];
    const keys = Array.from({ length: 12 }, (_, index) => `key ${index}`);
    const before: string[] = [];
    for (const key of keys) before.push(await a.open(key));
    const kept = await a.total();
    streams[0] = { ...streams[0]!, weight: 0 };

    // The keys of conversations of a would choose b now.
    for (const [index, key] of keys.entries()) expect(await b.open(key)).toBe(before[index]);
    for (const id of before) expect((await b.get(`/v1/conversations/${id}`)).status).toBe(200);
    await a.open();
    await a.open('a new key');
    expect([await a.total(), await b.total()]).toEqual([kept, keys.length - kept + 2]);
  });
});

describe('where a conversation of another stream is', () => {
  const streams = ['A', 'B', 'C'].map((name) => ({ name, weight: 1, url: `https://${name}.example` }));
  const asking = (holds: (stream: string) => Promise<boolean>) => {
    const asked: string[] = [];
    const others = new OtherStreams({
      ...{ own: 'A', streams },
      isHere: (id) => id === 'here',
      holds: (stream) => {
        asked.push(stream);
        return holds(stream);
      },
    });
    return { others, asked };
  };

  it('a conversation that is here is asked of no stream', async () => {
    const { others, asked } = asking(async () => true);
    expect(await others.addressOf('here')).toBeUndefined();
    expect(await others.addressFor('here')).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('a conversation that is damaged here is not reported as one of a stream that does not answer', async () => {
    const { others } = asking(async () => false);
    const damaged = new OtherStreams({
      ...{ own: 'A', streams, holds: async () => false },
      isHere: () => {
        throw new LedgerDamage('c1', ['entry 2 is missing']);
      },
    });
    await expect(movedTo(damaged, 'c1', '/')).rejects.toThrow(LedgerDamage);
    await expect(opensAt(damaged, 'c1', '/')).rejects.toThrow(LedgerDamage);
    expect(await movedTo(others, 'c1', '/')).toBeUndefined();
  });

  it('a stream that does not answer hides no conversation of another one, and its own silence is no "unknown"', async () => {
    const answers = (has: string) => async (stream: string) => {
      if (stream === 'B') throw new Error('no leader');
      return stream === has;
    };
    expect(await asking(answers('C')).others.addressOf('c1')).toBe('https://C.example');
    await expect(asking(answers('')).others.addressOf('c1')).rejects.toThrow('no leader');
    await expect(asking(answers('')).others.addressFor('c1')).rejects.toThrow('no leader');
  });
});
