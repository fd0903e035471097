import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { bounded, Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

const texts = (client: Plain) => client.connection.texts;

/** Ann, an agent, has given pat a turn that may not be given yet. Cyd is a plain client, too. */
const heldBack = async (bench = new RouterBench()) => {
  const pat = new Plain(bench, 'pat', { ack: true });
  const cyd = new Plain(bench, 'cyd');
  const ann = bench.connect('ann');
  await bench.open('c1', {
    members: ['ann', 'pat', 'cyd'],
    policy: 'addressed',
    limits: limits({ paceMs: 5_000 }),
  });
  await bench.pass(5_000);
  await bench.answer(ann);
  expect(texts(pat)).toEqual([]);
  const toPat = async (text: string) => {
    cyd.session.receive(JSON.stringify({ conversation: 'c1', target: 'pat', text }));
    await bench.settled();
  };
  return { bench, pat, cyd, toPat };
};

describe('a message that is held back, because its turn may not be given yet', () => {
  it('a held message is sent before a later one that comes when the turn may be given', async () => {
    const { bench, pat, toPat } = await heldBack();
    // The pace has passed, and no tick has run yet.
    bench.now += 5_000;
    await toPat('line 2');
    expect(texts(pat)).toEqual(['line 1', 'line 2']);
    await bench.pass(1_000);
    expect(texts(pat)).toEqual(['line 1', 'line 2']);
    expect(bench.router.mailboxes.waiting).toBe(0);
  });

  it('a held message is sent before later ones that waited because the client left pings unanswered', async () => {
    const { bench, pat, toPat } = await heldBack();
    pat.connection.isSilent = true;
    await toPat('line 2');
    bench.now += 5_000;
    pat.connection.isSilent = false;
    await bench.pass(1_000);
    expect(texts(pat)).toEqual(['line 1', 'line 2']);
  });

  it('a held message is sent when the conversation ends, before the ending', async () => {
    const { bench, pat } = await heldBack();
    await bench.submit('c1', { type: 'end', by: 'ops' });
    expect(pat.connection.frames.slice(-2).map(({ type }) => type)).toEqual(['message', 'ended']);
    expect(bench.router.mailboxes.waiting).toBe(0);
  });

  it('a held message of an ended conversation is sent to a silent client once it reads again', async () => {
    const { bench, pat } = await heldBack();
    pat.connection.isSilent = true;
    await bench.submit('c1', { type: 'end', by: 'ops' });
    await bench.pass(1_000);
    expect(texts(pat)).toEqual([]);
    pat.connection.isSilent = false;
    await bench.pass(1_000);
    expect(pat.connection.frames.slice(-2).map(({ type }) => type)).toEqual(['message', 'ended']);
  });

  it('a held message is sent when an operator has taken the turn in place of the client', async () => {
    const { bench, pat } = await heldBack();
    await bench.submit('c1', { type: 'seat', who: 'pat', by: 'ops' });
    await bench.pass(5_000);
    expect(texts(pat)).toEqual([]);
    const say = { type: 'say', from: 'pat', target: 'ann', text: 'for pat' } as const;
    expect(await bench.submit('c1', { ...say, as: { seat: 'ops' } })).toMatchObject({ kind: 'done' });
    await bench.pass(250);
    expect(texts(pat)).toEqual(['line 1']);
  });

  it('a held message is sent when the client leaves the conversation, because it was a member', async () => {
    const { bench, pat } = await heldBack();
    pat.session.receive(JSON.stringify({ type: 'leave', conversation: 'c1' }));
    await bench.settled();
    await bench.pass(250);
    expect(texts(pat)).toEqual(['line 1']);
  });

  it('a held message is not lost by a restart after the client has acknowledged later messages', async () => {
    const { bench, pat, cyd } = await heldBack();
    await cyd.send('pat', 'elsewhere');
    expect(texts(pat)).toEqual(['elsewhere']);
    await pat.confirm();
    bench.router.plainDelivery.save();
    bench.restart();
    const again = new Plain(bench, 'pat');
    await bench.pass(5_000);
    expect(texts(again)).toContain('line 1');
    await again.confirm();
    bench.router.plainDelivery.save();
    bench.restart();
    expect(texts(new Plain(bench, 'pat'))).toEqual([]);
  });

  it('a held message counts for the limits of the mailbox', async () => {
    const { bench, pat, cyd, toPat } = await heldBack(bounded({ messages: 8 }));
    for (const text of ['one', 'two', 'three']) await toPat(text);
    expect(cyd.codes).toEqual(['mailbox-full']);
    expect(bench.router.mailboxes.waiting).toBe(3);
    await bench.pass(5_000);
    expect(texts(pat)).toEqual(['line 1', 'one', 'two']);
    expect(bench.router.mailboxes.waiting).toBe(0);
    await toPat('four');
    expect(texts(pat).at(-1)).toBe('four');
  });
});
