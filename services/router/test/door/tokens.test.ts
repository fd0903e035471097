import { describe, expect, it } from 'vitest';
import { alice, bearer, bob, guard, guardOf, jwt, linesOf, listOf } from './bearers.ts';
import { dialAgent, serveRouter } from './served-router.ts';

describe('a token that is no longer good', () => {
  it('ends the connection with 4001 when it is withdrawn; the others stay', async () => {
    const list = listOf([alice, bob]);
    const { port } = await serveRouter({ guard: guardOf(list) });
    const gone = await dialAgent(port, 'bob', bearer(bob.token));
    const stays = await dialAgent(port, 'alice', bearer(alice.token));
    list.replace(linesOf([alice]));
    expect(await gone.closed).toMatchObject({ code: 4001 });
    expect(stays.ws.readyState).toBe(stays.ws.OPEN);
  });

  it('ends the connection with 4001 when it expires', async () => {
    const { port } = await serveRouter({ guard });
    const token = await jwt({ sub: 'dora', exp: Math.floor(Date.now() / 1_000) + 2 });
    const client = await dialAgent(port, 'dora', bearer(token));
    expect(await client.closed).toMatchObject({ code: 4001 });
  });
});
