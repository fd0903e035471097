import { describe, expect, it } from 'vitest';
import { redactor } from '../../src/models/openai/connection/redacted.ts';

describe('a secret in the words of a server', () => {
  const secret = 'Topf-secret/key+42';
  it.each([
    ['as it is', secret],
    ['in capitals', secret.toUpperCase()],
    ['as part of a URL', encodeURIComponent(secret)],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['its beginning', secret.slice(0, 12)],
    ['its end', secret.slice(-10)],
  ])('a secret in the text of a server is hidden %s', (_, words) => {
    const shown = redactor([secret])(`the key ${words} is not known`);
    expect(shown).toContain('[redacted]');
    expect(shown).not.toContain(words);
  });

  it('a text that looks like an API key is hidden, although it is not a configured one', () => {
    expect(redactor([])('Incorrect API key provided: sk-abcd****wxyz.')).not.toContain('abcd');
    expect(redactor([])('Bearer abcdefgh')).not.toContain('abcdefgh');
  });

  it('a short secret does not hide parts of other words', () => {
    expect(redactor(['x'])('the proxy says x')).toBe('the proxy says [redacted]');
  });
});
