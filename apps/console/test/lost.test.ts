import { describe, expect, it } from 'vitest';
import { type Lost, lostWords } from '../src/model/lost.ts';

const host = 'parley.example.com';

describe('A lost connection of the page', () => {
  it.each<[string, string, Lost, RegExp]>([
    [
      'over TLS without an answer',
      'https:',
      { kind: 'no-answer' },
      /does not accept the certificate.*in a new tab/,
    ],
    ['without TLS and without an answer', 'http:', { kind: 'no-answer' }, /only TLS \(https:\/\/parley/],
    [
      'to a proxy without a router',
      'https:',
      { kind: 'answered', status: 502 },
      /the router behind it does not/,
    ],
    ['to a web page', 'https:', { kind: 'answered', status: 200 }, /no Parley router, or a proxy/],
    ['to a server that refuses', 'https:', { kind: 'answered', status: 429 }, /answers 429/],
  ])('%s is told with its host and what it can be', (_, protocol, lost, words) => {
    const told = lostWords(lost, { protocol, host });
    expect(told).toMatch(words);
    expect(told).toContain(host);
  });

  it('a connection that ended as usual is not explained, and the page reconnects', () => {
    expect(lostWords({ kind: 'closed' }, { protocol: 'https:', host })).toBeUndefined();
  });
});
