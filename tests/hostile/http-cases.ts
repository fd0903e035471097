import { upgrade } from '../harness/raw-peer.ts';
import { type Case, httpCase } from './case.ts';

const host = 'Host: 127.0.0.1';
const get = (target: string, ...headers: string[]) =>
  `${[`GET ${target} HTTP/1.1`, host, ...headers].join('\r\n')}\r\n\r\n`;

const methods =
  'POST PUT PATCH DELETE OPTIONS TRACE CONNECT PROPFIND MKCOL PURGE SUBSCRIBE LINK SEARCH QUERY FOO get G3T'.split(
    ' ',
  );
const targets = ['/', '/v1/conversations', '/metrics', '/v1/conversations/c1/../../x'];

const oddTargets = [
  '//',
  '///',
  '//evil.example/',
  'http://evil.example/',
  'http://',
  '*',
  '/..',
  '/../../etc/passwd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/%',
  '/%zz',
  '/%00',
  '/%c0%af',
  '/\\..\\',
  '/?',
  '/?%',
  '/#',
  '/;',
  '/__proto__',
  '/constructor',
  '/v1/__proto__',
  '/v1/conversations/__proto__',
  '/v1/conversations/constructor',
  '/v1/conversations/%00',
  '/v1/conversations/a/b/c',
  "/v1/conversations/' OR 1=1 --".replaceAll(' ', '%20'),
  '/v1/conversations?limit=-1',
  '/v1/conversations?limit=1e309',
  '/v1/conversations?limit=NaN&limit=2',
  '/v1/conversations/c1?since=99999999999999999999',
  '/v1/events/x',
  '/v2',
  '/healthz/..',
  '/readyz?x',
  '/.env',
  '/.git/config',
  `/${'a'.repeat(8_000)}`,
  `/?${'a=b&'.repeat(1_500)}`,
  '/\u00e4',
  '/a b',
];

const badRequests: Readonly<Record<string, string | Buffer>> = {
  'nothing but line ends': '\r\n\r\n\r\n\r\n',
  'NUL bytes': Buffer.alloc(1_024),
  'random bytes': Buffer.from(Array.from({ length: 2_048 }, (_, i) => (i * 7919 + 13) % 256)),
  'a TLS hello': Buffer.from('16030100a5010000a10303', 'hex'),
  'an HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'an SMTP greeting': 'EHLO mail.example\r\n',
  'a WebSocket frame without a handshake': Buffer.from('8185000000007b7d7b7d7b', 'hex'),
  'no version': `GET /\r\n${host}\r\n\r\n`,
  'version 0.9': `GET / HTTP/0.9\r\n${host}\r\n\r\n`,
  'version 3.7': `GET / HTTP/3.7\r\n${host}\r\n\r\n`,
  'a version that is no number': `GET / HTTP/x.y\r\n${host}\r\n\r\n`,
  'no target': `GET HTTP/1.1\r\n${host}\r\n\r\n`,
  'no host': 'GET / HTTP/1.1\r\n\r\n',
  'two hosts': get('/', 'Host: evil.example'),
  'a foreign host': 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n',
  'a host of control characters': 'GET / HTTP/1.1\r\nHost: \u0001\u0002\r\n\r\n',
  'a header without a colon': get('/', 'no colon here'),
  'a header without a name': get('/', ': value'),
  'a space before the colon': get('/', 'Name : value'),
  'a NUL in a header': get('/', 'X: a\u0000b'),
  'a CR in a header': get('/', 'X: a\rb'),
  'a folded header': get('/', 'X: a\r\n b'),
  'a name of non-ASCII': get('/', 'Xä: y'),
  'a header of 20 KB': get('/', `X: ${'a'.repeat(20_000)}`),
  'a header of 1 MB': get('/', `X: ${'a'.repeat(1_000_000)}`),
  'a header name of 64 KB': get('/', `${'X'.repeat(65_536)}: a`),
  'a target of 64 KB': get(`/${'a'.repeat(65_536)}`),
  '10,000 headers': get('/', ...Array.from({ length: 10_000 }, (_, i) => `X${i}: y`)),
};

/** Where two servers in a row might not agree on where a request ends. */
const smuggled: Readonly<Record<string, string>> = {
  'length and chunks': 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
  'chunks and length': 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n8\r\nSMUGGLED\r\n0\r\n\r\n',
  'two lengths': 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
  'a list of lengths': 'Content-Length: 5, 6\r\n\r\nhello!',
  'a negative length': 'Content-Length: -1\r\n\r\n',
  'a length with a sign': 'Content-Length: +5\r\n\r\nhello',
  'a length that is no number': 'Content-Length: five\r\n\r\nhello',
  'a length in hex': 'Content-Length: 0x5\r\n\r\nhello',
  'a huge length': 'Content-Length: 99999999999999999999\r\n\r\n',
  'an unknown encoding': 'Transfer-Encoding: cow\r\n\r\n',
  'chunked twice': 'Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
  'chunked, then identity': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
  'an encoding behind a tab': 'Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n',
  'an encoding behind a vertical tab': 'Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n',
  'a chunk size that is no number': 'Transfer-Encoding: chunked\r\n\r\nxyz\r\n',
  'a huge chunk size': 'Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n',
  'a chunk longer than it says': 'Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n',
};

