import assert from 'node:assert/strict';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { check, withoutTokens } from '../check.ts';
import type { World } from '../world.ts';

/** `fetch` takes `Host` from the URL, whatever it is told. */
const statusWith = ({ subject }: World, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const url = new URL('/v1/agents', subject.url.replace(/^ws/, 'http'));
    const authorization = subject.token === undefined ? {} : { authorization: `Bearer ${subject.token}` };
    const asking = (url.protocol === 'https:' ? requestTls : request)(url, {
      headers: { ...authorization, ...headers },
    });
    asking.once('response', (response) => resolve(response.resume().statusCode)).once('error', reject);
    asking.end();
  });

export const requestFilterChecks = [
  check(
    '12.7',
    'a page of another origin is refused with 403, the own page and a program are not',
    async (world) => {
      const { origin } = new URL(world.subject.url.replace(/^ws/, 'http'));
      for (const foreign of ['https://evil.example', `${origin}.evil.example`, 'null']) {
        await assert.rejects(
          world.connect({ dialect: 'v1', headers: { origin: foreign } }),
          /HTTP 403/,
          foreign,
        );
        assert.equal(await statusWith(world, { origin: foreign }), 403, foreign);
      }
      await world.connect({ dialect: 'v1', headers: { origin } });
      assert.equal(await statusWith(world, { origin }), 200);
      assert.equal(await statusWith(world, {}), 200);
    },
  ),
  // Where tokens are needed, a router may go by any name: no page that has another name knows a token.
  withoutTokens('12.7', "a Host that is not the router's is refused with 403", async (world) => {
    const host = 'evil.example';
    await assert.rejects(world.connect({ dialect: 'v1', headers: { host } }), /HTTP 403/);
    assert.equal(await statusWith(world, { host }), 403);
  }),
];
