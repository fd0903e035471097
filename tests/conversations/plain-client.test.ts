import { afterEach, describe, expect, it } from 'vitest';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { havePython, startPython } from '../harness/python.ts';
import { killAll } from '../harness/started-process.ts';
import { expectWhole } from '../harness/whole-conversation.ts';

afterEach(killAll);

/** The whole client: registers, may speak first, prints what it hears, and answers the first COUNT lines. */
const tenLines = `import asyncio, json, sys, websockets
url, name, target, first, count = sys.argv[1:6]
async def main():
    async with websockets.connect(url) as ws:
        await ws.send(json.dumps({"type": "register", "name": name}))
        if first: await ws.send(json.dumps({"target": target, "text": first}))
        for n in range(int(count)):
            heard = json.loads(await ws.recv()); print(json.dumps(heard))
            await ws.send(json.dumps({"target": heard["from"], "text": f"{name} answers {n}"}))
asyncio.run(main())
`;

/** Waits for \`turn\` frames of text, then leaves; sends nothing but its pings, as the original client did. */
const pinging = `import asyncio, json, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1]) as ws:
        await ws.send(json.dumps({"type": "register", "name": sys.argv[2]}))
        for _ in range(3): await ws.send(json.dumps({"type": "ping"}))
        async for frame in ws: print(frame)
asyncio.run(main())
`;

describe.skipIf(!havePython())('a client of ten lines of Python', () => {
  it('a client of ten lines of Python talks to an agent and is answered', async () => {
    const router = await RunningRouter.start();
    startAgent(['alice'], { ROUTER_URL: router.url });
    const client = startPython('carol', tenLines, [router.url, 'carol', 'alice', 'Hello alice', '3']);
    expect(await client.exit()).toEqual({ code: 0, signal: null });
    expect(client.stderr).toBe('');
    expect(client.log).toHaveLength(3);
    for (const heard of client.log) {
      expect(heard).toMatchObject({ type: 'message', from: 'alice', target: 'carol' });
      expect(heard.text).toEqual(expect.stringMatching(/\S/));
    }
    const { id } = await router.when('of carol', (view) => view.by === 'carol');
    expect(client.log.map(({ conversation }) => conversation)).toEqual([id, id, id]);
    const seqs = client.log.map(({ seq }) => Number(seq));
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  it('a client of ten lines of Python talks to another one in the order in which they speak', async () => {
    const router = await RunningRouter.start();
    const dave = startPython('dave', tenLines, [router.url, 'dave', 'erin', '', '5']);
    const erin = startPython('erin', tenLines, [router.url, 'erin', 'dave', 'Hello dave', '5']);
    expect(await erin.exit()).toEqual({ code: 0, signal: null });
    expect(await dave.exit()).toEqual({ code: 0, signal: null });
    expect(dave.log.map(({ text }) => text)).toEqual([
      'Hello dave',
      'erin answers 0',
      'erin answers 1',
      'erin answers 2',
      'erin answers 3',
    ]);
    expect(erin.log.map(({ text }) => text)).toEqual(dave.log.map((_, n) => `dave answers ${n}`));
    expect(erin.log.every(({ from, target }) => from === 'dave' && target === 'erin')).toBe(true);
  });

  it('a client of ten lines of Python finds earlier messages in its mailbox, in order', async () => {
    const router = await RunningRouter.start();
    const sender = startPython('frank', tenLines, [router.url, 'frank', 'grace', 'first', '0']);
    expect(await sender.exit()).toEqual({ code: 0, signal: null });
    await router.when('of frank', (view) => view.by === 'frank');
    const receiver = startPython('grace', tenLines, [router.url, 'grace', 'frank', '', '1']);
    expect(await receiver.exit()).toEqual({ code: 0, signal: null });
    expect(receiver.log).toMatchObject([{ from: 'frank', text: 'first' }]);
  });

  it('a client of ten lines of Python gets no answer to its pings, and no text that is not a message', async () => {
    const router = await RunningRouter.start();
    const heidi = startPython('heidi', pinging, [router.url, 'heidi']);
    await router.when('anything', () => true, 1_000).catch(() => undefined);
    const ivan = startPython('ivan', tenLines, [router.url, 'ivan', 'heidi', 'Are you there?', '0']);
    expect(await ivan.exit()).toEqual({ code: 0, signal: null });
    await heidi.when('a frame', ({ log }) => log[0]);
    expect(heidi.log).toMatchObject([{ type: 'message', from: 'ivan', text: 'Are you there?' }]);
  });
});

describe('agents that know only their targets', () => {
  it('agents that know only their targets speak in a ring of three', async () => {
    const router = await RunningRouter.start();
    const circle = ['ann', 'ben', 'cat'];
    for (const [place, name] of circle.entries()) {
      startAgent([name, circle[(place + 1) % circle.length]!, 'ann'], {
        ROUTER_URL: router.url,
        AGENT_MAX_TURNS: '12',
      });
    }
    const { id } = await router.ended('ann');
    const entries = await router.entries(id);
    expectWhole(entries, { turns: 12, circle });
    expect(entries.filter(({ type }) => type === 'joined')).toMatchObject([{ who: 'cat' }]);
  });
});
