import { describe, expect, it } from 'vitest';
import { connectionProblem, hostAddress, upgradeProblem } from '../src/connection-problem.ts';

describe('a connection that is not made', () => {
  it.each([
    ['wss://a', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, /authority.*NODE_EXTRA_CA_CERTS/],
    ['wss://a', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, /authority.*NODE_EXTRA_CA_CERTS/],
    ['https://a', { code: 'CERT_HAS_EXPIRED' }, /certificate has expired/],
    ['wss://a', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, /for another name/],
    ['wss://a', { code: 'EPROTO', message: 'ssl3_get_record: WRONG_VERSION_NUMBER' }, /does not speak TLS/],
    ['ws://a', { code: 'ECONNRESET' }, /if it speaks TLS, write wss/],
    ['wss://a', { code: 'ECONNRESET' }, /^ECONNRESET$/],
    ['ws://a', { message: 'Opening handshake has timed out' }, /nothing answers there in time/],
    ['ws://a', { code: 'ENOTFOUND' }, /name is not known/],
    ['ws://a', { code: 'ECONNREFUSED' }, /nothing listens there/],
    ['ws://a', { code: 'EOTHER' }, /^EOTHER$/],
  ])('a failed connection to %s with %o says what to do', (url, failure, words) => {
    expect(connectionProblem(url, failure, false)).toMatch(words);
  });

  it('a failed connection to localhost in a container names the address of the host', () => {
    const refused = { code: 'ECONNREFUSED' };
    expect(connectionProblem('ws://localhost:8765/x', refused, true)).toContain(
      'write ws://host.docker.internal:8765/x for the machine',
    );
    expect(hostAddress('http://user:secret@localhost:11434/v1')).toBe('http://host.docker.internal:11434/v1');
    expect(connectionProblem('ws://router:8765', refused, true)).not.toContain('host.docker');
    expect(connectionProblem('ws://localhost:8765', refused, false)).not.toContain('host.docker');
  });
});

describe('an answer in the place of a WebSocket', () => {
  it('a response instead of a WebSocket is shown with the text of the router', () => {
    const body = JSON.stringify({ error: { code: 'forbidden', message: 'this Host is not allowed' } });
    expect(upgradeProblem(403, body)).toBe('it refuses (403): this Host is not allowed');
    expect(upgradeProblem(403, 'this Host is not allowed: see ROUTER_HOSTS')).toContain('see ROUTER_HOSTS');
  });

  it.each([
    [200, /proxy in front of it does not pass Upgrade on/],
    [426, /does not pass Upgrade on/],
    [301, /redirects/],
    [502, /the router behind it is not/],
    [500, /^it answered 500/],
  ])('a response with status %i instead of a WebSocket is explained', (status, words) => {
    expect(upgradeProblem(status, '<html>nginx</html>')).toMatch(words);
  });
});
