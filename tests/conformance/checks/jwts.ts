import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { withJwts } from '../check.ts';
import type { Client } from '../client.ts';
import type { World } from '../world.ts';

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Good for a minute, unless the claims say otherwise; a claim that is undefined is not there. */
const jwt = (
  world: World,
  claims: Readonly<Record<string, unknown>>,
  { secret = world.subject.jwtSecret as string, alg = 'HS256' } = {},
): string => {
  const exp = Math.floor(Date.now() / 1_000) + 60;
  const signed = `${encoded({ alg, typ: 'JWT' })}.${encoded({ exp, ...claims })}`;
  return `${signed}.${alg === 'none' ? '' : createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

const register = async (world: World, token: string, word: string): Promise<Client> => {
  const client = await world.connectWith(undefined, { dialect: 'v1' });
  return client.send({ type: 'register', name: world.name(word), token });
};

const refused = async (world: World, token: string, code: string, closeCode: number, why: string) => {
  const client = await register(world, token, 'jane');
  assert.equal((await client.next('refused')).code, code, why);
  assert.equal(await client.closeCode(), closeCode, why);
};

export const jwtChecks = [
  withJwts('12.8 12.1', 'a JWT is for its names, or for its sub', async (world) => {
    for (const claims of [
      { names: ['joe', 'jane-*'] },
      { names: [world.name('jane')], sub: 'joe' },
      { sub: world.name('jane') },
    ]) {
      const token = jwt(world, claims);
      await (await register(world, token, 'jane')).next('welcome');
      const shown = await world.connectWith(token, { dialect: 'v1' });
      shown.send({ type: 'register', name: world.name('jane') });
      await shown.next('welcome');
    }
    const other = jwt(world, { names: ['joe', 'jan'], sub: world.name('jane') });
    await refused(world, other, 'name-refused', 4003, 'names that are others');
  }),
  withJwts('12.8 12.3', 'a JWT that is forged, expired, or lacks a claim is refused', async (world) => {
    const sub = world.name('jane');
    const good = jwt(world, { sub });
    const [head, , signature] = good.split('.');
    const bad: readonly [why: string, token: string][] = [
      ['another secret', jwt(world, { sub }, { secret: 'x'.repeat(32) })],
      ['no algorithm', jwt(world, { sub }, { alg: 'none' })],
      ['changed claims', `${head}.${encoded({ sub, exp: 4_102_444_800 })}.${signature}`],
      ['no exp', jwt(world, { sub, exp: undefined })],
      ['expired', jwt(world, { sub, exp: Math.floor(Date.now() / 1_000) - 60 })],
      ['neither names nor sub', jwt(world, {})],
      ['a * in the middle', jwt(world, { names: ['j*e'] })],
      ['no such role', jwt(world, { sub, role: 'king' })],
      ['send that is no list', jwt(world, { sub, send: 'bob' })],
    ];
    for (const [why, token] of bad) await refused(world, token, 'unauthenticated', 4001, why);
  }),
  withJwts('12.8 12.4 12.6', 'the role of a JWT is agent unless it says another', async (world) => {
    const names = ['jane-*'];
    const statuses: number[] = [];
    for (const role of [undefined, 'agent', 'observer', 'operator'])
      statuses.push((await world.requestWith(jwt(world, { names, role }), '/v1/agents')).status);
    assert.deepEqual(statuses, [403, 403, 200, 200]);
  }),
  withJwts('12.8 12.5', 'send of a JWT limits whom it addresses', async (world) => {
    const client = await register(world, jwt(world, { names: ['jane-*'], send: ['bob-*'] }), 'jane');
    await client.next('welcome');
    client.send({ type: 'open', ref: '1', members: [world.name('alice')] });
    assert.equal((await client.next('refused')).code, 'forbidden');
    await world.open(client, ['bob']);
  }),
  withJwts('12.3 6', 'a connection ends with 4001 when its token expires', async (world) => {
    const exp = Math.floor(Date.now() / 1_000) + 3;
    const client = await register(world, jwt(world, { sub: world.name('jane'), exp }), 'jane');
    await client.next('welcome');
    assert.equal(await client.closeCode(), 4001);
    assert.ok(Date.now() >= exp * 1_000, 'it was closed before it expired');
  }),
];
