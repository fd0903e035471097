import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ConnectionLimits } from '../../src/http/server/connection-limits.ts';
import { type LoggedRejection, Rejections } from '../../src/http/server/rejections.ts';
import { makeRequestFilter, type RequestFilterRules } from '../../src/http/server/request-filter.ts';

const told: LoggedRejection[] = [];
const rejections = new Rejections(
  (rejection) => told.push(rejection),
  () => 0,
);
const connectionLimits = new ConnectionLimits({ total: 0, perAddress: 0 }, rejections);
const answer = (rules: RequestFilterRules, headers: Record<string, string | undefined>, url = '/') =>
  makeRequestFilter(
    rules,
    connectionLimits,
    rejections,
  )({ headers, url, socket: { remoteAddress: '10.0.0.7' } } as unknown as IncomingMessage)?.status ?? 200;

const local: RequestFilterRules = { origins: [], hosts: [] };
const host = 'localhost:8765';

describe('Host', () => {
  it.each([
    ['localhost', 200],
    ['localhost:8765', 200],
    ['LOCALHOST:8765', 200],
    ['127.0.0.1:8765', 200],
    ['[::1]:8765', 200],
    ['192.168.1.7:8765', 200],
    ['evil.example', 403],
    ['evil.example:8765', 403],
    ['localhost.evil.example', 403],
    ['localhost.', 403],
    ['127.0.0.1.evil.example', 403],
    ['2130706433', 403],
    ['[::1].evil.example', 403],
    ['localhost@evil.example', 403],
    ['localhost:8765:1', 403],
    ['', 403],
  ])('the Host %s of a router on loopback is answered with %i', (name, status) => {
    expect(answer(local, { host: name })).toBe(status);
  });

  it('the Host may be exactly a name that the operator gave', () => {
    const rules = { origins: [], hosts: ['router', 'Parley.Example'] };
    const statuses = ['router:8765', 'parley.example', 'x.parley.example', 'parley.example.evil.example'].map(
      (name) => answer(rules, { host: name }),
    );
    expect(statuses).toEqual([200, 200, 403, 403]);
  });

  it('the Host may be any name when the router needs tokens', () => {
    expect(answer({ origins: [], hosts: undefined }, { host: 'parley.example' })).toBe(200);
    expect(answer({ origins: [], hosts: undefined }, { host: 'bad host' })).toBe(403);
  });
});

describe('Origin', () => {
  it.each([
    [undefined, 200],
    ['http://localhost:8765', 200],
    ['https://chat.example', 200],
    ['http://localhost', 403],
    ['http://localhost:9999', 403],
    ['http://127.0.0.1:8765', 403],
    ['http://evil.example', 403],
    ['null', 403],
    ['', 403],
    ['http://localhost:8765.evil.example', 403],
    ['http://localhost:8765@evil.example', 403],
    ['http://localhost:8765/', 403],
    ['http://chat.example', 403],
    ['https://chat.example.evil.example', 403],
    ['https://evil-chat.example', 403],
    ['https://chat.example:8443', 403],
    ['file://', 403],
    ['chrome-extension://abcdefgh', 403],
  ])('the Origin %s is answered with %i', (origin, status) => {
    expect(answer({ origins: ['https://chat.example'], hosts: [] }, { host, origin })).toBe(status);
  });

  it('the Origin of the own page may leave out the default port', () => {
    const rules = { origins: [], hosts: undefined };
    expect(answer(rules, { host: 'parley.example', origin: 'https://parley.example' })).toBe(200);
    expect(answer(rules, { host: 'parley.example:443', origin: 'https://parley.example' })).toBe(200);
    expect(answer(rules, { host: 'parley.example:80', origin: 'https://parley.example' })).toBe(403);
  });
});

/** `token`, each character percent-encoded. */
const encoded = [...Buffer.from('token')].map((byte) => `%${byte.toString(16)}`).join('');

describe('a token in the URL', () => {
  it.each([
    '/?token=abc',
    '/v1/agents?x=1&access_token=abc',
    '/?TOKEN=abc',
    '/?auth_token=',
    `/?${encoded}=abc`,
    `/v1/me?a=1&access_${encoded}=x`,
  ])('a token in the URL is refused: %s', (url) => {
    expect(answer(local, { host }, url)).toBe(400);
  });

  it('a URL with words that contain “token” is not refused', () => {
    expect(answer(local, { host }, '/v1/conversations?mytoken=1&limit=2')).toBe(200);
  });
});
