import { describe, expect, it } from 'vitest';
import { type BindPolicySettings, bindPolicyOf } from '../../src/http/server/bind-policy.ts';

const settings: BindPolicySettings = {
  host: '127.0.0.1',
  open: undefined,
  published: undefined,
  hosts: undefined,
  origins: undefined,
  maxConnections: 20_000,
  maxConnectionsPerAddress: undefined,
};

describe('a router that needs no token', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])(
    'a router that needs no token may listen on %s',
    (host) => {
      expect(bindPolicyOf({ ...settings, host }, false).requestFilter).toEqual({ origins: [], hosts: [] });
    },
  );

  it.each(['0.0.0.0', '::', '192.168.1.7', 'router', '127.0.0.1.example', 'localhost.example', '1127.0.0.1'])(
    'a router that needs no token may not listen on %s',
    (host) => {
      expect(() => bindPolicyOf({ ...settings, host }, false)).toThrow(
        /no client needs a token.*ROUTER_OPEN=true/s,
      );
    },
  );

  it('a router that needs no token may listen on any address when the operator says that the network is private, under the given host names', () => {
    const open = { ...settings, host: '0.0.0.0', open: true };
    expect(bindPolicyOf(open, false).requestFilter.hosts).toEqual([]);
    expect(bindPolicyOf({ ...open, hosts: 'router, parley' }, false).requestFilter.hosts).toEqual([
      'router',
      'parley',
    ]);
  });
});

describe('a router in a container, whose port docker-compose.yml publishes', () => {
  const inContainer = { ...settings, host: '0.0.0.0' };

  it('a router in a container needs no token when its port is published on loopback only', () => {
    const policy = bindPolicyOf({ ...inContainer, published: '127.0.0.1', hosts: 'router' }, false);
    expect(policy.requestFilter.hosts).toEqual(['router']);
  });

  it('a router in a container without tokens is refused with the name PARLEY_BIND when its port is published to others', () => {
    const published = { ...inContainer, published: '0.0.0.0' };
    expect(() => bindPolicyOf(published, false)).toThrow(
      /^PARLEY_BIND: 0\.0\.0\.0 can be reached by others.*ROUTER_TOKENS/,
    );
    expect(() => bindPolicyOf(published, true)).not.toThrow();
    expect(() => bindPolicyOf({ ...published, open: true }, false)).not.toThrow();
  });

  it('a router in a container without tokens is refused on loopback, too, when the operator sets ROUTER_OPEN=false', () => {
    expect(() => bindPolicyOf({ ...inContainer, published: '127.0.0.1', open: false }, false)).toThrow(
      /no client needs a token/,
    );
  });
});

describe('a router that needs tokens', () => {
  it('a router that needs tokens may listen on any address under any host name, unless names are given', () => {
    const wide = { ...settings, host: '0.0.0.0' };
    expect(bindPolicyOf(wide, true).requestFilter.hosts).toBeUndefined();
    expect(bindPolicyOf({ ...wide, hosts: 'parley.example' }, true).requestFilter.hosts).toEqual([
      'parley.example',
    ]);
  });
});

describe('connections of one address', () => {
  it('the connections of one address are limited except on loopback, where all clients have the same address, unless a limit is set', () => {
    const wide = { ...settings, host: '0.0.0.0' };
    expect(bindPolicyOf(settings, true).connectionLimits).toEqual({ total: 20_000, perAddress: 0 });
    expect(bindPolicyOf(wide, true).connectionLimits).toEqual({ total: 20_000, perAddress: 1_000 });
    expect(bindPolicyOf({ ...settings, maxConnectionsPerAddress: 5 }, true).connectionLimits.perAddress).toBe(
      5,
    );
    expect(bindPolicyOf({ ...wide, maxConnectionsPerAddress: 0 }, true).connectionLimits.perAddress).toBe(0);
  });
});
