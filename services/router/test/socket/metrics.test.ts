import { describe, expect, it } from 'vitest';
import { dial, dialPlain, serveRouter } from './served-router.ts';

const seriesOf = async (port: number): Promise<string[]> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith('parley_'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
};

describe('the metrics', () => {
  it('the metrics have the same series whatever names, frames and close codes peers use', async () => {
    const { port } = await serveRouter();
    await dialPlain(port, 'first');
    const before = await seriesOf(port);
    for (let i = 0; i < 100; i++) {
      const client = await dialPlain(port, `name-${i}`);
      client.send({ type: `type-${i}` });
      client.send({ target: `target-${i}`, text: 'x' });
      await client.next();
      client.ws.close(3_000 + i, `reason-${i}`);
      await client.closed;
      const agent = dial(port, { protocols: ['parley.v1'] });
      await agent.opened;
      agent.send({ type: 'register', name: `agent-${i}`, model: `model-${i}` });
      await agent.next();
      agent.ws.close(4_500 + i);
      await agent.closed;
    }
    expect(await seriesOf(port)).toEqual(before);
    expect(before.length).toBeGreaterThan(50);
  });
});
