import assert from 'node:assert/strict';
import { until } from '../../harness/poll.ts';
import { RawPeer, wsFrame } from '../../harness/raw-peer.ts';
import { check, distinctLine } from '../check.ts';
import type { World } from '../world.ts';

const frameLimit = 256 * 1024;

const connected = async (world: World): Promise<string[]> => {
  const { agents } = (await (await world.request('/v1/agents')).json()) as { agents: { name: string }[] };
  return agents.map(({ name }) => name);
};

export const numberChecks = [
  check('7 8', 'a frame over the limit is refused as too large, and the connection stays', async (world) => {
    const agent = await world.agent('alice');
    const bare = JSON.stringify({ type: 'ping', padding: '' });
    agent.send(bare.replace('""', `"${'x'.repeat(frameLimit - bare.length)}"`));
    await agent.quiet();
    agent.send(bare.replace('""', `"${'x'.repeat(frameLimit)}"`));
    assert.equal((await agent.next('refused')).code, 'too-large');
    await agent.quiet();
  }),
  check('7', 'a text of 32,000 characters is said as it is, one more is refused', async (world) => {
    const [alice, bob] = [await world.plain('alice'), await world.plain('bob')];
    for (const character of ['x', '\u0000', 'ä', '\u2028']) {
      const text = character.repeat(32_000);
      alice.send({ target: world.name('bob'), text });
      assert.equal((await bob.next('message')).text, text);
    }
    alice.send({ target: world.name('bob'), text: 'x'.repeat(32_001) });
    assert.equal((await alice.next('error')).code, 'bad-frame');
  }),
  check('7', 'a peer that sends faster than its rate is slowed down and loses nothing', async (world) => {
    const [alice, bob] = [await world.plain('alice'), await world.plain('bob')];
    await bob.quiet();
    // Frames that are refused are read at the same rate; one error each says that none was lost.
    for (let frame = 0; frame < 160; frame++) alice.send({ type: `unknown-${frame}` });
    alice.send({ target: world.name('bob'), text: 'last' });
    for (let frame = 0; frame < 160; frame++) assert.equal((await alice.next('error')).code, 'unknown-type');
    assert.equal((await bob.next('message')).text, 'last');
  }),
  check('7', 'a burst of small frames delays the reading of later ones', async (world) => {
    const peer = await RawPeer.webSocketAt(world.subject.url);
    const name = world.name('hasty');
    peer.write(wsFrame(JSON.stringify({ type: 'register', name, token: world.subject.token })));
    const frames = Array.from({ length: 400 }, () => wsFrame('{}'));
    const started = performance.now();
    peer.write(...frames);
    await peer.until('every frame is refused', () => peer.texts.length === 400);
    peer.write(wsFrame('{}'));
    await peer.until('one more is refused', () => peer.texts.length === 401);
    // 100 are free and 50 a second are allowed, so the other 300 take six seconds. This can only come too early.
    assert.ok(performance.now() - started > 4_000, '401 frames were read faster than the rate');
    peer.destroy();
  }),
  check('7', 'a peer that reads nothing is disconnected, and no other peer is affected', async (world) => {
    const slow = await RawPeer.webSocketAt(world.subject.url);
    const name = world.name('slow');
    slow.write(wsFrame(JSON.stringify({ type: 'register', name, token: world.subject.token })));
    await until('it is connected', async () => (await connected(world)).includes(name));
    slow.socket.pause();
    // It shows that it lives: to a peer that is silent the router sends nothing more, and what is sent waits elsewhere.
    const alive = setInterval(() => slow.write(wsFrame(Buffer.alloc(0), { opcode: 0xa })), 200).unref();
    const bob = await world.plain('bob');
    // 46 MB: the kernels and proxies on the way may take 20 MB before the router notices that nothing is read.
    for (let sender = 0; sender < 16; sender++) {
      const client = await world.plain(`sender${sender}`);
      for (let line = 0; line < 90; line++) {
        client.send({ target: name, text: distinctLine(line).padEnd(32_000, '.') });
      }
    }
    // Who reads nothing hears of its end late, or never where a proxy stands between: the router knows.
    await until('the slow peer is cut off', async () => !(await connected(world)).includes(name));
    clearInterval(alive);
    slow.destroy();
    await bob.quiet();
  }),
];
