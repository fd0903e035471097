import type { Entry } from '@parley/protocol';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TableChange } from '../../src/cluster/cluster.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { RouterOptions } from '../../src/router.ts';
import { Operator, takeTurn } from '../http/operator.ts';
import { dial, dialAgent, type ServedRouter, serveRouter, type TestClient } from '../socket/served-router.ts';
import { MemoryNetwork, SharedLedger } from './memory-cluster.ts';

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 60_000, interval: 5 });

/** Two routers of one ledger, and the messages between them, which are also counted by topic. */
const twoRouters = async (options: Partial<RouterOptions> = {}) => {
  const network = new MemoryNetwork();
  const ledger = new SharedLedger();
  const sent: string[] = [];
  const join = async (id: string): Promise<ServedRouter> => {
    const cluster = network.join(id);
    const { send } = cluster.messages;
    cluster.messages.send = (topic, to, payload) => {
      sent.push(topic);
      send(topic, to, payload);
    };
    return serveRouter({ ...options, ledger: ledger.port(() => false), cluster });
  };
  const a = await join('a');
  const b = await join('b');
  const counted = (topic: string) => sent.filter((one) => one === topic).length;
  return { a, b, network, join, counted };
};

interface Chunk {
  readonly text: string;
  readonly offset: number;
}

/** A reader of events, which keeps what it has read until the test ends. */
const readEvents = async ({ port }: ServedRouter, query: string, headers: Record<string, string> = {}) => {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const response = await fetch(`http://127.0.0.1:${port}/v1/events${query}`, {
    headers,
    signal: stop.signal,
  });
  const entries: { position: number; entry: Entry }[] = [];
  const chunks: Chunk[] = [];
  const read = async () => {
    let rest = '';
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      const blocks = (rest + Buffer.from(part).toString('utf8')).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null');
        const position = /^id: (\d+)$/m.exec(block)?.[1];
        if (/^event: entry$/m.test(block)) entries.push({ position: Number(position), entry: data.entry });
        if (/^event: chunk$/m.test(block)) chunks.push({ text: data.text, offset: data.offset });
      }
    }
  };
  read().catch(() => {});
  return { entries, chunks, stop: () => stop.abort() };
};

const writes = (agent: TestClient, turn: Record<string, unknown>, text: string) =>
  agent.send({ type: 'chunk', conversation: turn.conversation, turn: turn.turn, text });

describe('several routers of one ledger: chunks of a message that is being written', () => {
  it('chunks are sent to another router only while a reader of it watches the conversation', async () => {
    const { a, b, counted } = await twoRouters();
    const ann = await dialAgent(a.port, 'ann');
    const bob = await dialAgent(b.port, 'bob');
    const operator = new Operator(b);
    const id = await operator.open({ members: ['ann', 'bob'], policy: 'round-robin', first: 'ann' });
    const turn = await ann.nextOf('turn');
    writes(ann, turn, 'Nothing of this ');
    const draft = () => [...a.router.routerEvents.drafts.of(id)][0]?.text ?? '';
    await until(() => draft() === 'Nothing of this ');
    expect(counted('chunk')).toBe(0);

    const reader = await readEvents(b, `?conversation=${id}&drafts=true`);
    await until(() => reader.chunks.length === 1);
    writes(ann, turn, 'is lost.');
    await until(() => reader.chunks.length === 2);
    expect(reader.chunks).toEqual([
      { text: 'Nothing of this ', offset: 0 },
      { text: 'is lost.', offset: 16 },
    ]);

    // One that comes later to the same router gets the text so far from that router.
    const before = counted('chunk');
    const second = await readEvents(b, `?conversation=${id}&drafts=true`);
    await until(() => second.chunks.length === 1);
    expect(second.chunks).toEqual([{ text: 'Nothing of this is lost.', offset: 0 }]);
    expect(counted('chunk')).toBe(before);

    reader.stop();
    second.stop();
    ann.send({ type: 'say', conversation: id, turn: turn.turn, text: 'Nothing of this is lost.' });
    await takeTurn(bob, 'Good.');
    const next = await ann.nextOf('turn');
    // Router a hears within some seconds that the readers have gone. Until then it may send what nothing reads.
    let sent = -1;
    await vi.waitFor(
      async () => {
        const { length } = draft();
        sent = counted('chunk');
        writes(ann, next, '.');
        await until(() => draft().length > length);
        expect(counted('chunk')).toBe(sent);
      },
      { timeout: 60_000, interval: 50 },
    );
  });

  it('a chunk that comes after its message leaves no draft', async () => {
    const { a, b, network } = await twoRouters();
    const ann = await dialAgent(a.port, 'ann');
    await dialAgent(a.port, 'bob');
    const id = await new Operator(a).open({ members: ['ann', 'bob'], policy: 'round-robin', first: 'ann' });
    const { turn } = await takeTurn(ann, 'Said.');
    const all = await readEvents(b, '');
    await until(() => b.router.conversations.get(id)?.seq === 2);
    const late = { conversation: id, turn, from: 'ann', text: 'Sai', offset: 0 };
    network.send('a', 'chunk', 'b', late);
    network.send('a', 'chunk', 'b', { nonsense: true });
    const open = { ...late, turn: Number(turn) + 1, from: 'bob', text: 'Wri' };
    network.send('a', 'chunk', 'b', open);
    await until(() => all.chunks.length === 1);
    expect([...b.router.routerEvents.drafts.of(undefined)].map(({ text }) => text)).toEqual(['Wri']);
  });
});

