import { describe, expect, it } from 'vitest';
import { overseer } from '../../src/core/visibility.ts';
import { History } from '../../src/sessions/history.ts';
import { dialAgent, dialPlain, dialRaw, handshake, serveRouter } from './served-router.ts';

const mebibyte = 1024 * 1024;

describe('a peer that never reads', () => {
  it('a peer that never reads is disconnected with 4102 and its queue is freed, and other peers are not affected', {
    timeout: 60_000,
  }, async () => {
    const { port, router, metric } = await serveRouter({ stalledMs: 1_000, heartbeatMs: 600_000 });
    const stuck = await dialRaw(port);
    stuck.write(handshake(port));
    await new Promise((resolve) => stuck.once('data', resolve));
    stuck.pause();
    const name = '{"type":"register","name":"stuck"}';
    stuck.write(Buffer.concat([Buffer.from([0x81, 0x80 | name.length, 0, 0, 0, 0]), Buffer.from(name)]));
    await expect.poll(() => [...router.presence.names()]).toContain('stuck');

    const sender = await dialPlain(port, 'sender');
    const other = await dialPlain(port, 'other');
    const text = 'x'.repeat(31_000);
    let sent = 0;
    let most = 0;
    while ((await metric('parley_disconnects_total{code="4102"}')) === 0) {
      if (sent < 64 * mebibyte) {
        for (let i = 0; i < 32; i++) sender.send({ target: 'stuck', text });
        sent += 32 * text.length;
      }
      other.send({ target: 'sender', text: 'hi' });
      await sender.nextOf('message');
      most = Math.max(most, process.memoryUsage().external + process.memoryUsage().arrayBuffers);
    }
    expect([...router.presence.names()]).toEqual(expect.arrayContaining(['other', 'sender']));
    expect([...router.presence.names()]).not.toContain('stuck');
    expect(most).toBeLessThan(512 * mebibyte);
  });
});

describe('a long history', () => {
  it('a long history is sent completely, and each page only when the one before has left the process', async () => {
    const { port, router } = await serveRouter();
    const writer = await dialAgent(port, 'writer');
    writer.send({ type: 'open', ref: '1', members: ['reader'] });
    const { conversation } = await writer.nextOf('accepted');
    const text = 'x'.repeat(10_000);
    for (let i = 0; i < 100; i++) writer.send({ type: 'say', conversation, text });
    for (let i = 0; i < 100; i++) await writer.nextOf('accepted');

    const seqs: number[] = [];
    let unsent: (() => void)[] = [];
    let mostUnsent = 0;
    const history = new History(
      router,
      () => overseer,
      (frame, whenSent) => {
        const { entry } = JSON.parse(frame) as { entry: { seq: number } };
        seqs.push(entry.seq);
        unsent.push(whenSent);
        mostUnsent = Math.max(mostUnsent, unsent.length);
      },
    );
    history.ask({ conversation: String(conversation), since: 0, follow: false });
    while (seqs.length < 101) {
      await expect.poll(() => unsent.length).toBeGreaterThan(0);
      const sent = seqs.length;
      // Nothing more comes while what was sent has not left, however long that takes.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (unsent.length >= 12) expect(seqs.length).toBe(sent);
      const gone = unsent;
      unsent = [];
      for (const whenSent of gone) whenSent();
    }
    expect(seqs).toEqual(Array.from({ length: 101 }, (_, i) => i + 1));
    expect(mostUnsent).toBeLessThanOrEqual(14);
  });

  it('a long history that is requested again and again is refused until the first requests are answered', async () => {
    const { port } = await serveRouter();
    const agent = await dialAgent(port, 'alice');
    agent.send({ type: 'open', ref: '1', members: ['bob'] });
    const { conversation } = await agent.nextOf('accepted');
    for (let i = 0; i < 40; i++) agent.send({ type: 'say', conversation, text: `${i}` });
    for (let i = 0; i < 40; i++) await agent.nextOf('accepted');
    for (let i = 0; i < 20; i++) agent.send({ type: 'history', conversation });
    expect(await agent.nextOf('refused')).toMatchObject({ code: 'rate-limited', retry: true });
  });

  it('a history with a limit ends after that number of entries', async () => {
    const { port } = await serveRouter();
    const agent = await dialAgent(port, 'alice');
    agent.send({ type: 'open', ref: '1', members: ['bob'] });
    const { conversation } = await agent.nextOf('accepted');
    for (let i = 0; i < 20; i++) agent.send({ type: 'say', conversation, text: `${i}` });
    for (let i = 0; i < 20; i++) await agent.nextOf('accepted');
    agent.send({ type: 'history', conversation, limit: 2, follow: true });
    agent.send({ type: 'history', conversation, since: 18, limit: 9 });
    for (const seq of [1, 2, 19, 20, 21])
      expect(await agent.nextOf('entry')).toMatchObject({ entry: { seq } });
    agent.send({ type: 'say', conversation, text: 'not followed' });
    expect(await agent.next()).toMatchObject({ type: 'accepted' });
  });

  it('a history that is followed shows every entry once', async () => {
    const { port } = await serveRouter();
    const agent = await dialAgent(port, 'alice');
    agent.send({ type: 'open', ref: '1', members: ['bob'] });
    const { conversation } = await agent.nextOf('accepted');
    const reader = await dialAgent(port, 'bob');
    for (let i = 0; i < 200; i++) {
      agent.send({ type: 'say', conversation, text: `${i}` });
      if (i === 100) reader.send({ type: 'history', conversation, follow: true });
    }
    for (let seq = 1; seq <= 201; seq++)
      expect(await reader.nextOf('entry')).toMatchObject({ entry: { seq } });
  });
});