const badUpgrades: Readonly<Record<string, string>> = {
  'no key': upgrade({ 'Sec-WebSocket-Key': undefined }),
  'an empty key': upgrade({ 'Sec-WebSocket-Key': '' }),
  'a short key': upgrade({ 'Sec-WebSocket-Key': 'dGhl' }),
  'a long key': upgrade({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ=='.repeat(40) }),
  'a key that is no base64': upgrade({ 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }),
  'no version': upgrade({ 'Sec-WebSocket-Version': undefined }),
  'version 0': upgrade({ 'Sec-WebSocket-Version': '0' }),
  'version 12': upgrade({ 'Sec-WebSocket-Version': '12' }),
  'version 99': upgrade({ 'Sec-WebSocket-Version': '99' }),
  'a version that is no number': upgrade({ 'Sec-WebSocket-Version': 'thirteen' }),
  'another protocol': upgrade({ Upgrade: 'h2c' }),
  'two protocols': upgrade({ Upgrade: 'websocket, h2c' }),
  'an empty protocol': upgrade({ Upgrade: '' }),
  'a POST': upgrade({}, 'POST / HTTP/1.1'),
  'a HEAD': upgrade({}, 'HEAD / HTTP/1.1'),
  'a CONNECT': upgrade({}, 'CONNECT / HTTP/1.1'),
  'a foreign host': upgrade({ Host: 'evil.example' }),
  'a foreign origin': upgrade({ Origin: 'http://evil.example' }),
  'an origin of null': upgrade({ Origin: 'null' }),
  'an empty subprotocol': upgrade({ 'Sec-WebSocket-Protocol': '' }),
  'only a comma': upgrade({ 'Sec-WebSocket-Protocol': ',' }),
  'only unknown subprotocols': upgrade({ 'Sec-WebSocket-Protocol': 'chat, mqtt' }),
  'a subprotocol twice': upgrade({ 'Sec-WebSocket-Protocol': 'parley.v1, parley.v1' }),
  'a subprotocol that is no token': upgrade({ 'Sec-WebSocket-Protocol': 'parley.v1, b@d' }),
  'a trailing comma': upgrade({ 'Sec-WebSocket-Protocol': 'parley.v1,' }),
  'a semicolon': upgrade({ 'Sec-WebSocket-Protocol': 'parley.v1; q=1' }),
  quotes: upgrade({ 'Sec-WebSocket-Protocol': '"parley.v1"' }),
  'a name that every object has': upgrade({ 'Sec-WebSocket-Protocol': '__proto__' }),
  '8 KB of subprotocols': upgrade({
    'Sec-WebSocket-Protocol': Array.from({ length: 1_000 }, (_, i) => `p${i}`).join(),
  }),
  'an upgrade in HTTP/1.0': upgrade({}, 'GET / HTTP/1.0'),
};

const calm = [200, 404];
/** Upgrades that are no upgrade at all, or one that needs no refusal. */
const tolerated: Readonly<Record<string, readonly number[]>> = {
  'two protocols': calm,
  'another protocol': calm,
  'an empty protocol': calm,
  'an upgrade in HTTP/1.0': [101],
};

export const httpCases: readonly Case[] = [
  ...methods.flatMap((method) =>
    targets.map((target) =>
      httpCase(`${method} ${target}`, `${method} ${target} HTTP/1.1\r\n${host}\r\n\r\n`),
    ),
  ),
  ...oddTargets.map((target) => httpCase(`GET ${target.slice(0, 60)}`, get(target), calm)),
  ...Object.entries(badRequests).map(([title, bytes]) =>
    httpCase(title, bytes, title === 'version 0.9' ? calm : [431, ...calm]),
  ),
  ...Object.entries(smuggled).map(([title, rest]) =>
    httpCase(`body with ${title}`, `POST /v1/conversations HTTP/1.1\r\n${host}\r\n${rest}`),
  ),
  ...Object.entries(smuggled).map(([title, rest]) =>
    httpCase(`a GET that carries a body with ${title}`, `GET /healthz HTTP/1.1\r\n${host}\r\n${rest}`, calm),
  ),
  ...Object.entries(badUpgrades).map(([title, bytes]) =>
    httpCase(`upgrade with ${title}`, bytes, tolerated[title]),
  ),
];