describe('several routers of one ledger: what an operator asks for', () => {
  it('the prompt of an entry comes from the agent, whichever router it is connected to', async () => {
    const { a, b } = await twoRouters();
    const ann = await dialAgent(a.port, 'ann', {}, { prompts: true });
    const bob = await dialAgent(b.port, 'bob');
    const id = await new Operator(b).open({ members: ['ann', 'bob'], policy: 'round-robin', first: 'ann' });
    await takeTurn(ann, 'Hello.');
    await takeTurn(bob, 'Hello.');
    const read = async (seq: number) =>
      (await fetch(`http://127.0.0.1:${b.port}/v1/conversations/${id}/prompt?seq=${seq}`)).json();
    const asked = read(2);
    const frame = await ann.nextOf('prompt');
    const call = { purpose: 'message', attempt: 1, at: 5, model: 'tiny', parameters: [] };
    const calls = [{ ...call, messages: [{ role: 'system', content: 'You are ann.' }] }];
    ann.send({ type: 'prompt', ref: frame.ref, calls });
    expect(await asked).toMatchObject({ from: 'ann', calls });
    expect(await read(3)).toMatchObject({ error: { code: 'not-found', message: /bob keeps no prompts/ } });
    ann.ws.close();
    await until(() => ![a, b].some(({ router }) => router.presence.isConnected('ann')));
    expect(await read(2)).toMatchObject({ error: { code: 'unavailable' } });
  });

  it('a request with an idempotency key is answered like the first one by any router, and acts once', async () => {
    const { a, b } = await twoRouters();
    const [atA, atB] = [new Operator(a), new Operator(b)];
    const id = await atA.open({ members: ['ann', 'bob'], policy: 'round-robin' });
    const key = { 'idempotency-key': 'k1' };
    const first = await atA.post(`/${id}/say`, { text: 'Once.' }, key);
    expect(first.status).toBe(200);
    expect(await atB.post(`/${id}/say`, { text: 'Once.' }, key)).toEqual(first);
    expect((await atB.post(`/${id}/say`, { text: 'Twice.' }, key)).status).toBe(422);
    expect((await atA.said(id)).map(({ text }) => text)).toEqual(['Once.']);

    const both = await Promise.all(
      [atA, atB, atA, atB].map((one) =>
        one.post(`/${id}/say`, { text: 'At once.' }, { 'idempotency-key': 'k2' }),
      ),
    );
    expect(new Set(both.map(({ body }) => body.seq)).size).toBe(1);
    const opened = await Promise.all(
      [atA, atB].map((one) => one.post('', { members: ['cid', 'dan'] }, { 'idempotency-key': 'k3' })),
    );
    expect(opened.map(({ status }) => status)).toEqual([201, 201]);
    expect(new Set(opened.map(({ body }) => body.conversation)).size).toBe(1);
    expect(await atB.said(id)).toHaveLength(2);
  });

  it('a refused request has not used its key, and a router that died while it answered does not keep it', async () => {
    const { a, b, network, join } = await twoRouters();
    const [atA, atB] = [new Operator(a), new Operator(b)];
    const id = await atA.open({ members: ['ann', 'bob'], policy: 'open', first: 'ann' });
    const key = { 'idempotency-key': 'k' };
    const forAnn = { text: 'For ann.', as: 'ann' };
    expect((await atA.post(`/${id}/say`, forAnn, key)).status).toBe(409);
    await atA.act(id, 'seat', { who: 'ann' });
    await until(() => b.router.conversations.get(id)?.seats.has('ann') === true);
    const kept: TableChange[] = [];
    await network.table('requests').watch((change) => void kept.push(change));
    expect((await atB.post(`/${id}/say`, forAnn, key)).status).toBe(200);

    // As it stands while a router answers, and that router is dead.
    const [change] = kept;
    const { request } = (change?.entry?.value ?? {}) as { request?: string };
    network.join('dead');
    network.leave('dead');
    await network.table('requests').put(change?.key ?? '', { request, router: 'dead' });
    const atC = new Operator(await join('c'));
    expect((await atC.post(`/${id}/say`, forAnn, key)).status).toBe(200);
    expect(await atC.said(id)).toHaveLength(2);
  });
});

