import { ConfigError } from '@parley/runtime';
import type { ConnectionLimitRules } from './connection-limits.ts';
import type { RequestFilterRules } from './request-filter.ts';

/** What decides who can reach the router, and who may. */
export interface BindPolicySettings {
  readonly host: string;
  readonly open: boolean;
  readonly hosts: string | undefined;
  readonly origins: string | undefined;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number | undefined;
}

const maxPerAddress = 1_000;

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);

const listOf = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** Without tokens the router is for this machine only, unless the operator says that the network is private. */
export const bindPolicyOf = (
  settings: BindPolicySettings,
  needsTokens: boolean,
): { readonly visitors: RequestFilterRules; readonly connectionLimits: ConnectionLimitRules } => {
  const { host, open, maxConnections, maxConnectionsPerAddress } = settings;
  const local = isLoopback(host);
  if (!local && !needsTokens && !open) {
    throw new ConfigError([
      `ROUTER_HOST: ${host} can be reached by others, and nobody needs a token: set ROUTER_TOKENS, ROUTER_JWT_KEY or ROUTER_JWKS, or ROUTER_OPEN=true if the network is private`,
    ]);
  }
  return {
    visitors: {
      origins: listOf(settings.origins) ?? [],
      // Beyond loopback a page needs a token, which no other page has; its name does not matter then.
      hosts: listOf(settings.hosts) ?? (local || !needsTokens ? [] : undefined),
    },
    connectionLimits: {
      total: maxConnections,
      perAddress: maxConnectionsPerAddress ?? (local ? 0 : maxPerAddress),
    },
  };
};