describe('several routers of one ledger: readers and limits', () => {
  it('a reader of events that reconnects to another router with Last-Event-ID gets every entry once', async () => {
    const { a, b } = await twoRouters();
    const [atA, atB] = [new Operator(a), new Operator(b)];
    const id = await atA.open({ members: ['ann', 'bob'], policy: 'round-robin' });
    const first = await readEvents(a, '?since=0');
    for (const [one, text] of [
      [atA, 'one'],
      [atB, 'two'],
      [atA, 'three'],
    ] as const)
      await one.act(id, 'say', { text });
    await until(() => first.entries.length === 4);
    first.stop();
    const seen = first.entries.at(-2)?.position ?? 0;
    await atB.act(id, 'say', { text: 'four' });
    await atA.act(id, 'say', { text: 'five' });
    const second = await readEvents(b, '', { 'last-event-id': String(seen) });
    await until(() => second.entries.length === 3);
    const texts = second.entries.map(({ entry }) => entry.type === 'said' && entry.text);
    expect(texts).toEqual(['three', 'four', 'five']);
    const whole = await readEvents(a, '?since=0');
    await until(() => whole.entries.length === 6);
    expect(whole.entries.slice(3)).toEqual(second.entries);
  });

  it('the limit of running conversations counts those that were opened at other routers', async () => {
    const { a, b } = await twoRouters({ runningLimits: { total: 3, perOpener: 2 } });
    const [atA, atB] = [new Operator(a), new Operator(b)];
    const open = (one: Operator, ...members: string[]) => one.post('', { members });
    const first = await open(atA, 'ann', 'bob');
    await open(atB, 'ann', 'cid');
    await until(() => a.router.conversations.count === 2 && b.router.conversations.count === 2);
    expect((await open(atA, 'ann', 'dan')).body.error?.code).toBe('rate-limited');
    expect((await open(atB, 'dan', 'eve')).status).toBe(201);
    await until(() => a.router.conversations.count === 3);
    expect((await open(atA, 'fay', 'gus')).body.error?.code).toBe('unavailable');
    await atB.act(first.body.conversation, 'end');
    await until(() => a.router.conversations.count === 2);
    expect((await open(atA, 'fay', 'gus')).status).toBe(201);
  });
});

describe('several routers of one ledger: a conversation that another router has opened a moment ago', () => {
  /** Router b has read nothing of the ledger until it is asked to read it to its end. */
  const oneBehind = async () => {
    const network = new MemoryNetwork();
    const ledger = new SharedLedger();
    const a = await serveRouter({ ledger: ledger.port(() => false), cluster: network.join('a') });
    let isBehind = true;
    const port = ledger.port(() => isBehind);
    const behind: Ledger = {
      ...port,
      read: (...range) => (isBehind ? [] : port.read(...range)),
      caughtUp: () => {
        isBehind = false;
        ledger.hear();
        return Promise.resolve();
      },
    };
    const b = await serveRouter({ ledger: behind, cluster: network.join('b') });
    return { b, operator: new Operator(a) };
  };

  it('an agent that asks another router for the history of the conversation gets it', async () => {
    const { b, operator } = await oneBehind();
    const ann = await dialAgent(b.port, 'ann');
    const id = await operator.open({ members: ['ann', 'bob'], policy: 'round-robin', first: 'bob' });
    ann.send({ type: 'history', conversation: id });
    expect(await ann.next()).toMatchObject({ type: 'entry', conversation: id, entry: { type: 'opened' } });
    ann.send({ type: 'history', conversation: 'no-such' });
    expect(await ann.next()).toMatchObject({ type: 'refused', code: 'unknown-conversation' });
  });

  it('an agent that joins the conversation at another router has joined it', async () => {
    const { b, operator } = await oneBehind();
    const eve = await dialAgent(b.port, 'eve');
    const id = await operator.open({ members: ['ann', 'bob'], policy: 'round-robin', first: 'bob' });
    eve.send({ type: 'join', conversation: id });
    expect(await eve.next()).toMatchObject({ type: 'accepted', conversation: id });
  });

  it('a plain client that writes to the conversation at another router is heard in it', async () => {
    const { b, operator } = await oneBehind();
    const paul = dial(b.port);
    await paul.opened;
    paul.send({ type: 'register', name: 'paul', ack: true });
    expect(await paul.next()).toMatchObject({ type: 'registered' });
    const id = await operator.open({ members: ['ann', 'paul'], policy: 'addressed', first: 'ann' });
    paul.send({ conversation: id, target: 'ann', text: 'Hello.' });
    expect(await paul.next()).toMatchObject({ type: 'accepted', conversation: id });
  });
});
